"""What customers have to be sent when a ticket turns: closed, reopened, asked about (R15, R15b, R18, R21).

How many of these there are follows from MK's messages alone; which of several closings one is announced for hangs on
the order in which they arrived. So these notices are worked out from what was announced; `announcing` proves that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from tests.chaos import expected
from tests.chaos.evidence import Document, Evidence, announced
from tests.chaos.expected import Notice, Ticket
from tests.chaos.provider import Customer

TURNS = frozenset({expected.CLOSED, expected.REOPENED, expected.ASKED})
"""The types of these notices."""

CARRIERS = frozenset({"push", "telegram"})
"""The channels that a customer may have beside the inbox and mails."""

_ASKING = CARRIERS | {"email"}

ANSWERED = "evaluation answered"
"""The ledger's reason for not asking once more what was answered elsewhere meanwhile."""

_LOUD = {"start_end", "all"}


def notices(evidence: Evidence, tickets: Mapping[str, Ticket], people: Mapping[str, Customer]) -> Iterator[Notice]:
    """One for every turn and question on each channel; a question that its channel lost, by mail in its place (R16)."""
    states = {one["_id"]: one["state"] for one in evidence.deliveries}
    for kind in (expected.CLOSED, expected.REOPENED):
        for event in _once_a_step(evidence, kind):
            ticket = tickets.get(event["ticket_id"])
            if ticket and _level_at(ticket, event["occurred_at"]) in _LOUD and not _asks(event):
                yield from expected.everywhere(UUID(event["event_id"]), kind, people[event["customer_id"]])
    for event in announced(evidence.evaluations, expected.ASKED):
        customer = people[event["customer_id"]]
        asked = list(expected.everywhere(UUID(event["event_id"]), expected.ASKED, customer))
        yield from asked
        lost = [states.get(one.id) == "failed" for one in asked if one.channel in CARRIERS]
        if customer.email and lost and all(lost):
            yield Notice(UUID(event["event_id"]), "customer", "email", customer.id, expected.ASKED)


def _once_a_step(evidence: Evidence, kind: str) -> Iterator[Document]:
    # a step that is announced for two cycles is sent once, whichever of its events came first
    sent = {str(one["about"]["event_id"]) for one in evidence.deliveries if one["channel"] == "inbox"}
    by_step: dict[str, list[Document]] = defaultdict(list)
    for event in announced(evidence.tickets, kind):
        by_step[event.get("cause_id") or event["event_id"]].append(event)
    for events in by_step.values():
        yield next((event for event in events if event["event_id"] in sent), events[0])


def overtaken(evidence: Evidence, notices: Iterable[Notice]) -> set[UUID]:
    """The ids of those that needn't be sent any more: their question was withdrawn, perhaps before its turn came.

    By push, in a chat and in a mail nobody is asked what was answered already.
    """
    withdrawn = {str(one["_id"]) for one in evidence.evaluations if one.get("withdrawn")}
    requests = announced(evidence.evaluations, expected.ASKED)
    pointless = {UUID(one["event_id"]) for one in requests if one["evaluation_id"] in withdrawn}
    late = answered_before(evidence)
    return {
        notice.id for notice in notices if notice.event_id in pointless or (notice.event_id, notice.channel) in late
    }


def answered_before(evidence: Evidence) -> set[tuple[UUID, str]]:
    """The requests, and on which channels, that came too late by the ledger, and were answered indeed."""
    answered = {str(one["_id"]) for one in evidence.evaluations if one["answer"]}
    requests = announced(evidence.evaluations, expected.ASKED)
    late = {UUID(one["event_id"]) for one in requests if one["evaluation_id"] in answered}
    decisions = [one for ticket in evidence.notified_tickets for one in ticket["decisions"]]
    decided = {(one["event_id"], one["channel"]) for one in decisions if one["reason"] == ANSWERED}
    held = {
        (UUID(str(one["about"]["event_id"])), one["channel"])
        for one in evidence.deliveries
        if one["state"] == "skipped" and one["reason"] == ANSWERED
    }
    return {one for one in decided | held if one[0] in late and one[1] in _ASKING}


def _asks(event: Document) -> bool:
    return bool(event.get("request_evaluation") and not event.get("automatic"))


def _level_at(ticket: Ticket, moment: str) -> str:
    at, level = datetime.fromisoformat(moment), ticket.level
    for step in ticket.steps:
        if step.type == expected.LEVEL_CHANGED and datetime.fromisoformat(step.occurred_at) <= at:
            level = step.body["notification_level"]
    return level
