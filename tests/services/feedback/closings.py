"""Closings and reopenings of a ticket, as tickets announces them."""

from datetime import timedelta
from uuid import uuid4

from contracts import tickets
from tests.system import LONG_AGO, emitted

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
    return emitted(tickets.TicketClosed, at=LONG_AGO, **(usual | fields))


def a_reopening(**fields: object) -> tickets.TicketReopened:
    """Give a reopening of Ana's ticket an hour after its closing, with `fields` as they matter to the test."""
    usual = {
        "ticket_id": "t1",
        "protocol": "20260105000001",
        "customer_id": "ana",
        "notification_level": "all",
        "version": 8,
        "cause_id": uuid4(),
        "cycle": 1,
    }
    fields = usual | {"at": LONG_AGO + timedelta(hours=1)} | fields
    return emitted(tickets.TicketReopened, **fields)  # type: ignore[arg-type]
