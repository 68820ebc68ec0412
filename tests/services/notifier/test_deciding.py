"""Every combination of event, channel, level, choice, quiet hours and reach, through the one decision (R15 to R20)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from contracts import feedback, tickets
from contracts.channels import ChannelSwitches, Preferences, QuietHours
from contracts.message import Message
from contracts.notifier import NotificationSkipped, PushDue, TelegramDue
from services.notifier.decide.domain import (
    ABSENT,
    CARRIES,
    COVERED,
    COVERED_BY_REQUEST,
    NO_CHAT,
    NO_DEVICE,
    NOT_SET_UP,
    OPTIONAL,
    SWITCHED_OFF,
    Decision,
    Event,
)
from services.notifier.decide.facts import event_of
from services.notifier.decide.notices import Arrival
from services.notifier.decide.reach import OptionalChannels, Reach
from services.notifier.decide.timeline import (
    ANSWERED,
    QUIET_HOURS,
    VISIT_OVER,
    Ticket,
    close_question,
    note,
    release,
)
from tests.services.notifier.world import (
    ANA,
    EVALUATION,
    PROTOCOL,
    a_closing,
    a_reminder,
    a_request,
    a_step,
    a_withdrawal,
    an_opening,
    at,
)

NOON = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
"""Noon in São Paulo."""
NIGHT = datetime(2026, 6, 16, 2, 30, tzinfo=UTC)
"""Half past eleven there."""
MORNING = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
"""Seven."""
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
BOTH = OptionalChannels(frozenset(OPTIONAL), SAO_PAULO)
NIGHTLY = QuietHours(begins="22:00", ends="07:00")
EVERYTHING = Reach(has_device=True, has_chat=True)
ASLEEP = replace(EVERYTHING, preferences=Preferences(quiet_hours=NIGHTLY))

LIFE: dict[str, tuple[Any, str]] = {
    "opened": (an_opening(level="all"), "- y y"),
    "visit": (a_step(tickets.ServiceOrderCreated, service_order_id="so1"), "- - y"),
    "phase": (a_step(tickets.PhaseChanged, process="Suporte", phase="Visita"), "- - y"),
    "responsible": (a_step(tickets.ResponsibleAdded, responsible_id="r1", name="Rui Melo"), "- - y"),
    "closed": (a_closing(), "- y y"),
    "hidden": (a_step(tickets.PhaseChanged, process="Suporte", phase="Interna", visible=False), "- - y"),
    "closed and asked": (a_closing(request_evaluation=True), "- y y"),
    "reopened": (a_step(tickets.TicketReopened), "- y y"),
    "asked": (a_request(), "y y y"),
    "reminded": (a_reminder(), "y y y"),
    "defect": (a_step(tickets.DefectFound, defect_found="Cabo"), "- - -"),
    "level": (a_step(tickets.NotificationLevelChanged), "- - -"),
    "withdrawn": (a_withdrawal(), "- - -"),
}
"""R15: at which of the levels none, start_end and all each event reaches the customer."""
LEVELS = ("none", "start_end", "all")


def heard(message: Any, reach: Reach, channels: OptionalChannels, *, level: str, now: datetime) -> Any:  # noqa: ANN401
    """What comes of one event of a ticket that has this level."""
    opening = an_opening(level=level)
    ticket = Ticket("t1", "ana", PROTOCOL)
    if isinstance(message, tickets.TicketOpened):
        message = opening
    else:
        ticket, _ = note(ticket, channels.note(an_event(opening), Reach(), now=now), now=now)
    return note(ticket, channels.note(an_event(message), reach, now=now), now=now)


def an_event(message: Any) -> Event:  # noqa: ANN401 - any step
    return event_of(message, {"customer": ANA}, erased=False)


def decisions(ticket: Ticket, event_id: UUID) -> dict[str, Decision]:
    return {one.channel: one for one in ticket.decisions if one.event_id == event_id}


def expected(  # noqa: C901, PLR0911, PLR0913 - the rules, to be seen at once
    name: str, channel: str, level: str, reach: Reach, channels: OptionalChannels, *, now: datetime
) -> str:
    """What R15, R16 and R20 say, written once more and otherwise: `send`, `defer` or what is wrong."""
    message, row = LIFE[name]
    informs = row.split()[LEVELS.index(level)] == "y"
    asks = name in {"asked", "reminded"}
    switches = reach.preferences.channels
    have = {"push": reach.has_device, "telegram": reach.has_chat}
    may = {"push": switches.push, "telegram": switches.telegram}
    open_channels = [one for one in OPTIONAL if one in channels.set_up and have[one] and may[one]]
    if "y" not in row:
        return "never told"
    if channel == "email" and not asks:
        return "not carried by email"
    if channel in OPTIONAL and channel not in channels.set_up:
        return NOT_SET_UP
    if channel in OPTIONAL and not have[channel]:
        return {"push": NO_DEVICE, "telegram": NO_CHAT}[channel]
    if name == "hidden":
        return "not visible"
    if not informs:
        return f"level {level}"
    if name == "closed and asked":
        return COVERED_BY_REQUEST
    if channel in OPTIONAL and not may[channel]:
        return SWITCHED_OFF
    if channel == "email" and open_channels:
        return f"carried by {open_channels[0]}"
    if channel == "email" and isinstance(message, feedback.EvaluationReminded):
        return "waits for the link of the evaluation"
    quiet = now == NIGHT and reach.preferences.quiet_hours is not None
    return f"waits for {QUIET_HOURS}" if channel in OPTIONAL and quiet else "send"


COMBINATIONS = list(
    product(LIFE, LEVELS, (True, False), (True, False), (True, False), (True, False), (None, NIGHTLY), (NOON, NIGHT))
)
SET_UPS = [frozenset(some) for some in ((), ("push",), ("telegram",), OPTIONAL)]


@pytest.mark.parametrize("set_up", SET_UPS, ids=lambda some: "+".join(sorted(some)) or "none")
def test_r17_every_combination_is_decided_as_the_rules_say_and_with_a_reason(set_up: frozenset[str]) -> None:
    channels = OptionalChannels(set_up, SAO_PAULO)
    for name, level, device, chat, push, telegram, quiet, now in COMBINATIONS:
        chosen = Preferences(channels=ChannelSwitches(push=push, telegram=telegram), quiet_hours=quiet)
        reach = Reach(has_device=device, has_chat=chat, preferences=chosen)
        message = LIFE[name][0]

        ticket, emitted = heard(message, reach, channels, level=level, now=now)

        event_id = ticket.events[-1].id if name != "opened" else ticket.events[0].id
        decided = decisions(ticket, event_id)
        assert set(decided) == set(CARRIES)
        for channel, one in decided.items():
            outcome = one.verdict if one.verdict == "send" else one.reason
            wanted = expected(name, channel, level, reach, channels, now=now)
            assert outcome == wanted, (name, channel, level, reach, now)
            assert one.reason
        check_emitted(decided, emitted, event_id)


def check_emitted(decided: dict[str, Decision], emitted: list[Message], event_id: UUID) -> None:
    """What is sent is due once; what was skipped is announced where the channel could have carried it."""
    due = {PushDue: "push", TelegramDue: "telegram"}
    found = [due[type(one)] for one in emitted if isinstance(one, PushDue | TelegramDue)]
    assert sorted(found) == sorted(one for one in OPTIONAL if decided[one].verdict == "send")
    skips = {
        one.channel: one.reason
        for one in emitted
        if isinstance(one, NotificationSkipped) and one.about.event_id == event_id
    }
    silent = ("never told", "not carried", "carried by", *ABSENT, *COVERED)
    loud = {key: one.reason for key, one in decided.items() if one.verdict == "skip"}
    assert skips == {key: reason for key, reason in loud.items() if not reason.startswith(silent)}


def test_r16_adding_a_channel_takes_no_message_from_another_but_the_mail_that_it_carries() -> None:
    for name, level, now in product(LIFE, LEVELS, (NOON, NIGHT)):
        for reach in (Reach(), Reach(has_device=True), Reach(has_chat=True)):
            fewer, _ = heard(LIFE[name][0], reach, BOTH, level=level, now=now)
            more, _ = heard(LIFE[name][0], replace(reach, has_device=True, has_chat=True), BOTH, level=level, now=now)

            for before, after in zip(fewer.decisions, more.decisions, strict=True):
                carried = before.channel == "email" and after.reason.startswith("carried by")
                assert before.verdict != "send" or after.verdict == "send" or carried


@pytest.mark.parametrize("reach", [Reach(), EVERYTHING, ASLEEP], ids=["nothing", "everything", "asleep"])
def test_r20_nothing_keeps_a_message_from_the_inbox_that_its_level_lets_through(reach: Reach) -> None:
    chosen = Preferences(channels=ChannelSwitches(push=False, telegram=False), quiet_hours=NIGHTLY)
    for preferences in (reach.preferences, chosen):
        for name, (message, row) in LIFE.items():
            ticket, _ = heard(message, replace(reach, preferences=preferences), BOTH, level="all", now=NIGHT)

            inbox = decisions(ticket, ticket.events[-1].id)["inbox"]
            withheld = name in {"hidden", "closed and asked"}
            assert (inbox.verdict == "send") is (row.endswith("y") and not withheld), name


# Once, whatever comes when


def sent(emitted: list[Message]) -> list[tuple[UUID, str]]:
    return [(one.about.event_id, one.channel_name) for one in map(_Due.of, emitted) if one]


class _Due:
    def __init__(self, about: Any, channel_name: str) -> None:  # noqa: ANN401
        self.about = about
        self.channel_name = channel_name

    @classmethod
    def of(cls, message: Message) -> "_Due | None":
        names = {PushDue: "push", TelegramDue: "telegram"}
        return cls(message.about, names[type(message)]) if isinstance(message, PushDue | TelegramDue) else None


def test_r18_whatever_the_order_each_event_is_due_once_on_each_channel() -> None:
    messages = [an_opening(level="all"), a_step(tickets.TicketReopened, minute=70), a_closing(), a_request(minute=80)]
    outcomes = set()
    for order in permutations(messages):
        ticket, due = Ticket("t1", "ana", PROTOCOL), []
        for message in (*order, *order):
            ticket, emitted = note(ticket, BOTH.note(an_event(message), EVERYTHING, now=NOON), now=NOON)
            due += sent(emitted)

        assert len(due) == len(set(due))
        verdicts = tuple(sorted((str(one.event_id), one.channel, one.verdict) for one in ticket.decisions))
        outcomes.add((tuple(sorted(map(str, due))), verdicts))
    assert len(outcomes) == 1


def test_r20_what_quiet_hours_held_back_comes_when_they_end_and_once() -> None:
    ticket, emitted = heard(LIFE["closed"][0], ASLEEP, BOTH, level="all", now=NIGHT)
    assert sent(emitted) == []
    assert ticket.due_at == MORNING

    early, nothing = release(ticket, ASLEEP, BOTH, Arrival(UUID(int=1), MORNING - timedelta(seconds=1)))
    assert (sent(nothing), early.due_at) == ([], MORNING)
    ticket, emitted = release(ticket, ASLEEP, BOTH, Arrival(UUID(int=2), MORNING))
    again, nothing = release(ticket, ASLEEP, BOTH, Arrival(UUID(int=3), MORNING))

    assert [channel for _, channel in sent(emitted)] == ["push", "telegram"]
    assert (ticket.due_at, sent(nothing), again.due_at) == (None, [], None)


@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_r18_of_a_closing_announced_twice_in_quiet_hours_all_channels_bring_the_same_one(
    numbers: tuple[int, int],
) -> None:
    step = UUID(int=9)
    first, again = (a_closing().model_copy(update={"event_id": UUID(int=n), "cause_id": step}) for n in numbers)
    ticket, _ = heard(first, ASLEEP, BOTH, level="all", now=NIGHT)
    ticket, _ = note(ticket, BOTH.note(an_event(again), ASLEEP, now=NIGHT), now=NIGHT)

    ticket, emitted = release(ticket, ASLEEP, BOTH, Arrival(UUID(int=3), MORNING))

    assert decisions(ticket, first.event_id)["inbox"].verdict == "send"
    assert [channel for _, channel in sent(emitted)] == ["push", "telegram"]
    assert {
        one.channel for one in ticket.decisions if one.event_id == again.event_id and one.verdict == "send"
    } == set()


def test_r20_an_event_of_the_morning_sends_what_was_held_back_too_and_the_clock_finds_it_done() -> None:
    ticket, _ = heard(LIFE["closed"][0], ASLEEP, BOTH, level="all", now=NIGHT)
    later = MORNING + timedelta(seconds=1)

    ticket, emitted = note(ticket, BOTH.note(an_event(LIFE["reopened"][0]), ASLEEP, now=later), now=later)

    assert len(sent(emitted)) == len(set(sent(emitted))) == 4
    assert ticket.due_at is None
    assert sent(release(ticket, ASLEEP, BOTH, Arrival(UUID(int=1), later))[1]) == []


@pytest.mark.parametrize(
    ("reason", "close"), [(ANSWERED, True), ("evaluation withdrawn", False)], ids=["answered", "withdrawn"]
)
def test_r20_a_question_that_takes_no_answer_any_more_is_dropped_with_its_reason(reason: str, close: bool) -> None:  # noqa: FBT001
    request = a_request()
    ticket, _ = heard(request, ASLEEP, BOTH, level="all", now=NIGHT)
    if close:
        ticket, emitted = close_question(ticket, EVALUATION, reason, Arrival(UUID(int=1), NIGHT))
    else:
        ticket, emitted = note(ticket, BOTH.note(an_event(a_withdrawal()), ASLEEP, now=NIGHT), now=NIGHT)

    skipped = {one.channel: one.reason for one in emitted if isinstance(one, NotificationSkipped)}
    assert {key: skipped.get(key) for key in OPTIONAL} == dict.fromkeys(OPTIONAL, reason)
    assert ticket.due_at is None
    assert sent(release(ticket, ASLEEP, BOTH, Arrival(UUID(int=2), MORNING))[1]) == []
    assert decisions(ticket, request.event_id)["inbox"].verdict == "send"


def test_r20_a_visit_whose_time_is_over_is_dropped_and_stays_so() -> None:
    before_dawn = MORNING - timedelta(hours=1)
    visit = a_step(tickets.ServiceOrderCreated, service_order_id="so1", scheduled_for=before_dawn)
    ticket, _ = heard(visit, ASLEEP, BOTH, level="all", now=NIGHT)

    ticket, emitted = release(ticket, ASLEEP, BOTH, Arrival(UUID(int=1), MORNING))
    ticket, later = note(ticket, BOTH.note(an_event(LIFE["reopened"][0]), EVERYTHING, now=MORNING), now=MORNING)

    assert {one.reason for one in emitted if isinstance(one, NotificationSkipped)} == {VISIT_OVER}
    assert {about for about, _ in sent([*emitted, *later])} == {LIFE["reopened"][0].event_id}
    assert {decisions(ticket, visit.event_id)[one].reason for one in OPTIONAL} == {VISIT_OVER}


def test_r20_what_was_chosen_while_a_message_was_held_back_counts_when_it_is_released() -> None:
    request = a_request()
    ticket, _ = heard(request, ASLEEP, BOTH, level="all", now=NIGHT)
    without_push = Preferences(channels=ChannelSwitches(push=False), quiet_hours=NIGHTLY)

    released, emitted = release(ticket, replace(ASLEEP, preferences=without_push), BOTH, Arrival(UUID(int=1), MORNING))
    nothing_left, mailed = release(ticket, Reach(), BOTH, Arrival(UUID(int=2), MORNING))
    longer = Preferences(quiet_hours=QuietHours(begins="22:00", ends="09:00"))
    held_on, held = release(ticket, replace(ASLEEP, preferences=longer), BOTH, Arrival(UUID(int=3), MORNING))

    assert [channel for _, channel in sent(emitted)] == ["telegram"]
    assert decisions(released, request.event_id)["push"].reason == SWITCHED_OFF
    assert decisions(nothing_left, request.event_id)["email"].verdict == "send"
    assert [type(one).__name__ for one in mailed] == ["EmailDue"]
    assert (sent(held), held_on.due_at) == ([], MORNING + timedelta(hours=2))


def test_r16_a_device_that_comes_later_gets_nothing_of_what_was_decided_before_it() -> None:
    ticket, _ = heard(LIFE["closed"][0], Reach(), BOTH, level="all", now=NOON)

    ticket, emitted = note(ticket, BOTH.note(an_event(LIFE["reopened"][0]), EVERYTHING, now=NOON), now=NOON)

    assert {about for about, _ in sent(emitted)} == {LIFE["reopened"][0].event_id}
    assert decisions(ticket, LIFE["closed"][0].event_id)["push"].reason == NO_DEVICE


def test_what_the_last_release_noted_was_for_no_channel_that_it_did_not_have() -> None:
    ticket, _ = note(Ticket("t1", "ana", PROTOCOL), an_event(LIFE["closed"][0]), now=at(1))

    ticket, emitted = note(ticket, BOTH.note(an_event(LIFE["reopened"][0]), EVERYTHING, now=NOON), now=NOON)

    assert {about for about, _ in sent(emitted)} == {LIFE["reopened"][0].event_id}
    assert decisions(ticket, LIFE["closed"][0].event_id)["push"].reason == NOT_SET_UP


def test_r18_what_the_last_release_left_out_is_due_under_the_same_name_again() -> None:
    ticket, before = heard(LIFE["closed"][0], EVERYTHING, BOTH, level="all", now=NOON)
    closing = LIFE["closed"][0].event_id
    # a replica of the last release decides about the channels that it knows, and keeps nothing else
    known = tuple(one for one in ticket.decisions if one.channel not in OPTIONAL)

    ticket, after = note(
        replace(ticket, decisions=known), BOTH.note(an_event(LIFE["reopened"][0]), EVERYTHING, now=NOON), now=NOON
    )

    again = [one for one in after if isinstance(one, PushDue | TelegramDue) and one.about.event_id == closing]
    first = [one for one in before if isinstance(one, PushDue | TelegramDue)]
    assert [(one.event_id, one.notification_id) for one in again] == [
        (one.event_id, one.notification_id) for one in first
    ]
