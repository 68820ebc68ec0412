"""What feedback does, as one service on fakes: no broker, no database, a clock that the tests set."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import feedback, mk
from contracts.notifier import EvaluationAnswered
from contracts.requests import (
    GetEvaluation,
    ListEvaluations,
    OpenEvaluationLink,
    SubmitEvaluation,
    SubmitEvaluationByLink,
)
from services.feedback.domain import Evaluation
from services.feedback.errors import PERMANENT
from tests.services.feedback.closings import A_DAY, a_closing, a_reopening
from tests.services.feedback.whole import Whole
from tests.system import LONG_AGO, emitted


@pytest.fixture
def service() -> Whole:
    return Whole()


def rating(evaluation_id: UUID, score: int = 5, comment: str | None = None, by: str = "ana") -> SubmitEvaluation:
    return SubmitEvaluation(
        request_id=uuid4(), customer_id=by, evaluation_id=evaluation_id, score=score, comment=comment
    )


def look(evaluation_id: UUID, by: str = "ana") -> GetEvaluation:
    return GetEvaluation(request_id=uuid4(), customer_id=by, evaluation_id=evaluation_id)


def pending() -> ListEvaluations:
    return ListEvaluations(request_id=uuid4(), customer_id="ana")


def opening(link: str) -> OpenEvaluationLink:
    return OpenEvaluationLink(request_id=uuid4(), token=link.rsplit("/", 1)[1])


def rating_by(link: str, score: int = 5) -> SubmitEvaluationByLink:
    return SubmitEvaluationByLink(request_id=uuid4(), token=link.rsplit("/", 1)[1], score=score)


async def test_r21_a_closing_with_the_tick_asks_and_its_customer_answers(service: Whole) -> None:
    await service.receive(a_closing())
    request = service.request()

    listed = (await service.answer(pending()))[0]
    rated = await service.answer(rating(request.evaluation_id, 4, " Bom, mas demorou "))

    assert (listed.evaluation_id, listed.expires_at) == (request.evaluation_id, LONG_AGO + 14 * A_DAY)
    assert (rated.score, rated.created) == (4, True)
    [submitted] = service.emitted(feedback.EvaluationSubmitted)
    assert (submitted.score, submitted.comment, submitted.channel) == (4, "Bom, mas demorou", "sac_plus")
    assert await service.answer(pending()) == []


async def test_r21_without_the_tick_or_by_the_machine_nobody_is_asked(service: Whole) -> None:
    await service.receive(a_closing(request_evaluation=False), a_closing(automatic=True))

    assert service.evaluations.emitted == []
    assert service.evaluations.kept == {}


async def test_r21_a_second_closing_of_one_cycle_opens_no_second_evaluation(service: Whole) -> None:
    await service.receive(a_closing(cycle=1), a_closing(cycle=1))

    assert len(service.emitted(feedback.EvaluationRequested)) == 1
    listed = await service.answer(pending())
    assert len(listed) == 1


async def test_r21_two_cycles_that_one_event_closed_are_asked_about_each_also_at_once(service: Whole) -> None:
    first = a_closing(cycle=1)
    second = first.model_copy(update={"cycle": 2, "event_id": uuid4()})

    async def not_known_yet(_ticket_id: str) -> list[Evaluation]:
        return []

    service.evaluations.of_ticket = not_known_yet  # type: ignore[assignment, method-assign]
    await service.receive(first, second, second)

    requests = service.emitted(feedback.EvaluationRequested)
    assert [request.cycle for request in requests] == [1, 2]
    assert len({request.evaluation_id for request in requests}) == 2


async def test_r21_a_reopening_withdraws_the_open_question_and_says_so_once(service: Whole) -> None:
    reopening = a_reopening(cycle=1)

    await service.receive(a_closing(), reopening, reopening)

    [withdrawn] = service.emitted(feedback.EvaluationWithdrawn)
    assert (withdrawn.evaluation_id, withdrawn.cause_id) == (service.request().evaluation_id, reopening.event_id)
    assert await service.answer(pending()) == []


async def test_r21_what_was_reopened_before_its_closing_arrived_is_withdrawn_without_asking(service: Whole) -> None:
    closing, reopening = a_closing(), a_reopening(cycle=1)

    await service.receive(reopening, closing, closing)

    assert service.emitted(feedback.EvaluationRequested) == []
    [withdrawn] = service.emitted(feedback.EvaluationWithdrawn)
    assert withdrawn.cause_id == reopening.event_id
    assert (await service.answer(look(withdrawn.evaluation_id))).state == "withdrawn"


async def test_r21_a_reopening_that_comes_in_the_midst_of_the_asking_withdraws_it(service: Whole) -> None:
    reopening = a_reopening(cycle=1)
    reopenings = service.evaluations.reopenings
    asked_for = 0

    async def come_in_between(ticket_id: str) -> object:
        nonlocal asked_for
        known = await reopenings(ticket_id)
        asked_for += 1
        if asked_for == 1:
            await service.receive(reopening)
        return known

    service.evaluations.reopenings = come_in_between  # type: ignore[assignment, method-assign]
    await service.receive(a_closing())

    assert len(service.emitted(feedback.EvaluationWithdrawn)) == 1


async def test_r21_answering_a_withdrawn_one_leads_to_the_newest_open_one(service: Whole) -> None:
    await service.receive(a_closing(cycle=1), a_reopening(cycle=1), a_closing(cycle=2))
    old, new = service.request(1), service.request(2)

    by_app = await service.problem(rating(old.evaluation_id))
    by_link = await service.problem(rating_by(old.link))

    assert (by_app.status, by_app.type) == (410, "urn:atendo:problem:evaluation-withdrawn")
    assert by_app.newest == str(new.evaluation_id)
    assert (by_link.status, by_link.type, by_link.newest) == (410, by_app.type, new.link)
    assert service.emitted(feedback.EvaluationSubmitted) == []


async def test_r21_a_withdrawn_one_without_a_newer_one_leads_nowhere(service: Whole) -> None:
    await service.receive(a_closing(), a_reopening())

    problem = await service.problem(rating(service.request().evaluation_id))

    assert problem.status == 410
    assert "newest" not in problem.model_dump(exclude_none=True)


async def test_r21_page_and_screen_say_that_it_is_withdrawn_and_lead_to_the_newest(service: Whole) -> None:
    await service.receive(a_closing(cycle=1), a_reopening(cycle=1), a_closing(cycle=2))
    old, new = service.request(1), service.request(2)

    screen = await service.answer(look(old.evaluation_id))
    page = await service.answer(opening(old.link))

    assert (screen.state, screen.newest) == ("withdrawn", new.evaluation_id)
    assert (page.state, page.newest) == ("withdrawn", new.link)


async def test_r21_an_answer_already_given_stands_through_a_reopening(service: Whole) -> None:
    await service.receive(a_closing())
    evaluation_id = service.request().evaluation_id
    await service.answer(rating(evaluation_id, 3, "Demorou"))

    await service.receive(a_reopening())

    shown = await service.answer(look(evaluation_id))
    assert (shown.state, shown.score, shown.comment) == ("answered", 3, "Demorou")
    assert service.emitted(feedback.EvaluationWithdrawn) == []
    assert (await service.answer(rating(evaluation_id, 3, "Demorou"))).created is False


async def test_a_foreign_evaluation_looks_like_one_that_does_not_exist(service: Whole) -> None:
    await service.receive(a_closing())
    evaluation_id = service.request().evaluation_id

    assert await service.problem(look(evaluation_id, by="rui")) == await service.problem(look(uuid4()))
    assert await service.problem(rating(evaluation_id, by="rui")) == await service.problem(rating(uuid4()))
    assert (await service.problem(look(uuid4()))).status == 404


async def test_r24_a_try_again_with_the_same_answer_succeeds_and_with_another_score_is_refused(service: Whole) -> None:
    await service.receive(a_closing())
    evaluation_id = service.request().evaluation_id

    first = await service.answer(rating(evaluation_id, 5))
    again = await service.answer(rating(evaluation_id, 5, " \u200b "))
    other = await service.problem(rating(evaluation_id, 1, "Ruim"))

    assert (first.created, again.created) == (True, False)
    assert (other.status, other.type) == (409, "urn:atendo:problem:already-answered")
    assert len(service.emitted(feedback.EvaluationSubmitted)) == 1


@pytest.mark.parametrize("comment", [None, " ", "\u200b", "\u3164", "\u2800"])
async def test_r22_a_comment_that_nobody_can_see_is_none_in_the_app_and_by_the_link(
    service: Whole, comment: str | None
) -> None:
    await service.receive(a_closing())
    request = service.request()
    by_link = rating_by(request.link, 2).model_copy(update={"comment": comment})

    problems = [await service.problem(rating(request.evaluation_id, 2, comment)), await service.problem(by_link)]

    assert [(one.status, one.type) for one in problems] == [(422, "urn:atendo:problem:comment-required")] * 2
    assert [one.errors[0].field for one in problems if one.errors] == ["comment", "comment"]


async def test_r24_one_reminder_after_three_days_and_the_end_after_fourteen(service: Whole) -> None:
    await service.receive(a_closing())
    request = service.request()

    await service.let_pass(3 * A_DAY)
    await service.let_pass(timedelta(0))
    await service.let_pass(11 * A_DAY)
    await service.let_pass(A_DAY)

    [reminded], [expired] = service.emitted(feedback.EvaluationReminded), service.emitted(feedback.EvaluationExpired)
    assert reminded.correlation_id == expired.correlation_id == request.correlation_id
    problem = await service.problem(rating(request.evaluation_id))
    assert (problem.status, problem.type) == (410, "urn:atendo:problem:evaluation-expired")
    assert (await service.answer(opening(request.link))).state == "expired"


async def test_r24_a_withdrawn_question_is_neither_reminded_nor_expired(service: Whole) -> None:
    await service.receive(a_closing(), a_reopening())

    await service.let_pass(4 * A_DAY)
    await service.let_pass(14 * A_DAY)

    assert service.emitted(feedback.EvaluationReminded) == []
    assert service.emitted(feedback.EvaluationExpired) == []


async def test_r23_opening_the_link_records_nothing_and_answering_by_it_does(service: Whole) -> None:
    await service.receive(a_closing())
    link = service.request().link
    before = dict(service.evaluations.kept)

    opened = await service.answer(opening(link))
    unchanged = service.evaluations.kept == before
    await service.answer(rating_by(link))
    afterwards = await service.answer(opening(link))

    assert (opened.state, unchanged) == ("open", True)
    assert (afterwards.state, afterwards.score) == ("answered", 5)
    assert service.emitted(feedback.EvaluationSubmitted)[0].channel == "link"


async def test_r23_a_forged_link_is_refused_for_reading_and_for_answering(service: Whole) -> None:
    forged = f"https://sac.provedor.example/avaliacao/{uuid4()}.{'A' * 43}"

    opened, answered = await service.problem(opening(forged)), await service.problem(rating_by(forged))

    assert opened == answered
    assert (opened.status, opened.type) == (404, "urn:atendo:problem:link-invalid")


async def test_r27_an_erased_customers_comments_go_and_scores_stay_whatever_comes_first(service: Whole) -> None:
    await service.receive(a_closing(cycle=1), a_closing(cycle=2))
    before, after = service.request(1).evaluation_id, service.request(2).evaluation_id
    await service.answer(rating(before, 2, "Sou a Ana"))

    await service.receive(emitted(mk.CustomerErased, customer_id="ana"))
    await service.answer(rating(after, 3, "Ainda sou a Ana"))

    kept = service.evaluations.kept
    assert [(kept[one].answer.score, kept[one].answer.comment) for one in (before, after)] == [(2, None), (3, None)]  # type: ignore[union-attr]
    assert service.emitted(feedback.EvaluationSubmitted)[-1].comment is None


def answered_in_chat(
    service: Whole, score: int = 5, comment: str | None = None, *, by: str = "ana", cycle: int = 1
) -> EvaluationAnswered:
    """An answer that was given in a chat."""
    return emitted(
        EvaluationAnswered,
        evaluation_id=service.request(cycle).evaluation_id,
        customer_id=by,
        score=score,
        comment=comment,
        reply_to="700001",
    )


async def test_r23_an_answer_in_a_chat_is_recorded_with_its_channel(service: Whole) -> None:
    await service.receive(a_closing())

    await service.receive(answered_in_chat(service, 4, "Demorou"))

    (submitted,) = service.emitted(feedback.EvaluationSubmitted)
    assert (submitted.score, submitted.comment, submitted.channel) == (4, "Demorou", "telegram")
    assert service.emitted(feedback.EvaluationRefused) == []


async def test_r24_the_same_answer_in_a_chat_again_is_no_refusal(service: Whole) -> None:
    await service.receive(a_closing())
    answer = answered_in_chat(service, 5)

    await service.receive(answer, answer, answered_in_chat(service, 5))

    assert len(service.emitted(feedback.EvaluationSubmitted)) == 1
    assert service.emitted(feedback.EvaluationRefused) == []


async def test_r24_another_answer_in_a_chat_is_refused_once(service: Whole) -> None:
    await service.receive(a_closing())
    await service.receive(answered_in_chat(service, 5))
    other = answered_in_chat(service, 1, "Demorou")

    await service.receive(other, other)

    (refused,) = service.emitted(feedback.EvaluationRefused)
    assert (refused.reason, refused.customer_id, refused.reply_to) == ("already_answered", "ana", "700001")
    assert len(service.emitted(feedback.EvaluationSubmitted)) == 1


async def test_r22_the_chat_is_no_way_around_the_comment(service: Whole) -> None:
    await service.receive(a_closing())

    await service.receive(answered_in_chat(service, 4, "\u3164"))

    assert [one.reason for one in service.emitted(feedback.EvaluationRefused)] == ["comment_required"]


async def test_r24_an_answer_in_a_chat_that_comes_too_late_is_refused(service: Whole) -> None:
    await service.receive(a_closing())
    service.now += timedelta(days=15)

    await service.receive(answered_in_chat(service))

    assert [one.reason for one in service.emitted(feedback.EvaluationRefused)] == ["expired"]


async def test_r21_an_answer_in_a_chat_to_a_withdrawn_question_is_refused(service: Whole) -> None:
    await service.receive(a_closing(), a_reopening())

    await service.receive(answered_in_chat(service))

    assert [one.reason for one in service.emitted(feedback.EvaluationRefused)] == ["withdrawn"]


@pytest.mark.parametrize("wrong", [{"by": "bia"}, {"score": 6}, {"comment": "x" * 2001, "score": 1}])
async def test_what_no_chat_lets_pass_is_nobodys_answer(service: Whole, wrong: dict[str, Any]) -> None:
    await service.receive(a_closing())

    with pytest.raises(PERMANENT):
        await service.receive(answered_in_chat(service, **wrong))

    assert service.emitted(feedback.EvaluationSubmitted) == []
