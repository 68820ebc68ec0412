"""What the notifier decides, as MongoDB's documents; dictionaries stop here and in `store.py`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.persistence.difference import appended
from chassis.persistence.recent import Kept
from contracts.channels import Preferences
from contracts.message import NotificationLevel
from services.notifier.decide.domain import Decision, Event
from services.notifier.decide.reach import Reach
from services.notifier.decide.receipts import Contact, Opening, Outcome
from services.notifier.decide.timeline import Ticket

Found = dict[str, Any]

_OPENING = ("ticket_id", "protocol", "level", "process", "classification")
_DECISION = (
    *("event_id", "type", "occurred_at", "channel", "recipient"),
    *("verdict", "reason", "decided_at", "note"),
)
_DETAILED = ("event_id", "channel", "recipient", "decided_at")
_DETAILS = ("copies", "decided_on")
"""What stands beside the decisions: the last release reads each whole, with exactly the fields above."""


def contact_of(found: Found) -> Contact:
    """A contact from how it is stored."""
    outcomes = found.get("outcomes")
    return Contact(
        id=found["_id"],
        customer_id=found["customer_id"],
        received=_event(found["received"]) if found["received"] else None,
        generates_ticket=found["generates_ticket"],
        sector_id=found.get("sector_id"),
        opening=_opening(found["opening"]) if found["opening"] else None,
        decisions=_decisions(found),
        outcomes=None if outcomes is None else {one["id"]: Outcome(one["state"], one["reason"]) for one in outcomes},
        acknowledged=found.get("acknowledged", False),
    )


def contact_document(contact: Contact) -> Found:
    """A contact as it is stored."""
    opening, outcomes = contact.opening, contact.outcomes
    return {
        "customer_id": contact.customer_id,
        "received": _event_document(contact.received) if contact.received else None,
        "generates_ticket": contact.generates_ticket,
        "sector_id": contact.sector_id,
        "opening": {name: getattr(opening, name) for name in _OPENING} if opening else None,
        **_decision_documents(contact.decisions),
        "outcomes": None if outcomes is None else _outcome_documents(outcomes),
        "acknowledged": contact.acknowledged,
    }


def _outcome_documents(outcomes: Mapping[UUID, Outcome]) -> list[Found]:
    return [{"id": mail, "state": outcome.state, "reason": outcome.reason} for mail, outcome in outcomes.items()]


def _opening(found: Found) -> Opening:
    return Opening(**{**found, "level": NotificationLevel(found["level"])})


def reach_of(found: Found) -> Reach:
    """What a customer has and chose, from how it is stored."""
    chosen = found.get("chosen")
    return Reach(
        has_device=bool(found.get("devices")),
        has_chat=bool(found.get("chats")),
        preferences=Preferences.model_validate(chosen) if chosen else Preferences(),
    )


def ticket_of(found: Found) -> Ticket:
    """A ticket from how it is stored, by this release or the last."""
    steps = {one["event"]: one["step"] for one in found.get("steps", ())}
    barred = {one["event"]: one for one in found.get("barred", ())}
    return Ticket(
        id=found["_id"],
        customer_id=found["customer_id"],
        protocol=found["protocol"],
        contact_id=found["contact_id"],
        events=tuple(_event(one, steps.get(one["id"]), barred.get(one["id"])) for one in found["events"]),
        decisions=_decisions(found),
        closed=found.get("closed", {}),
    )


def ticket_document(ticket: Ticket, before: Kept[Ticket] | None = None) -> Found:
    """A ticket as it is stored; of what is stored `before` unchanged events and decisions are taken over."""
    return {
        "customer_id": ticket.customer_id,
        "protocol": ticket.protocol,
        "contact_id": ticket.contact_id,
        "closed": ticket.closed,
        "due_at": ticket.due_at,
        **_timeline_documents(ticket, before),
    }


def _timeline_documents(ticket: Ticket, before: Kept[Ticket] | None) -> Found:
    known = before.value if before else None
    events = appended(known.events, ticket.events) if known else None
    decisions = appended(known.decisions, ticket.decisions) if known else None
    if before and events is not None and decisions is not None:
        # what stands there stays as it is: a long timeline costs no more than a short one
        added = {**_event_documents(events), **_decision_documents(decisions)}
        return {name: [*before.state.get(name, ()), *documents] for name, documents in added.items()}
    return {**_event_documents(ticket.events), **_decision_documents(ticket.decisions)}


def _event_documents(events: Sequence[Event]) -> Found:
    return {
        "events": [_event_document(event) for event in events],
        # beside the events, which the last release reads whole, too
        "steps": [{"event": event.id, "step": event.step} for event in events if event.step],
        "barred": [
            {"event": event.id, "channels": event.barred, "until": event.held_until}
            for event in events
            if event.barred is not None
        ],
    }


def _decisions(found: Found) -> tuple[Decision, ...]:
    details = {_place(one): {name: one[name] for name in _DETAILS} for one in found.get("details", ())}
    return tuple(Decision(**one, **details.get(_place(one), {})) for one in found["decisions"])


def _place(found: Found) -> tuple[Any, ...]:
    # an id's number: unlike the id itself it is hashed without a call
    return found["event_id"].int, found["channel"], found["recipient"], found["decided_at"]


def _decision_documents(decisions: Sequence[Decision]) -> Found:
    return {
        "decisions": [{name: getattr(one, name) for name in _DECISION} for one in decisions],
        "details": [{name: getattr(one, name) for name in _DETAILED + _DETAILS} for one in decisions],
    }


def _event(found: Found, step: UUID | None = None, barred: Found | None = None) -> Event:
    known = {**found, "level": NotificationLevel(found["level"]) if found["level"] else None}
    bars = {"barred": barred["channels"], "held_until": barred["until"]} if barred else {}
    return Event(covered_by=known.pop("told_with"), step=step, **known, **bars)


def _event_document(event: Event) -> Found:
    return {
        "id": event.id,
        "type": event.type,
        "kind": event.kind,
        "occurred_at": event.occurred_at,
        "correlation_id": event.correlation_id,
        "level": event.level,
        "facts": event.facts,
        "addresses": event.addresses,
        "withheld": event.withheld,
        "told_with": event.covered_by,
    }
