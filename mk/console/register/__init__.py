"""The screens of what MK knows beside tickets: sectors, groups, the app's menu, customers, and the dry run of R10."""

from fastapi import APIRouter

from mk import accounts
from mk.console.desk import Desk
from mk.console.register.customer_changes import customer_changes
from mk.console.register.customers import customers
from mk.console.register.groups import groups
from mk.console.register.people import People
from mk.console.register.sac import sac
from mk.console.register.sectors import sectors
from mk.console.register.simulator import simulator


def register(desk: Desk) -> list[APIRouter]:
    """Their routes, in the order in which they are tried."""
    people = People(desk.stores.register, accounts.of_scenarios())
    return [
        sectors(desk),
        groups(desk),
        sac(desk),
        simulator(desk, people),
        customer_changes(desk),
        customers(desk, people),
    ]
