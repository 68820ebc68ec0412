"""A history and its evidence side by side, with what was to be expected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from tests.chaos import expected
from tests.chaos.evidence import Evidence
from tests.chaos.expected import Notice, Ticket
from tests.chaos.history import Fault, History, Poisoned, Rated, Registered, Said, Wrote
from tests.chaos.provider import Customer


@dataclass(frozen=True, slots=True)
class Case:
    """What a property is proved from. `wrote` holds every contact that was taken, acknowledged or found there."""

    evidence: Evidence
    attempts: list[Wrote]
    wrote: list[Wrote]
    said: list[Said]
    rated: list[Rated]
    registered: list[Registered]
    poisoned: list[Poisoned]
    faults: list[Fault]
    tickets: dict[str, Ticket]
    notices: list[Notice]

    @classmethod
    def of(cls, history: History, evidence: Evidence, customers: dict[str, Customer]) -> Self:
        """Put both sides together."""
        attempts = history.of(Wrote)
        there = {str(one["_id"]) for one in evidence.contacts if not one["refusal"]}
        wrote = [one for one in attempts if one.acknowledged or one.contact_id in there]
        said = history.of(Said)
        tickets = expected.tickets(wrote, said)
        return cls(
            evidence=evidence,
            attempts=attempts,
            wrote=wrote,
            said=said,
            rated=history.of(Rated),
            registered=history.of(Registered),
            poisoned=history.of(Poisoned),
            faults=history.of(Fault),
            tickets=tickets,
            notices=list(_notices(wrote, tickets, customers)),
        )


def _notices(wrote: list[Wrote], tickets: dict[str, Ticket], customers: dict[str, Customer]) -> Iterator[Notice]:
    for contact in wrote:
        yield from expected.notices_of_contact(contact, customers[contact.customer_id])
    for ticket in tickets.values():
        yield from expected.notices_of_ticket(ticket, customers[ticket.customer_id])
