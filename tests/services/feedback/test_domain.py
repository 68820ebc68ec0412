"""The rules of evaluations (R21 to R25, R27), one sentence each."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from contracts import feedback, tickets
from contracts.message import Message
from contracts.requests import SubmitEvaluation
from services.feedback import domain
from services.feedback.domain import (
    AlreadyAnswered,
    Answer,
    CommentRequired,
    CommentTooLong,
    Evaluation,
    Expired,
    Responsible,
    ScoreOutOfRange,
    Snapshot,
    Terms,
)
from tests.services.feedback.closings import A_DAY, A_DAY_LATER, a_closing
from tests.system import LONG_AGO

LINK = "https://sac.provedor.example/avaliacao/x"


def an_evaluation(closing: tickets.TicketClosed | None = None) -> Evaluation:
    opened, _ = domain.open_evaluation(closing or a_closing(), terms=Terms(), link=LINK, now=LONG_AGO)
    return opened


def submit(evaluation: Evaluation, given: Answer, *, day: int = 1) -> tuple[Evaluation, list[Message]]:
    command = SubmitEvaluation(
        request_id=uuid4(), customer_id="ana", evaluation_id=evaluation.id, score=given.score, comment=given.comment
    )
    return domain.submit(evaluation, given, channel="sac_plus", cause=command, now=LONG_AGO + day * A_DAY)


def test_r21_only_what_the_operator_ticked_is_asked() -> None:
    assert domain.is_asked(a_closing(request_evaluation=True))
    assert not domain.is_asked(a_closing(request_evaluation=False))


def test_r21_an_automatic_closing_never_asks() -> None:
    assert not domain.is_asked(a_closing(request_evaluation=True, automatic=True))


def test_r21_one_evaluation_per_closing_however_it_is_told() -> None:
    closing = a_closing()
    told_again = closing.model_copy(update={"event_id": uuid4(), "cycle": 2})
    another = a_closing()

    assert domain.evaluation_id(closing) == domain.evaluation_id(told_again)
    assert domain.evaluation_id(closing) != domain.evaluation_id(another)


def test_r21_a_closing_without_a_cause_counts_by_its_own_id() -> None:
    closing = a_closing(cause_id=None)

    assert domain.evaluation_id(closing) == domain.evaluation_id(closing.model_copy())
    assert domain.evaluation_id(closing) != domain.evaluation_id(a_closing(cause_id=None))


def test_r24_the_request_tells_until_when_and_where() -> None:
    closing = a_closing(cycle=2)

    _, [request] = domain.open_evaluation(closing, terms=Terms(), link=LINK, now=A_DAY_LATER)

    assert isinstance(request, feedback.EvaluationRequested)
    assert request.expires_at == LONG_AGO + 14 * A_DAY
    assert request.link == LINK
    assert request.cycle == 2
    assert request.cause_id == closing.event_id
    assert request.occurred_at == A_DAY_LATER


def test_the_request_never_comes_before_the_closing() -> None:
    closing = a_closing(closed_at=A_DAY_LATER)

    _, [request] = domain.open_evaluation(closing, terms=Terms(), link=LINK, now=LONG_AGO)

    assert request.occurred_at == A_DAY_LATER


def test_r25_sector_responsibles_and_closer_are_kept_as_they_were() -> None:
    carla = {"responsible_id": "7", "name": "Carla", "team": "Campo"}

    evaluation = an_evaluation(a_closing(sector_id="tecnico", closed_by="bruno", responsibles=[carla]))

    assert evaluation.snapshot == Snapshot("bruno", "tecnico", (Responsible("7", "Carla", "Campo"),))


@pytest.mark.parametrize("score", [-1, 0, 6, 100])
def test_r22_a_score_is_one_to_five(score: int) -> None:
    with pytest.raises(ScoreOutOfRange):
        domain.answer(score, "Bom")


@pytest.mark.parametrize("score", [1, 2, 3, 4])
@pytest.mark.parametrize("comment", [None, "", "  \n\t "])
def test_r22_comment_is_required_below_five(score: int, comment: str | None) -> None:
    evaluation = an_evaluation()

    with pytest.raises(CommentRequired):
        submit(evaluation, domain.answer(score, comment))


def test_r22_comment_is_optional_for_five() -> None:
    evaluation, [event] = submit(an_evaluation(), domain.answer(5, "   "))

    assert evaluation.answer == Answer(5, None)
    assert isinstance(event, feedback.EvaluationSubmitted)
    assert event.comment is None


def test_r22_a_comment_has_2000_characters_at_most_after_trimming() -> None:
    assert domain.answer(1, f"  {'é' * 2000}\n").comment == "é" * 2000
    with pytest.raises(CommentTooLong):
        domain.answer(5, "é" * 2001)


def test_r24_the_first_answer_wins() -> None:
    evaluation, _ = submit(an_evaluation(), Answer(5))

    with pytest.raises(AlreadyAnswered):
        submit(evaluation, Answer(1, "Mudei de ideia"))


def test_r24_the_same_answer_again_is_the_same_success_and_says_nothing_twice() -> None:
    first, said_first = submit(an_evaluation(), domain.answer(3, "Demorou"))

    second, said_again = submit(first, domain.answer(3, " Demorou "), day=30)

    assert second == first
    assert len(said_first) == 1
    assert said_again == []


def test_r24_another_comment_is_another_answer() -> None:
    evaluation, _ = submit(an_evaluation(), Answer(3, "Demorou"))

    with pytest.raises(AlreadyAnswered):
        submit(evaluation, Answer(3, "Demorou muito"))


def test_r24_an_evaluation_expires_on_the_minute_even_if_nobody_noticed() -> None:
    evaluation = an_evaluation()
    last_moment = evaluation.expires_at - timedelta(milliseconds=1)

    assert evaluation.state(last_moment) == "waiting"
    assert evaluation.state(evaluation.expires_at) == "expired"
    with pytest.raises(Expired):
        submit(evaluation, Answer(5), day=14)


def test_r24_one_reminder_then_the_end() -> None:
    evaluation = an_evaluation()

    early, nothing = domain.pass_time(evaluation, now=LONG_AGO + 3 * A_DAY - timedelta(seconds=1))
    reminded, reminder = domain.pass_time(early, now=LONG_AGO + 3 * A_DAY)
    still, silence = domain.pass_time(reminded, now=LONG_AGO + 13 * A_DAY)
    expired, end = domain.pass_time(still, now=LONG_AGO + 14 * A_DAY)
    _, after = domain.pass_time(expired, now=LONG_AGO + 99 * A_DAY)

    assert [nothing, silence, after] == [[], [], []]
    assert [type(event) for event in reminder] == [feedback.EvaluationReminded]
    assert [type(event) for event in end] == [feedback.EvaluationExpired]
    assert expired.state(LONG_AGO) == "expired"


def test_r24_what_is_late_expires_without_a_reminder() -> None:
    _, events = domain.pass_time(an_evaluation(), now=LONG_AGO + 20 * A_DAY)

    assert [type(event) for event in events] == [feedback.EvaluationExpired]


def test_r24_an_answered_evaluation_is_neither_reminded_nor_expired() -> None:
    answered, _ = submit(an_evaluation(), Answer(5))

    assert answered.due_at is None
    assert domain.pass_time(answered, now=LONG_AGO + 20 * A_DAY) == (answered, [])


def test_what_the_clock_brings_has_the_same_id_in_every_replica() -> None:
    evaluation = an_evaluation()

    _, [here] = domain.pass_time(evaluation, now=LONG_AGO + 4 * A_DAY)
    _, [there] = domain.pass_time(evaluation, now=LONG_AGO + 5 * A_DAY)

    assert here.event_id == there.event_id
    assert here.cause_id == evaluation.requested.event_id


def test_only_waiting_evaluations_are_pending_the_most_urgent_first() -> None:
    urgent, later = an_evaluation(), an_evaluation(a_closing(closed_at=A_DAY_LATER))
    answered, _ = submit(an_evaluation(), Answer(5))
    expired = an_evaluation(a_closing(closed_at=LONG_AGO - 14 * A_DAY))

    assert domain.pending([later, answered, expired, urgent], now=A_DAY_LATER) == [urgent, later]


def test_r27_erasing_removes_the_comment_and_keeps_the_score() -> None:
    answered, _ = submit(an_evaluation(), Answer(2, "Ligue para 11 99999-0000"))

    assert domain.erase(answered).answer == Answer(2, None)


def test_r27_the_answer_of_an_erased_customer_keeps_no_comment_and_is_still_the_same_again() -> None:
    erased = domain.erase(an_evaluation())

    answered, [event] = submit(erased, Answer(2, "Sou a Ana"))
    again, silence = submit(answered, Answer(2, "Sou a Ana"))

    assert isinstance(event, feedback.EvaluationSubmitted)
    assert event.comment is None
    assert answered.answer == Answer(2, None)
    assert (again, silence) == (answered, [])


def test_r27_an_erased_customer_is_not_reminded_but_the_evaluation_ends() -> None:
    erased = domain.erase(an_evaluation())

    assert domain.pass_time(erased, now=LONG_AGO + 4 * A_DAY) == (erased, [])
    assert domain.pass_time(erased, now=LONG_AGO + 14 * A_DAY)[0] == replace(erased, expired=True)
