"""The properties of what the services announce: nothing that happened once is announced twice."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos import expected
from tests.chaos.case import Case
from tests.chaos.evidence import Document, announced

ACKNOWLEDGED = "ContactAcknowledged.v1"


def contacts_are_acknowledged_once(case: Case) -> Iterator[str]:
    """Both mails of every contact came to their end, that was announced exactly once, and contacts knows it."""
    outcomes: dict[str, list[Document]] = defaultdict(list)
    for event in announced(case.evidence.notified_contacts, ACKNOWLEDGED):
        outcomes[event["contact_id"]].append(event)
    kept = {str(one["_id"]): one for one in case.evidence.contacts}
    for contact in case.wrote:
        found = outcomes.pop(contact.contact_id, [])
        if len(found) != 1:
            yield f"contact {contact.contact_id} was acknowledged {len(found)} times"
            continue
        if {receipt["recipient"] for receipt in found[0]["receipts"]} != {"customer", "sector"}:
            yield f"contact {contact.contact_id} was acknowledged with {found[0]['receipts']}"
        known = kept.get(contact.contact_id, {}).get("mails", {})
        if set(known) != {"customer", "sector"}:
            yield f"contacts knows of contact {contact.contact_id} no more than {known}"
    for stranger, events in outcomes.items():
        yield f"contact {stranger}, which nobody wrote, was acknowledged {len(events)} times"


def one_closing_per_cycle(case: Case) -> Iterator[str]:
    """A ticket's closing is announced once for each cycle: what was closed already is not closed again."""
    closings: dict[tuple[str, int], int] = defaultdict(int)
    for event in announced(case.evidence.tickets, expected.CLOSED):
        closings[event["ticket_id"], event["cycle"]] += 1
    for (ticket_id, cycle), times in closings.items():
        if times > 1:
            yield f"closing {cycle} of ticket {ticket_id} was announced {times} times"
    for ticket in case.tickets.values():
        cycles = sorted(cycle for ticket_id, cycle in closings if ticket_id == ticket.id)
        if cycles != list(range(1, case.standing(ticket.id).cycle + 1)):
            yield f"ticket {ticket.id} was closed {case.standing(ticket.id).cycle} times, announced were {cycles}"
