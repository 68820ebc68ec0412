"""What a ticket is, whatever order its messages come in (R4, R5, R14)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import feedback, mk, tickets
from contracts.message import Message, NotificationLevel
from services.tickets.domain.openings import protocol_of
from services.tickets.domain.ticket import Ticket, state
from services.tickets.domain.timeline import page
from tests.services.tickets.given import ANSWERED, ASKED, STEPS, a_step, an_evaluation, an_opening, minutes, play
from tests.system import LONG_AGO, said

ZONE = ZoneInfo("America/Sao_Paulo")

# few moments for many messages, so that they often coincide; some before the opening, some a microsecond apart
MOMENTS = st.sampled_from([minutes(-1), LONG_AGO, LONG_AGO + timedelta(microseconds=1), minutes(1), minutes(2)])


@st.composite
def a_message(draw: st.DrawFn) -> Message:
    """One step of the ticket `t1`."""
    kinds: list[type[Message]] = [*STEPS, feedback.EvaluationRequested, feedback.EvaluationSubmitted]
    kind = draw(st.sampled_from(kinds))
    at, event_id = draw(MOMENTS), draw(st.uuids())
    if kind is feedback.EvaluationRequested:
        step = an_evaluation(kind, "t1", **ASKED)
    elif kind is feedback.EvaluationSubmitted:
        step = an_evaluation(kind, "t1", **ANSWERED)
    else:
        step = a_step(kind)
    varied: dict[type[Message], dict[str, Any]] = {
        mk.PhaseChanged: {"phase": draw(st.sampled_from("ABC")), "visible": draw(st.booleans())},
        mk.NotificationLevelChanged: {"notification_level": draw(st.sampled_from(NotificationLevel))},
        mk.DefectFound: {"defect_found": draw(st.sampled_from("XYZ"))},
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


def but_protocol(ticket: Ticket) -> Ticket:
    """The ticket without what is handed out in the order of arrival."""
    return replace(ticket, openings=tuple(one.model_copy(update={"protocol": "-"}) for one in ticket.openings))


def causes(told: Sequence[Message]) -> list[tuple[UUID | None, str]]:
    return sorted((event.cause_id, event.type_name()) for event in told)


@given(arrivals(opened=1))
def test_any_order_and_repetition_ends_in_the_same_ticket(orders: tuple[list[Message], list[Message]]) -> None:
    (ticket, _), (other, _) = (play(order) for order in orders)

    assert but_protocol(ticket) == but_protocol(other)
    assert state(ticket) == state(other)
    assert page(but_protocol(ticket), ZONE) == page(but_protocol(other), ZONE)


@given(arrivals(opened=1))
def test_any_order_and_repetition_tells_of_each_of_mks_messages_exactly_once(
    orders: tuple[list[Message], list[Message]],
) -> None:
    (_, told), (_, told_otherwise) = (play(order) for order in orders)

    assert causes(told) == causes(told_otherwise)
    from_mk = [message.event_id for message in orders[0] if isinstance(message, (mk.TicketOpened, *STEPS))]
    assert sorted(event.cause_id for event in told if event.cause_id) == sorted(from_mk)
    assert len({event.event_id for event in told}) == len(told)


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

    assert but_protocol(ticket) == but_protocol(other)
    for history in (told, told_otherwise):
        assert sum(isinstance(event, tickets.TicketOpened) for event in history) == 1
        assert len({event.protocol for event in history if hasattr(event, "protocol")}) == 1
    steps = [cause for cause in causes(told) if cause[1] != "TicketOpened.v1"]
    assert steps == [cause for cause in causes(told_otherwise) if cause[1] != "TicketOpened.v1"]


def test_a_ticket_is_as_its_latest_closing_or_reopening_left_it() -> None:
    reopened = said(mk.TicketReopened, at=minutes(2), ticket_id="t1")
    closed = said(mk.TicketClosed, at=minutes(1), ticket_id="t1", closed_by="olga", defect_found="Fibra rompida")

    ticket, _ = play([an_opening(), reopened, closed])

    assert state(ticket).status == "pending"
    assert state(ticket).defect_found == "Fibra rompida"
    assert state(ticket).cycle == 1


def test_r14_a_step_dated_before_the_opening_has_the_openings_level() -> None:
    early = a_step(mk.PhaseChanged, at=minutes(-5))

    _, told = play([an_opening(notification_level="start_end"), early])

    phase = told[-1]
    assert isinstance(phase, tickets.PhaseChanged)
    assert phase.notification_level == NotificationLevel.START_END


def test_r14_an_event_of_a_changed_level_carries_the_new_one() -> None:
    changed = said(mk.NotificationLevelChanged, at=minutes(1), ticket_id="t1", notification_level="none")

    _, told = play([an_opening(notification_level="all"), changed])

    event = told[-1]
    assert isinstance(event, tickets.NotificationLevelChanged)
    assert event.notification_level == NotificationLevel.NONE


def test_a_closing_tells_who_was_in_charge_then_and_nobody_twice() -> None:
    rui = said(mk.ResponsibleAdded, at=minutes(1), ticket_id="t1", responsible_id="r", name="Rui")
    rui_again = said(mk.ResponsibleAdded, at=minutes(2), ticket_id="t1", responsible_id="r", name="Rui", team="Campo")
    eva = said(mk.ResponsibleAdded, at=minutes(4), ticket_id="t1", responsible_id="e", name="Eva")

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
