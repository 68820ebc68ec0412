"""The properties of what goes out to people, and of what is left on the broker."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID

from tests.chaos.case import Case
from tests.chaos.evidence import Mail, notifications
from tests.chaos.history import STOP, Fault

ENDED = {"sent", "failed", "unknown"}
NOTED_WITHIN = 5.0
"""Seconds that a loaded machine may take to note that a mail went out."""

SEEN_WITHIN = 1.0
"""Seconds after a crash within which the history notes it."""

_MAY_REPEAT_MAILS = ("notifier", "mongod", "mail")
"""Whose crash may hide that a mail went out; that of anything else may not."""


def one_delivery_per_channel(case: Case) -> Iterator[str]:
    """Every event that should notify has one delivery per channel, `sent` or visibly `unknown` or `failed`."""
    found = {one["_id"]: one for one in notifications(case.evidence)}
    wanted = {notice.id: notice for notice in case.notices}
    for notice in wanted.values():
        ends = ENDED | {"skipped"} if notice.id in case.overtaken else ENDED
        if notice.id not in found:
            if notice.id not in case.overtaken:
                yield f"nothing was sent for {notice}"
        elif found[notice.id]["state"] not in ends:
            yield f"{notice} is left {found[notice.id]['state']}"
    for stranger in found.keys() - wanted.keys():
        one = found[stranger]
        yield f"delivery {stranger} of {one['about']} to {one['recipient']} by {one['channel']} has no reason"


def inbox_at_most_once(case: Case) -> Iterator[str]:
    """No lifecycle message reaches a customer twice, whatever was redelivered."""
    items = Counter(
        (str(one["about"]["event_id"]), one["recipient"], one["channel"]) for one in notifications(case.evidence)
    )
    for (event_id, recipient, channel), times in items.items():
        if times > 1:
            yield f"{recipient} was told {times} times of {event_id} by {channel}"
    # what the customer reads is what counts: one evaluation or closing, told under two ids, is told twice
    shown = Counter(
        (one["ticket_id"], one["template"], one["at"], one["body"], one["evaluation_id"])
        for one in case.evidence.deliveries
        if one["channel"] == "inbox" and one["ticket_id"]
    )
    for (ticket_id, template, at, *_), times in shown.items():
        if times > 1:
            yield f"ticket {ticket_id} shows {template} of {at} {times} times"


def mails_at_least_once(case: Case) -> Iterator[str]:
    """Every mail that is noted as sent has arrived."""
    arrived = {mail.message_id for mail in case.evidence.mails}
    for one in case.evidence.deliveries:
        if one["channel"] == "email" and one["state"] == "sent" and str(one["_id"]) not in arrived:
            yield f"mail {one['_id']} about {one['about']} is noted as sent and never arrived"
    states = {one["_id"]: one["state"] for one in case.evidence.deliveries}
    for notice in case.notices:
        if notice.id in case.overtaken:
            continue
        if notice.channel == "email" and states.get(notice.id) not in ENDED and str(notice.id) not in arrived:
            yield f"the mail of {notice} never went out"


def mails_keep_their_id(case: Case) -> Iterator[str]:
    """Every mail that arrived is one of those expected, under its own Message-ID."""
    wanted = {str(notice.id) for notice in case.notices if notice.channel == "email"}
    for message_id, times in Counter(mail.message_id for mail in case.evidence.mails).items():
        if message_id not in wanted:
            yield f"{times} mails arrived as {message_id}, which no message is called"


def mails_repeat_across_crashes_only(case: Case) -> Iterator[str]:
    """A mail arrived twice only where a crash came between its sending and the note of it."""
    arrivals: dict[str, list[Mail]] = defaultdict(list)
    for mail in sorted(case.evidence.mails, key=lambda one: one.at):
        arrivals[mail.message_id].append(mail)
    culprits = [fault for fault in case.faults if fault.target.startswith(_MAY_REPEAT_MAILS)]
    for message_id, mails in arrivals.items():
        for first in mails[:-1]:
            if not any(_came_around(fault, first.at) for fault in culprits):
                yield f"mail {message_id} arrived {len(mails)} times, and nothing had crashed at {first.at:.1f}"


def _came_around(fault: Fault, at: float) -> bool:
    # a crash hides it at its moment, a database that is away or a process that stands still for as long as that lasts
    lasts = fault.kind == STOP or fault.target.startswith("mongod")
    return fault.at - NOTED_WITHIN <= at <= (fault.until if lasts else fault.at) + SEEN_WITHIN


def queues_are_drained(case: Case) -> Iterator[str]:
    """In the end nothing waits: not in a queue, not in a delay, not in an outbox."""
    for name, depth in {**case.evidence.queues, **case.evidence.outboxes}.items():
        if depth:
            yield f"{name} still holds {depth}"


def everything_is_back(case: Case) -> Iterator[str]:
    """Every replica came back by itself, with all its consumers."""
    for label in case.evidence.down:
        yield f"{label} is not ready"


def dead_letters_are_accounted_for(case: Case) -> Iterator[str]:
    """The dead letters are the undecodable messages that were sent, each where it belongs, and nothing else."""
    found = {(dead.service, dead.mark) for dead in case.evidence.dead}
    wanted = {(service, one.mark) for one in case.poisoned for service in one.services}
    for service, mark in sorted(wanted - found):
        yield f"undecodable message {mark} is not among the dead letters of {service}"
    for dead in case.evidence.dead:
        if (dead.service, dead.mark) not in wanted:
            yield f"{dead.service} gave up a {dead.type or 'message'} ({dead.reason})"


def message_id_of(header: str) -> str:
    """The notification's id in a Message-ID header; the header itself where there is none in it."""
    local = header.strip().strip("<>").partition("@")[0]
    try:
        return str(UUID(local))
    except ValueError:
        return header
