"""The properties of contacts, tickets and evaluations."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from tests.chaos import expected
from tests.chaos.case import Case
from tests.chaos.evidence import Document
from tests.chaos.expected import Standing, Ticket
from tests.chaos.history import Registered

_ROUTES = {
    "mk.phase_changed.v1": expected.PHASE,
    "mk.responsible_added.v1": expected.RESPONSIBLE,
    "mk.defect_found.v1": expected.DEFECT,
    "mk.notification_level_changed.v1": expected.LEVEL_CHANGED,
    "mk.ticket_closed.v1": expected.CLOSED,
    "mk.ticket_reopened.v1": expected.REOPENED,
    "mk.service_order_created.v1": "ServiceOrderCreated.v1",
}
"""How tickets keeps MK's steps; what else it keeps are evaluations."""

_TURNS = (expected.CLOSED, expected.REOPENED)
"""What is announced once a cycle, for whichever step came first (R15b)."""


def contacts_become_tickets(case: Case) -> Iterator[str]:
    """Every acknowledged contact is kept and became exactly one ticket, or none where its sector wants none."""
    kept = {str(one["_id"]): one for one in case.evidence.contacts}
    opened = Counter(one["openings"][0].get("contact_id") for one in case.evidence.tickets if one["openings"])
    for contact in case.attempts:
        if contact.refusal:
            yield f"contact {contact.contact_id} was refused with {contact.refusal}"
    for contact in case.wrote:
        found = kept.get(contact.contact_id)
        wanted = int(expected.ticket_of(contact.contact_id) in case.tickets)
        if found is None:
            yield f"contact {contact.contact_id} was acknowledged and is lost"
        elif bool(found["protocol"]) != bool(wanted):
            yield f"contact {contact.contact_id} has the protocol {found['protocol']}"
        if opened[contact.contact_id] != wanted:
            yield f"contact {contact.contact_id} became {opened[contact.contact_id]} tickets instead of {wanted}"
    for stranger in opened.keys() - {contact.contact_id for contact in case.wrote} - {None}:
        yield f"a ticket stands for contact {stranger}, which nobody wrote"


def newest_words_are_kept(case: Case) -> Iterator[str]:
    """Of all that MK said of a person group the newest word is kept, also where several came at once."""
    kept = {one["_id"]: one for one in case.evidence.person_groups}
    newest = {word.group_id: word for word in sorted(case.registered, key=_said_when)}
    for group_id, word in newest.items():
        found = kept.get(group_id)
        if found is None or str(found["event_id"]) != word.event_id:
            yield f"person group {group_id} is kept as {found}, the newest word was {word.process}"


def _said_when(word: Registered) -> datetime:
    return datetime.fromisoformat(word.occurred_at)


def protocols_are_unique(case: Case) -> Iterator[str]:
    """No two tickets have one protocol, and everybody calls a ticket by the same one."""
    named = {one["_id"]: one["protocol"] for one in case.evidence.tickets if one["openings"]}
    for protocol, times in Counter(named.values()).items():
        if times > 1:
            yield f"protocol {protocol} was given to {times} tickets"
    for where, documents in (("notifier", case.evidence.notified_tickets), ("mk", case.evidence.mirror)):
        for one in documents:
            if one["protocol"] != named.get(one["_id"]):
                yield f"{where} calls ticket {one['_id']} {one['protocol']}, tickets calls it {named.get(one['_id'])}"


def tickets_are_the_fold(case: Case) -> Iterator[str]:
    """Every ticket is the fold of what was said of it, in its own order, and announced each of its turns once."""
    found = {one["_id"]: one for one in case.evidence.tickets}
    for ticket in case.tickets.values():
        if ticket.id not in found:
            yield f"ticket {ticket.id} is missing"
            continue
        yield from _one_fold(case, ticket, found[ticket.id])
        yield from _turns_announced(ticket, found[ticket.id])
    for stranger in found.keys() - case.tickets.keys():
        yield f"ticket {stranger} is nobody's"


def _one_fold(case: Case, ticket: Ticket, found: Document) -> Iterator[str]:
    kept = [one for one in found["steps"] if one["kind"] in _ROUTES]
    ours, theirs = [step.event_id for step in ticket.steps], [one["message"]["event_id"] for one in kept]
    if ours != theirs:
        yield f"ticket {ticket.id} has the steps {theirs}, said were {ours}"
    if len(found["openings"]) != 1:
        yield f"ticket {ticket.id} has {len(found['openings'])} openings"
        return
    wanted = expected.standing(ticket.level, [(step.type, step.body) for step in ticket.steps])
    level = found["openings"][0]["notification_level"]
    stands = expected.standing(level, [(_ROUTES[one["kind"]], one["message"]) for one in kept])
    if stands != wanted or found["status"] != wanted.status:
        yield f"ticket {ticket.id} stands as {stands} ({found['status']}), expected {wanted}"
    yield from _shown(case, found["protocol"], wanted)


def _shown(case: Case, protocol: str, wanted: Standing) -> Iterator[str]:
    shown = case.evidence.shown.get(protocol)
    if shown is None:
        yield f"protocol {protocol} isn't shown to its customer"
    elif (shown["status"], shown["defect_found"], shown["phase"]) != (
        wanted.status,
        wanted.defect_found,
        wanted.phase,
    ):
        yield f"protocol {protocol} is shown as {shown}, expected {wanted}"


