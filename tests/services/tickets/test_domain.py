"""What a ticket is, whatever order its messages come in (R4, R5, R14)."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import feedback, mk, tickets
from contracts.message import Message, NotificationLevel
from services.tickets.domain.changes import erase
from services.tickets.domain.openings import protocol_of
from services.tickets.domain.ticket import Ticket, open_question, state
from services.tickets.domain.timeline import page
from tests.services.tickets.given import ANSWERED, ASKED, STEPS, a_step, an_evaluation, an_opening, minutes, play
from tests.system import LONG_AGO, emitted

ZONE = ZoneInfo("America/Sao_Paulo")

# few moments for many messages, so that they often coincide; some before the opening, some a microsecond apart
MOMENTS = st.sampled_from([minutes(-1), LONG_AGO, LONG_AGO + timedelta(microseconds=1), minutes(1), minutes(2)])


EVALUATIONS: dict[type[Message], dict[str, Any]] = {
    feedback.EvaluationRequested: ASKED,
    feedback.EvaluationSubmitted: ANSWERED,
    feedback.EvaluationExpired: {},
    feedback.EvaluationWithdrawn: {},
}


@st.composite
def a_message(draw: st.DrawFn) -> Message:
    """One step of the ticket `t1`."""
    # closings and reopenings more often than others: what they announce depends on one another
    kinds: list[type[Message]] = [*STEPS, mk.TicketClosed, mk.TicketReopened, *EVALUATIONS]
    kind = draw(st.sampled_from(kinds))
    at, event_id = draw(MOMENTS), draw(st.uuids())
    about = {"evaluation_id": draw(st.sampled_from([UUID(int=1), UUID(int=2)]))}
    step = an_evaluation(kind, "t1", **EVALUATIONS[kind], **about) if kind in EVALUATIONS else a_step(kind)
    varied: dict[type[Message], dict[str, Any]] = {
        mk.PhaseChanged: {"phase": draw(st.sampled_from("ABC")), "visible": draw(st.booleans())},
        mk.NotificationLevelChanged: {"notification_level": draw(st.sampled_from(NotificationLevel))},
        mk.DefectFound: {"defect_found": draw(st.sampled_from(["X", "Y", ""]))},
        mk.TicketClosed: {"defect_found": draw(st.sampled_from(["X", None]))},
        mk.ResponsibleAdded: {"responsible_id": draw(st.sampled_from("12")), "name": draw(st.sampled_from("RS"))},
    }
    return step.model_copy(update={"occurred_at": at, "event_id": event_id, **varied.get(kind, {})})


def openings(count: int) -> st.SearchStrategy[list[Message]]:
    """That many openings of the ticket `t1`."""
    one = st.builds(
        lambda at, complaint: an_opening(at=at, complaint=complaint), MOMENTS, st.sampled_from(["um", "dois"])
    )
    return st.lists(one, min_size=count, max_size=count)


@st.composite
def arrivals(draw: st.DrawFn, *, opened: int) -> tuple[list[Message], list[Message]]:
    """The same messages in two orders, each with repetitions."""
    steps = draw(st.lists(a_message(), max_size=8, unique_by=lambda step: step.event_id))
    messages = [*draw(openings(opened)), *steps]
    repeated = messages + draw(st.lists(st.sampled_from(messages), max_size=5))
    return draw(st.permutations(messages)), draw(st.permutations(repeated))


def but_arrival(ticket: Ticket) -> Ticket:
    """The ticket without what depends on the order of arrival: its protocol, and for which steps it was announced."""
    openings = tuple(one.model_copy(update={"protocol": "-"}) for one in ticket.openings)
    return replace(ticket, openings=openings, announced=())


def causes(announced: Sequence[Message]) -> list[tuple[UUID | None, str]]:
    return sorted((event.cause_id, event.type_name()) for event in announced)


def cycles(announced: Sequence[Message]) -> list[tuple[str, int | None]]:
    """The closings and reopenings that were announced."""
    marked = [event for event in announced if isinstance(event, tickets.TicketClosed | tickets.TicketReopened)]
    return sorted((event.type_name(), event.cycle) for event in marked)


def but_cycles(announced: Sequence[Message]) -> list[Message]:
    """What else was announced."""
    return [event for event in announced if not isinstance(event, tickets.TicketClosed | tickets.TicketReopened)]


@given(arrivals(opened=1))
def test_any_order_and_repetition_ends_in_the_same_ticket(orders: tuple[list[Message], list[Message]]) -> None:
    (ticket, _), (other, _) = (play(order) for order in orders)

    assert but_arrival(ticket) == but_arrival(other)
    assert state(ticket) == state(other)
    shown, shown_otherwise = (page(but_arrival(one), ZONE, now=minutes(50)) for one in (ticket, other))
    assert shown == shown_otherwise


@given(arrivals(opened=1))
def test_any_order_and_repetition_announces_each_of_mks_messages_exactly_once(
    orders: tuple[list[Message], list[Message]],
) -> None:
    (_, announced), (_, otherwise) = (play(order) for order in orders)

    assert causes(but_cycles(announced)) == causes(but_cycles(otherwise))
    counted = {mk.TicketOpened, *STEPS} - {mk.TicketClosed, mk.TicketReopened}
    from_mk = [message.event_id for message in orders[0] if type(message) in counted]
    assert sorted(event.cause_id for event in but_cycles(announced) if event.cause_id) == sorted(from_mk)
    assert len({event.event_id for event in announced}) == len(announced)


@given(arrivals(opened=1))
def test_r15b_any_order_and_repetition_announces_the_same_closings_and_reopenings_each_once(
    orders: tuple[list[Message], list[Message]],
) -> None:
    (ticket, announced), (_, otherwise) = (play(order) for order in orders)

    closed, reopened = state(ticket).cycle, state(ticket).cycle - (state(ticket).status == "closed")
    expected = [("TicketClosed.v1", cycle) for cycle in range(1, closed + 1)]
    assert cycles(announced) == expected + [("TicketReopened.v1", cycle) for cycle in range(1, reopened + 1)]
    assert cycles(otherwise) == cycles(announced)


@given(arrivals(opened=1))
def test_nothing_is_told_of_a_ticket_before_it_is_opened(orders: tuple[list[Message], list[Message]]) -> None:
    order = orders[0]
    opening = next(place for place, message in enumerate(order) if isinstance(message, mk.TicketOpened))

    ticket, told = play(order[:opening])
    _, told_then = play(order[: opening + 1])

    assert told == []
    assert isinstance(told_then[0], tickets.TicketOpened)
    assert len(ticket.steps) == opening


@given(arrivals(opened=2))
def test_r5_two_openings_end_in_one_ticket_with_one_protocol_told_of_once(
    orders: tuple[list[Message], list[Message]],
) -> None:
    (ticket, told), (other, told_otherwise) = (play(order) for order in orders)

    assert but_arrival(ticket) == but_arrival(other)
    for history in (told, told_otherwise):
        assert sum(isinstance(event, tickets.TicketOpened) for event in history) == 1
        assert len({event.protocol for event in history if hasattr(event, "protocol")}) == 1
    steps = [cause for cause in causes(but_cycles(told)) if cause[1] != "TicketOpened.v1"]
    assert steps == [cause for cause in causes(but_cycles(told_otherwise)) if cause[1] != "TicketOpened.v1"]
    assert cycles(told) == cycles(told_otherwise)


def test_a_ticket_is_as_its_latest_closing_or_reopening_left_it() -> None:
    reopened = emitted(mk.TicketReopened, at=minutes(2), ticket_id="t1")
    closed = emitted(mk.TicketClosed, at=minutes(1), ticket_id="t1", closed_by="olga", defect_found="Fibra rompida")

    ticket, _ = play([an_opening(), reopened, closed])

    assert state(ticket).status == "pending"
    assert state(ticket).defect_found == "Fibra rompida"
    assert state(ticket).cycle == 1


C1, C2 = a_step(mk.TicketClosed, at=minutes(1)), a_step(mk.TicketClosed, at=minutes(3))
REOPENED = a_step(mk.TicketReopened, at=minutes(2))


@pytest.mark.parametrize("order", list(itertools.permutations([an_opening(), C1, C2])))
def test_r15b_closing_what_is_closed_is_noted_and_announced_to_nobody(order: Sequence[Message]) -> None:
    ticket, announced = play(order)

    assert cycles(announced) == [("TicketClosed.v1", 1)]
    assert len(ticket.steps) == 2
    assert (state(ticket).status, state(ticket).cycle) == ("closed", 1)
    shown = page(ticket, ZONE, now=minutes(9)).timeline
    assert [(entry.type, entry.at) for entry in shown[1:]] == [("ticket_closed", minutes(1))]


def test_r15b_reopening_what_is_open_is_noted_and_announced_to_nobody() -> None:
    never_closed, again = a_step(mk.TicketReopened, at=minutes(0)), a_step(mk.TicketReopened, at=minutes(4))

    ticket, announced = play([an_opening(), never_closed, C1, REOPENED, again])

    assert cycles(announced) == [("TicketClosed.v1", 1), ("TicketReopened.v1", 1)]
    assert [entry.type for entry in page(ticket, ZONE, now=minutes(9)).timeline].count("ticket_reopened") == 1


def test_r15b_a_reopening_that_comes_late_makes_the_second_closing_a_real_one() -> None:
    before = play([an_opening(), C2, C1])[1]

    ticket, announced = play([an_opening(), C2, C1, REOPENED])

    reopened, closed = announced[len(before) :]
    assert isinstance(reopened, tickets.TicketReopened)
    assert reopened.cycle == 1
    assert isinstance(closed, tickets.TicketClosed)
    assert (closed.cycle, closed.cause_id, closed.closed_at) == (2, C2.event_id, minutes(3))
    assert closed.event_id not in {event.event_id for event in before}
    assert state(ticket).cycle == 2


def test_r15b_a_second_closing_has_the_plain_id_of_its_cause_where_nothing_came_late() -> None:
    _, announced = play([an_opening(), C1, REOPENED, C2])

    ids = [event.event_id for event in announced[1:]]
    assert ids == [
        uuid5(C1.event_id, "TicketClosed.v1:0"),
        uuid5(REOPENED.event_id, "TicketReopened.v1:0"),
        uuid5(C2.event_id, "TicketClosed.v1:0"),
    ]


@pytest.mark.parametrize(("closing_id", "reopening_id"), [(UUID(int=1), UUID(int=2)), (UUID(int=2), UUID(int=1))])
def test_steps_of_one_moment_are_ordered_by_kind_before_their_ids_count(closing_id: UUID, reopening_id: UUID) -> None:
    moment = LONG_AGO
    closed = a_step(mk.TicketClosed, at=moment).model_copy(update={"event_id": closing_id})
    reopened = a_step(mk.TicketReopened, at=moment).model_copy(update={"event_id": reopening_id})
    phase = a_step(mk.PhaseChanged, at=moment).model_copy(update={"event_id": UUID(int=3)})

    ticket, announced = play([an_opening(at=moment), reopened, closed, phase])

    assert state(ticket).status == "pending"
    assert cycles(announced) == [("TicketClosed.v1", 1), ("TicketReopened.v1", 1)]
    kinds = [entry.type for entry in page(ticket, ZONE, now=minutes(9)).timeline]
    assert kinds == ["ticket_opened", "phase_changed", "ticket_closed", "ticket_reopened"]


def test_a_ticket_grows_by_all_that_becomes_known_and_by_nothing_else() -> None:
    opening = an_opening()
    first, _ = play([opening])

    noted, announced = play([opening, C1, C2, C2])

    assert (first.version, noted.version, erase(noted).version, erase(erase(noted)).version) == (1, 3, 4, 4)
    assert [getattr(event, "version", None) for event in announced] == [None, 2]


def asked(evaluation: int, at: int, *, until: int = 99) -> Message:
    fields = {"evaluation_id": UUID(int=evaluation), "expires_at": minutes(until), "link": "x"}
    return an_evaluation(feedback.EvaluationRequested, "t1", **fields).model_copy(update={"occurred_at": minutes(at)})


@pytest.mark.parametrize(
    ("end", "fields"),
    [
        (feedback.EvaluationSubmitted, ANSWERED),
        (feedback.EvaluationExpired, {}),
        (feedback.EvaluationWithdrawn, {}),
    ],
)
def test_r21_the_open_question_is_the_newest_that_did_not_end(end: type[Message], fields: dict[str, Any]) -> None:
    ended = an_evaluation(end, "t1", evaluation_id=UUID(int=2), **fields)

    both, _ = play([an_opening(), asked(2, 20), asked(1, 10)])
    one, _ = play([an_opening(), ended, asked(2, 20), asked(1, 10)])

    assert open_question(both, now=minutes(30)) == UUID(int=2)
    assert open_question(one, now=minutes(30)) == UUID(int=1)
    assert len(page(one, ZONE, now=minutes(30)).timeline) == len(page(both, ZONE, now=minutes(30)).timeline) + (
        end is feedback.EvaluationSubmitted
    )


def test_r24_a_question_whose_time_is_over_is_open_no_more_even_if_nobody_announced_it() -> None:
    ticket, _ = play([an_opening(), asked(1, 10, until=40)])

    assert open_question(ticket, now=minutes(39)) == UUID(int=1)
    assert open_question(ticket, now=minutes(40)) is None


def test_r14_a_step_dated_before_the_opening_has_the_openings_level() -> None:
    early = a_step(mk.PhaseChanged, at=minutes(-5))

    _, told = play([an_opening(notification_level="start_end"), early])

    phase = told[-1]
    assert isinstance(phase, tickets.PhaseChanged)
    assert phase.notification_level == NotificationLevel.START_END


def test_r14_an_event_of_a_changed_level_carries_the_new_one() -> None:
    changed = emitted(mk.NotificationLevelChanged, at=minutes(1), ticket_id="t1", notification_level="none")

    _, told = play([an_opening(notification_level="all"), changed])

    event = told[-1]
    assert isinstance(event, tickets.NotificationLevelChanged)
    assert event.notification_level == NotificationLevel.NONE


def test_a_closing_tells_who_was_in_charge_then_and_nobody_twice() -> None:
    rui = emitted(mk.ResponsibleAdded, at=minutes(1), ticket_id="t1", responsible_id="r", name="Rui")
    rui_again = emitted(
        mk.ResponsibleAdded, at=minutes(2), ticket_id="t1", responsible_id="r", name="Rui", team="Campo"
    )
    eva = emitted(mk.ResponsibleAdded, at=minutes(4), ticket_id="t1", responsible_id="e", name="Eva")

    _, told = play([an_opening(), eva, rui_again, rui, a_step(mk.TicketClosed, at=minutes(3))])

    closed = told[-1]
    assert isinstance(closed, tickets.TicketClosed)
    assert [(one.responsible_id, one.team) for one in closed.responsibles] == [("r", "Campo")]


@pytest.mark.parametrize(("number", "expected"), [(1, "20260105000001"), (1_234_567, "202601051234567")])
def test_r5_a_protocol_is_the_day_and_six_digits_or_as_many_as_needed(number: int, expected: str) -> None:
    assert protocol_of(LONG_AGO.date(), number) == expected


def test_a_message_is_known_by_its_id_alone() -> None:
    closing = a_step(mk.TicketClosed)
    ticket, _ = play([an_opening(), closing])

    assert ticket.knows(closing.event_id)
    assert not ticket.knows(uuid4())
