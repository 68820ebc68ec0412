"""What operators see (R26): the state of each closing's evaluation, whatever order the news comes in."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import feedback, tickets
from contracts.message import Message
from mk.domain import ticket as of_ticket
from mk.domain.evaluation import current, evaluations
from mk.domain.ticket import Ticket
from tests.mk.life import (
    PROTOCOL,
    closed,
    closing_id,
    evaluation_id,
    event,
    expired,
    failed,
    opened,
    reopened,
    requested,
    submitted,
    withdrawn,
)


def known(*events: Message) -> Ticket:
    return reduce(of_ticket.take, events, Ticket("t1"))


def states(*events: Message) -> list[tuple[int, str]]:
    return [(one.cycle, one.state) for one in evaluations(known(opened(), *events))]


def state(*events: Message) -> str:
    now = current(known(opened(), *events))
    assert now is not None
    return now.state


def test_r26_a_ticket_that_was_never_closed_has_no_evaluation() -> None:
    assert states() == []
    assert current(known(opened())) is None


def test_r26_a_closing_that_did_not_ask_says_so() -> None:
    assert state(closed(hour=2, request_evaluation=False)) == "not_asked"
    assert state(closed(hour=2, automatic=True)) == "not_asked"


def test_r26_a_closing_that_asked_waits_even_before_the_request_is_known() -> None:
    assert state(closed(hour=2)) == "waiting"
    assert state(closed(hour=2), requested(hour=3)) == "waiting"


def test_r26_a_request_waits_to_be_seen_until_its_closing_is_known() -> None:
    assert states(requested(hour=3), submitted(hour=4)) == []


def test_r26_an_answer_shows_its_score_and_its_comment() -> None:
    [answered] = evaluations(known(opened(), closed(hour=2), requested(hour=3), submitted(hour=4, score=4)))

    assert (answered.state, answered.score, answered.comment) == ("answered", 4, "Bom, mas demorou")
    assert (answered.evaluation_id, answered.channel) == (evaluation_id(1), "link")


def test_r26_an_evaluation_that_nobody_answered_expired() -> None:
    assert state(closed(hour=2), requested(hour=3), expired(hour=400)) == "expired"


def test_r26_where_the_mail_of_last_resort_failed_the_evaluation_is_undeliverable() -> None:
    closing, request = closed(hour=2), requested(hour=3)

    assert state(closing, request, failed(request, hour=4)) == "undeliverable"
    assert state(closing, request, failed(closing, hour=4)) == "undeliverable"


def test_r26_one_channel_of_several_that_failed_is_no_verdict() -> None:
    closing, request = closed(hour=2), requested(hour=3)

    assert state(closing, request, failed(request, hour=4, channel="push")) == "waiting"
    assert state(closing, request, failed(opened(), hour=4)) == "waiting"


def test_r26_an_answer_counts_more_than_a_mail_that_failed() -> None:
    request = requested(hour=3)

    assert state(closed(hour=2), request, failed(request, hour=4), submitted(hour=5)) == "answered"


def test_r21_a_reopening_withdraws_the_question_and_the_next_closing_asks_anew() -> None:
    first = (closed(hour=2), requested(hour=3), reopened(hour=4), withdrawn(hour=4))

    assert states(*first) == [(1, "withdrawn")]
    assert states(*first, closed(hour=6, cycle=2), requested(hour=7, cycle=2)) == [(1, "withdrawn"), (2, "waiting")]


def test_r21_a_question_stays_open_until_feedback_withdraws_it() -> None:
    assert state(closed(hour=2), requested(hour=3), reopened(hour=4)) == "waiting"


def test_r21_a_closing_that_was_undone_before_anybody_was_asked_is_withdrawn() -> None:
    assert state(closed(hour=2), reopened(hour=4)) == "withdrawn"


def test_r21_a_question_that_is_withdrawn_before_it_is_asked_is_withdrawn() -> None:
    undone = (closed(hour=2), reopened(hour=4, cycle=None), withdrawn(hour=4))

    assert states(*undone) == [(1, "withdrawn")]
    assert states(*undone, closed(hour=6, cycle=2)) == [(1, "withdrawn"), (2, "waiting")]


def test_r21_an_answer_that_was_given_stands_when_the_ticket_is_reopened() -> None:
    assert states(closed(hour=2), requested(hour=3), submitted(hour=4), reopened(hour=5)) == [(1, "answered")]


def test_r26_a_tickets_state_is_that_of_its_newest_closing() -> None:
    answered = (closed(hour=2), requested(hour=3), submitted(hour=4), reopened(hour=5))

    assert state(*answered, closed(hour=6, cycle=2, request_evaluation=False)) == "not_asked"
    assert state(closed(hour=6, cycle=2, request_evaluation=False), *reversed(answered)) == "not_asked"


def test_r15b_a_cycle_that_is_announced_twice_is_one_cycle() -> None:
    again = closed(hour=3, cycle=1, event_id=closing_id(9))

    assert states(closed(hour=2), again) == [(1, "waiting")]
    assert states(closed(hour=2), again, requested(hour=4), submitted(hour=5)) == [(1, "answered")]


def test_r21_closings_that_an_older_release_counted_alike_are_not_confused() -> None:
    events = (
        closed(hour=2, event_id=closing_id(1), cycle=1),
        closed(hour=6, event_id=closing_id(2), cycle=1),
        requested(hour=3, cycle=1),
        requested(hour=7, cycle=2),
        submitted(hour=8, cycle=2, score=2),
    )

    assert states(*events) == [(1, "waiting"), (1, "answered")]


@pytest.mark.parametrize("cycle", [1, None], ids=["by the closing it undoes", "by time, as the last release"])
def test_a_reopened_ticket_is_not_on_the_panel(cycle: int | None) -> None:
    pending = known(opened(), closed(hour=2), reopened(hour=5, cycle=cycle))

    assert (pending.status, pending.closing) == ("pending", None)
    assert of_ticket.take(pending, closed(hour=6, cycle=2)).status == "closed"


def test_a_reopening_undoes_the_closing_it_names_also_in_the_same_second_and_whatever_their_ids() -> None:
    for number in range(8):
        closing = closed(hour=5, event_id=closing_id(number))
        assert known(opened(), closing, reopened(hour=5)).status == "pending"
        assert known(opened(), closing, reopened(hour=5, cycle=None)).status == "pending"


def test_a_ticket_is_known_by_any_of_its_news() -> None:
    ticket = known(submitted(hour=4))

    assert (ticket.protocol, ticket.customer_id, ticket.opening) == (PROTOCOL, "ana", None)
    assert Ticket("t1").protocol is None


def test_r27_erasing_leaves_no_text_of_the_customer_and_keeps_the_score() -> None:
    ticket = of_ticket.erase(known(opened(), closed(hour=2), requested(hour=3), submitted(hour=4)))

    assert "Ana" not in str(ticket)
    [evaluation] = evaluations(ticket)
    assert (evaluation.score, evaluation.comment) == (4, None)


LIFE: list[Message] = [
    opened(),
    closed(hour=2, cycle=1),
    requested(hour=3, cycle=1),
    submitted(hour=4, cycle=1),
    reopened(hour=5, reason="Voltou a cair"),
    event(tickets.DefectFound, hour=5, defect_found="Conector rompido"),
    closed(hour=6, cycle=2),
    requested(hour=7, cycle=2),
    reopened(hour=7, cycle=2),
    withdrawn(hour=7, cycle=2),
    closed(hour=8, cycle=3),
    requested(hour=8, cycle=3),
    event(feedback.EvaluationExpired, hour=400, evaluation_id=evaluation_id(3)),
]


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=10))
def test_r26_any_order_and_repetition_ends_in_the_same_ticket(order: list[Message], repeated: list[Message]) -> None:
    reached = known(*order, *repeated)

    assert reached == known(*LIFE)
    assert [one.state for one in evaluations(reached)] == ["answered", "withdrawn", "expired"]