def _turns_announced(ticket: Ticket, found: Document) -> Iterator[str]:
    cycles = expected.turns(ticket.steps)
    wanted = Counter((step.type, cycles[UUID(step.event_id)]) for step in ticket.steps if UUID(step.event_id) in cycles)
    announced = [(kind, event["cycle"]) for kind in _TURNS for event in _announced(found, kind)]
    if Counter(announced) != wanted:
        yield f"ticket {ticket.id} announced {sorted(announced)}, expected {sorted(wanted)}"
    steps = {step.event_id for step in ticket.steps if step.type in _TURNS}
    for kind in _TURNS:
        for event in _announced(found, kind):
            if event["cause_id"] not in steps:
                yield f"ticket {ticket.id} announced {kind} for {event['cause_id']}, which is none of its steps"


def _announced(document: Document, *kinds: str) -> list[Document]:
    # `told` is the stored name of what a document announced
    events = [one for one in document.get("told", []) if one["type"] in kinds]
    return list({one["event_id"]: json.loads(one["body"]) for one in events}.values())


def mirror_agrees(case: Case) -> Iterator[str]:
    """MK heard of every ticket, of all that was announced of it once, and sees it pending or closed as it is."""
    mirror = {one["_id"]: one for one in case.evidence.mirror}
    found = {one["_id"]: one for one in case.evidence.tickets}
    asked: dict[str, set[str]] = defaultdict(set)
    for one in case.evidence.evaluations:
        asked[one["ticket_id"]] |= {event["event_id"] for event in _announced(one, expected.ASKED)}
    for ticket in case.tickets.values():
        if ticket.id not in mirror:
            yield f"MK never heard of ticket {ticket.id}"
            continue
        wanted = {str(expected.told_as(ticket.cause, expected.OPENED))}
        wanted |= {str(expected.told_as(one.event_id, one.type)) for one in ticket.steps if one.type not in _TURNS}
        wanted |= {event["event_id"] for event in _announced(found.get(ticket.id, {}), *_TURNS)} | asked[ticket.id]
        heard = [one["body"]["event_id"] for one in mirror[ticket.id]["story"] if _is_told(one["type"])]
        if Counter(heard) != Counter(wanted):
            yield f"MK heard of ticket {ticket.id}: {_difference(heard, wanted)}"
        status = expected.standing(ticket.level, [(step.type, step.body) for step in ticket.steps]).status
        if mirror[ticket.id]["status"] != status:
            yield f"MK sees ticket {ticket.id} {mirror[ticket.id]['status']}, it is {status}"


def _is_told(kind: str) -> bool:
    # how questions end is proved on its own, and deliveries that failed are no part of a ticket
    apart = ("EvaluationSubmitted", "EvaluationWithdrawn", "EvaluationReminded", "EvaluationExpired", "Notification")
    return not kind.startswith(apart) or kind == expected.LEVEL_CHANGED


def _difference(heard: list[str], wanted: set[str]) -> str:
    return f"missing {sorted(wanted - set(heard))}, beyond {sorted((Counter(heard) - Counter(wanted)).elements())}"


def one_evaluation_per_closing(case: Case) -> Iterator[str]:
    """Every closing that was announced and asked led to exactly one evaluation, and nothing else did."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for one in case.evidence.evaluations:
        found[one["ticket_id"]].append(one["closed_at"])
        # what a reopening had undone before it came is asked of nobody
        if not _announced(one, expected.ASKED) and not one.get("withdrawn"):
            yield f"evaluation {one['_id']} of ticket {one['ticket_id']} was asked of nobody"
    for one in case.evidence.tickets:
        asking = filter(expected.asks_for, _announced(one, expected.CLOSED))
        asked = [_kept(datetime.fromisoformat(closing["closed_at"])) for closing in asking]
        if sorted(found.pop(one["_id"], [])) != sorted(asked):
            yield f"ticket {one['_id']} should have been evaluated for its closings at {asked}"
    for ticket_id, closings in found.items():
        yield f"ticket {ticket_id} has {len(closings)} evaluations that nobody asked for"


def _kept(moment: datetime) -> datetime:
    # a database keeps milliseconds
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def answers_are_kept(case: Case) -> Iterator[str]:
    """The customer's acknowledged answer is kept as given, and tickets and MK heard of it once."""
    kept = {one["_id"]: one for one in case.evidence.evaluations}
    tickets = {one["_id"]: one for one in case.evidence.tickets}
    mirror = {one["_id"]: one for one in case.evidence.mirror}
    for rating in case.rated:
        if not rating.acknowledged:
            continue
        evaluation = kept.get(UUID(rating.evaluation_id))
        if evaluation is None or evaluation["answer"] != {"score": rating.score, "comment": rating.comment}:
            yield f"answer {rating} is kept as {evaluation and evaluation['answer']}"
            continue
        steps = tickets.get(evaluation["ticket_id"], {}).get("steps", [])
        story = mirror.get(evaluation["ticket_id"], {}).get("story", [])
        heard = {
            "tickets": [one["message"] for one in steps if one["kind"] == "feedback.evaluation_submitted.v1"],
            "MK": [one["body"] for one in story if one["type"] == "EvaluationSubmitted.v1"],
        }
        for who, bodies in heard.items():
            times = [body["evaluation_id"] for body in bodies].count(rating.evaluation_id)
            if times != 1:
                yield f"{who} heard {times} times of the answer to evaluation {rating.evaluation_id}"
