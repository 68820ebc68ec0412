"""The rules of evaluations (R21 to R25, R27), one sentence each."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4, uuid5

import pytest

from contracts import feedback, tickets
from contracts.message import Draft, Emitted
from services.feedback import domain
from services.feedback.answer import Answer
from services.feedback.domain import Evaluation, Responsible, Snapshot, Terms
from services.feedback.errors import (
    AlreadyAnswered,
    CommentRequired,
    CommentTooLong,
    EvaluationExpired,
    EvaluationWithdrawn,
    ScoreOutOfRange,
)
from tests.services.feedback.closings import A_DAY, A_DAY_LATER, a_closing, a_reopening
from tests.system import LONG_AGO

LINK = "https://sac.provedor.example/avaliacao/x"


def opened(closing: tickets.TicketClosed, *, now: datetime = LONG_AGO) -> tuple[Evaluation, Draft]:
    evaluation, [request] = domain.open_evaluation(
        closing, domain.named_after_event(closing), terms=Terms(), link=LINK, now=now
    )
    assert isinstance(request, Draft)
    return evaluation, request


def an_evaluation(closing: tickets.TicketClosed | None = None) -> Evaluation:
    evaluation, _ = opened(closing or a_closing())
    return evaluation


def submit(evaluation: Evaluation, given: Answer, *, day: int = 1) -> tuple[Evaluation, list[Emitted]]:
    return domain.submit(evaluation, given, channel="sac_plus", now=LONG_AGO + day * A_DAY)


def withdraw(evaluation: Evaluation, *reopenings: tickets.TicketReopened) -> tuple[Evaluation, list[Emitted]]:
    return domain.withdraw(evaluation, reopenings, now=A_DAY_LATER)


def kinds(emitted: list[Emitted]) -> list[type]:
    return [one.of if isinstance(one, Draft) else type(one) for one in emitted]


def test_r21_only_what_the_operator_ticked_is_asked() -> None:
    assert domain.is_asked(a_closing(request_evaluation=True))
    assert not domain.is_asked(a_closing(request_evaluation=False))


def test_r21_an_automatic_closing_never_asks() -> None:
    assert not domain.is_asked(a_closing(request_evaluation=True, automatic=True))


def test_r21_a_ticket_has_one_evaluation_per_cycle_whichever_event_closes_it() -> None:
    first = an_evaluation(a_closing(cycle=1))
    closed_again = a_closing(cycle=1)

    assert domain.evaluation_id(closed_again, [first]) == first.id
    assert domain.evaluation_id(a_closing(cycle=2), [first]) != first.id
    assert domain.evaluation_id(a_closing(cycle=1, ticket_id="t2"), []) != first.id


def test_r21_one_event_that_closes_two_cycles_has_an_evaluation_of_each() -> None:
    closing = a_closing(cycle=1)
    first = an_evaluation(closing)
    next_cycle = closing.model_copy(update={"cycle": 2, "event_id": uuid4()})

    assert domain.evaluation_id(closing, []) == first.id
    assert domain.evaluation_id(next_cycle, [first]) == domain.named_after_cycle(next_cycle) != first.id


def test_r21_an_evaluation_is_named_as_release_0_1_names_it_so_that_both_may_run_side_by_side() -> None:
    closing = a_closing(cycle=1)

    assert closing.cause_id
    assert domain.evaluation_id(closing, []) == uuid5(closing.cause_id, "evaluation")


def test_r24_the_request_announces_until_when_and_where() -> None:
    evaluation, request = opened(a_closing(cycle=2), now=A_DAY_LATER)

    assert request.of is feedback.EvaluationRequested
    assert request.at == A_DAY_LATER
    assert request.fields["evaluation_id"] == evaluation.id
    assert request.fields["expires_at"] == LONG_AGO + 14 * A_DAY
    assert request.fields["link"] == LINK
    assert request.fields["cycle"] == 2


def test_the_request_never_comes_before_the_closing() -> None:
    _, request = opened(a_closing(closed_at=A_DAY_LATER), now=LONG_AGO)

    assert request.at == A_DAY_LATER


def test_r25_sector_responsibles_and_closer_are_kept_as_they_were() -> None:
    carla = {"responsible_id": "7", "name": "Carla", "team": "Campo"}

    evaluation = an_evaluation(a_closing(sector_id="tecnico", closed_by="bruno", responsibles=[carla]))

    assert evaluation.snapshot == Snapshot("bruno", "tecnico", (Responsible("7", "Carla", "Campo"),))


@pytest.mark.parametrize("score", [-1, 0, 6, 100])
def test_r22_a_score_is_one_to_five(score: int) -> None:
    with pytest.raises(ScoreOutOfRange):
        Answer.of(score, "Bom")


@pytest.mark.parametrize("score", [1, 2, 3, 4])
@pytest.mark.parametrize("comment", [None, "", "  \n\t ", "\u200b", "\u3164", "\u2800\ufe0f"])
def test_r22_comment_is_required_below_five(score: int, comment: str | None) -> None:
    evaluation = an_evaluation()

    with pytest.raises(CommentRequired):
        submit(evaluation, Answer.of(score, comment))


def test_r22_comment_is_optional_for_five() -> None:
    evaluation, [event] = submit(an_evaluation(), Answer.of(5, "   "))

    assert evaluation.answer == Answer(5, None)
    assert isinstance(event, Draft)
    assert event.fields["comment"] is None


def test_r22_a_comment_has_2000_characters_at_most_after_trimming() -> None:
    assert Answer.of(1, f"  {'é' * 2000}\u200b\n").comment == "é" * 2000
    with pytest.raises(CommentTooLong):
        Answer.of(5, "é" * 2001)


def test_r24_the_first_answer_wins() -> None:
    evaluation, _ = submit(an_evaluation(), Answer(5))

    with pytest.raises(AlreadyAnswered):
        submit(evaluation, Answer(1, "Mudei de ideia"))


def test_r24_the_same_answer_again_is_the_same_success_and_says_nothing_twice() -> None:
    first, said_first = submit(an_evaluation(), Answer.of(3, "Demorou"))

    second, said_again = submit(first, Answer.of(3, " Demorou "), day=30)

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

    assert evaluation.state(last_moment) == "open"
    assert evaluation.state(evaluation.expires_at) == "expired"
    with pytest.raises(EvaluationExpired):
        submit(evaluation, Answer(5), day=14)


def test_r24_one_reminder_then_the_end() -> None:
    evaluation = an_evaluation()

    early, nothing = domain.pass_time(evaluation, now=LONG_AGO + 3 * A_DAY - timedelta(seconds=1))
    reminded, reminder = domain.pass_time(early, now=LONG_AGO + 3 * A_DAY)
    still, silence = domain.pass_time(reminded, now=LONG_AGO + 13 * A_DAY)
    expired, end = domain.pass_time(still, now=LONG_AGO + 14 * A_DAY)
    _, after = domain.pass_time(expired, now=LONG_AGO + 99 * A_DAY)

    assert [nothing, silence, after] == [[], [], []]
    assert kinds(reminder) == [feedback.EvaluationReminded]
    assert kinds(end) == [feedback.EvaluationExpired]
    assert expired.state(LONG_AGO) == "expired"


def test_r24_what_is_late_expires_without_a_reminder() -> None:
    _, events = domain.pass_time(an_evaluation(), now=LONG_AGO + 20 * A_DAY)

    assert kinds(events) == [feedback.EvaluationExpired]


def test_r24_an_answered_evaluation_is_neither_reminded_nor_expired() -> None:
    answered, _ = submit(an_evaluation(), Answer(5))

    assert answered.due_at is None
    assert domain.pass_time(answered, now=LONG_AGO + 20 * A_DAY) == (answered, [])


def test_r21_a_reopening_withdraws_the_open_question_of_the_closing_that_it_undoes() -> None:
    withdrawn, [event] = withdraw(an_evaluation(), a_reopening(cycle=1))

    assert withdrawn.state(A_DAY_LATER) == "withdrawn"
    assert isinstance(event, feedback.EvaluationWithdrawn)
    assert (event.evaluation_id, event.cycle) == (withdrawn.id, 1)
    assert withdraw(withdrawn, a_reopening(cycle=1)) == (withdrawn, [])


def test_r21_a_reopening_leaves_the_other_cycles_alone() -> None:
    evaluation = an_evaluation(a_closing(cycle=2))

    assert withdraw(evaluation, a_reopening(cycle=1)) == (evaluation, [])


def test_r21_an_answer_already_given_stands() -> None:
    answered, _ = submit(an_evaluation(), Answer(5))

    assert withdraw(answered, a_reopening()) == (answered, [])


def test_r21_a_withdrawn_question_takes_no_answer() -> None:
    withdrawn, _ = withdraw(an_evaluation(), a_reopening())

    with pytest.raises(EvaluationWithdrawn):
        submit(withdrawn, Answer(5))


def test_r21_a_reopening_of_release_0_1_undoes_what_was_closed_before_it() -> None:
    unnamed = a_reopening(cycle=None, at=LONG_AGO + timedelta(hours=1))

    assert domain.undoes(unnamed, an_evaluation(a_closing(closed_at=LONG_AGO)))
    assert domain.undoes(unnamed, an_evaluation(a_closing(closed_at=LONG_AGO + timedelta(hours=1))))
    assert not domain.undoes(unnamed, an_evaluation(a_closing(closed_at=LONG_AGO + timedelta(hours=2))))


def test_r21_one_reopening_that_undoes_two_closings_emits_two_events() -> None:
    unnamed = a_reopening(cycle=None, at=A_DAY_LATER)

    _, [first] = withdraw(an_evaluation(a_closing(cycle=1)), unnamed)
    _, [second] = withdraw(an_evaluation(a_closing(cycle=2)), unnamed)

    assert isinstance(first, feedback.EvaluationWithdrawn)
    assert isinstance(second, feedback.EvaluationWithdrawn)
    assert first.event_id != second.event_id


def test_r24_what_had_expired_when_the_ticket_was_reopened_stays_expired() -> None:
    evaluation = an_evaluation()

    assert withdraw(evaluation, a_reopening(at=evaluation.expires_at)) == (evaluation, [])


def test_r24_a_withdrawn_evaluation_is_neither_reminded_nor_expired() -> None:
    withdrawn, _ = withdraw(an_evaluation(), a_reopening())

    assert withdrawn.due_at is None
    assert domain.pass_time(withdrawn, now=LONG_AGO + 20 * A_DAY) == (withdrawn, [])


def test_r21_the_newest_open_one_takes_the_place_of_a_withdrawn_one() -> None:
    withdrawn, _ = withdraw(an_evaluation(a_closing(cycle=1)), a_reopening(cycle=1))
    second, third = an_evaluation(a_closing(cycle=2)), an_evaluation(a_closing(cycle=3))
    answered, _ = submit(an_evaluation(a_closing(cycle=4)), Answer(5))

    assert domain.newest_open([withdrawn, third, second, answered], now=A_DAY_LATER) == third
    assert domain.newest_open([withdrawn, answered], now=A_DAY_LATER) is None


def test_only_open_evaluations_are_pending_the_most_urgent_first() -> None:
    urgent, later = an_evaluation(), an_evaluation(a_closing(cycle=2, closed_at=A_DAY_LATER))
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

    assert isinstance(event, Draft)
    assert event.fields["comment"] is None
    assert answered.answer == Answer(2, None)
    assert (again, silence) == (answered, [])


def test_r27_an_erased_customer_is_not_reminded_but_the_evaluation_ends() -> None:
    erased = domain.erase(an_evaluation())

    assert domain.pass_time(erased, now=LONG_AGO + 4 * A_DAY) == (erased, [])
    assert domain.pass_time(erased, now=LONG_AGO + 14 * A_DAY)[0] == replace(erased, expired=True)
