"""The properties of what customers are shown and sent meanwhile: only a simulation sees every moment."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from tests.chaos import expected
from tests.chaos.carrying import topic_of
from tests.chaos.case import Case
from tests.chaos.evidence import REPLY
from tests.chaos.history import STOP
from tests.simulation.leaving import LEAVER, SECRET, places_of
from tests.simulation.losing import failures_are_announced, kept_in_spite
from tests.simulation.seen import LATITUDE, Glimpse
from tests.simulation.world import World

_LASTING = frozenset({"ticket_opened", "service_order_created", "phase_changed", "responsible_added"})
"""The entries of a timeline that no other takes back; a closing may turn out to have changed nothing (R15b)."""

_OF_MK = {
    "service_order_created": "ServiceOrderCreated.v1",
    "phase_changed": expected.PHASE,
    "responsible_added": expected.RESPONSIBLE,
    "ticket_closed": expected.CLOSED,
    "ticket_reopened": expected.REOPENED,
}


def what_is_shown_was_published(world: World, case: Case) -> Iterator[str]:
    """A ticket shows no step before MK began to publish it, and none that MK never published."""
    tickets = {one["protocol"]: one["_id"] for one in case.evidence.tickets if one["openings"]}
    published: dict[tuple[str, str, datetime], list[float]] = defaultdict(list)
    for one in case.said:
        begun = world.mk.begun[one.event_id]
        published[one.ticket_id, one.type, datetime.fromisoformat(one.occurred_at)].append(begun)
    for glimpse in world.seen.glimpses:
        for at, kind in glimpse.entries or ():
            if kind not in _OF_MK:
                continue
            begun_at = published[tickets.get(glimpse.protocol, ""), _OF_MK[kind], datetime.fromisoformat(at)]
            if not any(begun <= glimpse.visit.until for begun in begun_at):
                yield f"{glimpse.protocol} showed {kind} of {at}, which nobody had published by {glimpse.visit.until}"


def what_was_shown_stays(world: World, _case: Case) -> Iterator[str]:
    """What a customer was shown of a ticket is shown to them ever after."""
    for visit, protocol in world.seen.missing:
        yield f"{protocol} was in a list and is refused to {visit.customer_id} at {visit.until}"
    pages: dict[str, list[Glimpse]] = defaultdict(list)
    for glimpse in world.seen.glimpses:
        if glimpse.entries is not None:
            pages[glimpse.protocol].append(glimpse)
    for protocol, glimpses in pages.items():
        for earlier in glimpses:
            lasting = {one for one in earlier.entries or () if one[1] in _LASTING}
            for later in glimpses:
                if later.visit.at >= earlier.visit.until and (gone := lasting - set(later.entries or ())):
                    yield f"{protocol} showed {sorted(gone)} at {earlier.visit.until} and not at {later.visit.until}"


def nobody_is_informed_early(world: World, case: Case) -> Iterator[str]:
    """No mail and no push message leaves before what it is about is durable."""
    mails = {str(one.id): one for one in case.notices if one.channel == "email"}
    pushes = {(one.customer_id, topic_of(one.id)): one for one in case.notices if one.channel == "push"}
    for arrival in world.arrivals:
        notice = mails.get(arrival.name) or pushes.get((arrival.customer_id, arrival.name))
        if notice is not None and str(notice.event_id) not in arrival.durable:
            yield f"{notice} arrived at {arrival.at}, before it was durable"


def quiet_hours_are_kept(world: World, case: Case) -> Iterator[str]:
    """Nothing is pushed to whoever sleeps (R20)."""
    for sleep in world.seen.sleeps:
        for arrival in world.arrivals:
            if arrival.customer_id == sleep.customer_id and sleep.covers(arrival.at) and not _went_on(case, arrival.at):
                yield f"{sleep.customer_id} was pushed to at {arrival.at}, in the hours {sleep.begins} to {sleep.ends}"


def _went_on(case: Case, at: float) -> bool:
    # whoever stood still between its look at the clock and its sending sends when it goes on
    ends = [one.until for one in case.faults if one.kind == STOP]
    return any(end <= at <= end + LATITUDE.total_seconds() for end in ends)


def evaluations_end(world: World, case: Case) -> Iterator[str]:
    """A question is open for as long as it may be, is reminded of once, and expires once (R24)."""
    passed = sum(world.plan.days)
    for one in case.evidence.evaluations:
        emitted = [event["type"] for event in one.get("told", [])]
        reminded, expired = emitted.count("EvaluationReminded.v1"), emitted.count("EvaluationExpired.v1")
        if reminded > 1 or expired > 1 or (expired and one["answer"]):
            yield f"evaluation {one['_id']} was reminded of {reminded} times, expired {expired} times"
        ended = one["answer"] or one.get("withdrawn")
        if passed > _EXPIRES_AFTER and not ended and not expired:
            yield f"evaluation {one['_id']} never expired"
        if _REMINDS_AFTER < passed < _EXPIRES_AFTER and not ended and not reminded:
            yield f"evaluation {one['_id']} was never reminded of"


def the_erased_are_forgotten(world: World, _case: Case) -> Iterator[str]:
    """Nothing that an erased customer wrote, and nothing written of them, stays anywhere (R27)."""
    if world.leaver is None or not world.leaver.is_erased:
        return
    kept = {".".join(place): list(table.documents.values()) for place, table in world.store.tables.items()}
    for name, queue in world.broker.queues.items():
        kept[f"queue {name}"] = [{"body": entry.message.body} for entry in queue.entries]
    yield from places_of(SECRET, kept)


def the_erased_are_left_alone(world: World, _case: Case) -> Iterator[str]:
    """No reminder, nor anything else that was still to come, reaches an erased customer once all is at rest (R27)."""
    if world.leaver is None or not world.leaver.is_erased:
        return
    mailed = [one.at for one in world.mail.mails if one.recipient == LEAVER.email]
    pushed = [one.at for one in world.arrivals if one.customer_id == LEAVER.id]
    for at in (*mailed, *pushed):
        if at > world.rested_at:
            yield f"{LEAVER.id} was sent something at {at}, and everything was at rest by {world.rested_at}"


def what_failed_is_announced(_world: World, case: Case) -> Iterator[str]:
    """A delivery that failed has its reason, and was announced with it (R19)."""
    yield from failures_are_announced(case.evidence.deliveries)


def what_is_gone_is_dropped(world: World, case: Case) -> Iterator[str]:
    """A device, chat or mailbox whose server answered that it is gone is sent to no more (R18, R19)."""
    yield from kept_in_spite(world.losses, case.evidence.deliveries, world.store)


def switched_off_brings_nothing(world: World, case: Case) -> Iterator[str]:
    """Nothing is pushed to whoever switched that off (R20)."""
    for loss in world.losses:
        if not loss.is_switched_off or loss.channel != "push":
            continue
        for arrival in world.arrivals:
            is_late = arrival.at > loss.at + LATITUDE.total_seconds() and not _went_on(case, arrival.at)
            if arrival.customer_id == loss.customer_id and is_late:
                yield f"{loss.customer_id} was pushed to at {arrival.at}, and had switched that off at {loss.at}"


def others_keep_their_texts(_world: World, case: Case) -> Iterator[str]:
    """What a customer wrote is kept as they wrote it, whoever else is erased."""
    kept = {str(one["_id"]): one["text"] for one in case.evidence.contacts}
    for one in case.wrote:
        if kept.get(one.contact_id, one.text) != one.text:
            yield f"contact {one.contact_id} is kept as {kept[one.contact_id]!r}"


_REMINDS_AFTER, _EXPIRES_AFTER = 3.05, 14.05
"""Days, and the while that commands take."""


def who_presses_gets_a_reply(world: World, case: Case) -> Iterator[str]:
    """The bot replies to whoever starts a chat and presses a button in it, whatever had become of the question."""
    out_of_reach = {one.customer_id for one in world.losses if one.channel == "telegram"}
    replies = Counter(one["customer_id"] for one in case.evidence.deliveries if one["template"] == REPLY)
    for customer in case.customers.values():
        if customer.chat is None or customer.id in out_of_reach:
            continue
        done = 1 + sum(one.customer_id == customer.id for one in case.answered)
        if replies[customer.id] < done:
            yield f"the bot replied {replies[customer.id]} times to the {done} things at least that {customer.id} did"


PROPERTIES = {
    one.__name__: one
    for one in (
        what_is_shown_was_published,
        what_was_shown_stays,
        nobody_is_informed_early,
        quiet_hours_are_kept,
        evaluations_end,
        the_erased_are_forgotten,
        the_erased_are_left_alone,
        what_failed_is_announced,
        who_presses_gets_a_reply,
        what_is_gone_is_dropped,
        switched_off_brings_nothing,
        others_keep_their_texts,
    )
}
"""Every property of this module, by name."""
