"""A message whose handling the tests of the chassis look at."""

from contracts import tickets
from tests.system import LONG_AGO, emitted


def a_closing(ticket: str = "t1") -> tickets.TicketClosed:
    """A ticket's closing that asks for an evaluation, with an identity of its own."""
    return emitted(
        tickets.TicketClosed,
        ticket_id=ticket,
        protocol="20260105000001",
        customer_id="ana",
        notification_level="all",
        version=2,
        closed_at=LONG_AGO,
        closed_by="joana",
        request_evaluation=True,
        cycle=1,
    )
