"""What operators see (R26): the state of each closing's evaluation, whatever order the news comes in."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from contracts import feedback, tickets
from contracts.message import Message
from mk.domain import ticket as mirror
from mk.domain.ticket import Ticket
from tests.mk.life import PROTOCOL, closed, closing_id, evaluation_id, failed, opened, requested, submitted, told


def heard(*messages: Message) -> Ticket:
    return reduce(mirror.hear, messages, Ticket("t1"))


def state(*messages: Message) -> str:
    return mirror.evaluations(heard(opened(), *messages))[-1].state


def test_r26_a_closing_that_did_not_ask_says_so() -> None:
    assert state(closed(hour=2, request_evaluation=False)) == "not_asked"
    assert state(closed(hour=2, automatic=True)) == "not_asked"


def test_r26_a_closing_that_asked_waits_even_before_the_request_is_told() -> None:
    assert state(closed(hour=2)) == "waiting"
    assert state(closed(hour=2), requested(hour=3)) == "waiting"


def test_r26_an_answer_shows_its_score_and_its_comment() -> None:
    [answered] = mirror.evaluations(heard(opened(), closed(hour=2), requested(hour=3), submitted(hour=4, score=4)))

    assert (answered.state, answered.score, answered.comment) == ("answered", 4, "Bom, mas demorou")
    assert (answered.evaluation_id, answered.channel) == (evaluation_id(1), "link")


def test_r26_an_evaluation_that_nobody_answered_expired() -> None:
    expired = told(feedback.EvaluationExpired, hour=400, evaluation_id=evaluation_id(1))

    assert state(closed(hour=2), requested(hour=3), expired) == "expired"


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


def test_r21_every_closing_has_its_own_evaluation_and_history_is_kept() -> None:
    ticket = heard(
        opened(),
        closed(hour=2, cycle=1),
        requested(hour=3, cycle=1),
        submitted(hour=4, cycle=1),
        told(tickets.TicketReopened, hour=5),
        closed(hour=6, cycle=2),
        requested(hour=7, cycle=2),
    )

    assert [(one.cycle, one.state) for one in mirror.evaluations(ticket)] == [(1, "answered"), (2, "waiting")]


def test_r26_closings_that_were_counted_alike_are_not_confused() -> None:
    ticket = heard(
        opened(),
        closed(hour=2, event_id=closing_id(1), cycle=1),
        closed(hour=6, event_id=closing_id(2), cycle=1),
        requested(hour=3, cycle=1),
        requested(hour=7, cycle=2),
        submitted(hour=8, cycle=2, score=2),
    )

    assert [one.state for one in mirror.evaluations(ticket)] == ["waiting", "answered"]


def test_a_reopened_ticket_is_not_on_the_panel() -> None:
    reopened = heard(opened(), closed(hour=2), told(tickets.TicketReopened, hour=5))

    assert reopened.status == "pending"
    assert reopened.closing is None
    assert mirror.hear(reopened, closed(hour=6, cycle=2)).status == "closed"


def test_a_ticket_is_known_by_any_of_its_news() -> None:
    ticket = heard(submitted(hour=4))

    assert (ticket.protocol, ticket.customer_id, ticket.opening) == (PROTOCOL, "ana", None)
    assert Ticket("t1").protocol is None


def test_r27_erasing_leaves_no_text_of_the_customer_and_keeps_the_score() -> None:
    ticket = mirror.erase(heard(opened(), closed(hour=2), requested(hour=3), submitted(hour=4)))

    assert "Ana" not in str(ticket)
    [evaluation] = mirror.evaluations(ticket)
    assert (evaluation.score, evaluation.comment) == (4, None)


STORY: list[Message] = [
    opened(),
    closed(hour=2, cycle=1),
    requested(hour=3, cycle=1),
    submitted(hour=4, cycle=1),
    told(tickets.TicketReopened, hour=5, reason="Voltou a cair"),
    told(tickets.DefectFound, hour=5, defect_found="Conector rompido"),
    closed(hour=6, cycle=2),
    requested(hour=7, cycle=2),
    told(feedback.EvaluationExpired, hour=400, evaluation_id=evaluation_id(2)),
]


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=10))
def test_any_order_and_repetition_ends_in_the_same_ticket(order: list[Message], repeated: list[Message]) -> None:
    reached = heard(*order, *repeated)

    assert reached == heard(*STORY)
    assert [one.state for one in mirror.evaluations(reached)] == ["answered", "expired"]
