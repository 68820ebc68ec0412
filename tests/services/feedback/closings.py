"""Closings of a ticket, as tickets tells of them."""

from datetime import timedelta
from uuid import uuid4

from contracts import tickets
from tests.system import LONG_AGO, said

A_DAY = timedelta(days=1)
A_DAY_LATER = LONG_AGO + A_DAY


def a_closing(**fields: object) -> tickets.TicketClosed:
    """Give a closing of Ana's ticket that asks for an evaluation, with `fields` as they matter to the test."""
    usual = {
        "ticket_id": "t1",
        "protocol": "20260105000001",
        "customer_id": "ana",
        "notification_level": "all",
        "version": 7,
        "cause_id": uuid4(),
        "closed_at": LONG_AGO,
        "closed_by": "bruno",
        "request_evaluation": True,
        "cycle": 1,
    }
    return said(tickets.TicketClosed, at=LONG_AGO, **(usual | fields))
