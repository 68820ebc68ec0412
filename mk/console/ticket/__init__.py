"""The screens of one ticket: what is known of it, what its customer was informed of, and what operators do with it."""

from fastapi import APIRouter

from mk import accounts
from mk.console.desk import Desk
from mk.console.register.people import People
from mk.console.ticket.again import sending_again
from mk.console.ticket.doing import doing
from mk.console.ticket.opening import opening
from mk.console.ticket.page import ticket_page


def tickets(desk: Desk) -> list[APIRouter]:
    """Their routes, in the order in which they are tried."""
    people = People(desk.stores.register, accounts.of_scenarios())
    return [opening(desk, people), sending_again(desk), doing(desk), ticket_page(desk)]
