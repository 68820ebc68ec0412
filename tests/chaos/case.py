"""A history and its evidence side by side, with what was to be expected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from tests.chaos import expected, turning
from tests.chaos.evidence import Evidence
from tests.chaos.expected import Notice, Standing, Ticket
from tests.chaos.history import Answered, Fault, History, Poisoned, Rated, Registered, Said, Wrote
from tests.chaos.provider import Customer


@dataclass(frozen=True, slots=True)
class Case:
    """What a property is proved from.

    `wrote` holds every contact that was taken, acknowledged or found there; `overtaken` are the ids of those `notices`
    that may have become pointless before they were sent; `states` is how each delivery stands.
    """

    evidence: Evidence
    attempts: list[Wrote]
    wrote: list[Wrote]
    said: list[Said]
    rated: list[Rated]
    answered: list[Answered]
    customers: dict[str, Customer]
    registered: list[Registered]
    poisoned: list[Poisoned]
    faults: list[Fault]
    tickets: dict[str, Ticket]
    notices: list[Notice]
    overtaken: set[UUID]
    states: dict[UUID, str]

    @classmethod
    def of(cls, history: History, evidence: Evidence, customers: dict[str, Customer]) -> Self:
        """Put both sides together."""
        attempts = history.of(Wrote)
        there = {str(one["_id"]) for one in evidence.contacts if not one.get("refusal")}
        wrote = [one for one in attempts if one.acknowledged or one.contact_id in there]
        said = history.of(Said)
        tickets = expected.tickets(wrote, said)
        notices = list(_notices(wrote, tickets, customers)) + list(turning.notices(evidence, tickets, customers))
        return cls(
            evidence=evidence,
            attempts=attempts,
            wrote=wrote,
            said=said,
            rated=history.of(Rated),
            answered=history.of(Answered),
            customers=customers,
            registered=history.of(Registered),
            poisoned=history.of(Poisoned),
            faults=history.of(Fault),
            tickets=tickets,
            notices=notices,
            overtaken=turning.overtaken(evidence, notices),
            states={one["_id"]: one["state"] for one in evidence.deliveries},
        )

    def standing(self, ticket_id: str) -> Standing:
        """How one of the tickets has to stand at the end."""
        ticket = self.tickets[ticket_id]
        return expected.standing(ticket.level, [(step.type, step.body) for step in ticket.steps])


def _notices(wrote: list[Wrote], tickets: dict[str, Ticket], customers: dict[str, Customer]) -> Iterator[Notice]:
    for contact in wrote:
        yield from expected.notices_of_contact(contact, customers[contact.customer_id])
    for ticket in tickets.values():
        of_ticket = expected.notices_of_ticket(ticket, customers[ticket.customer_id])
        yield from (notice for notice in of_ticket if notice.type not in turning.TURNS)
