"""Whatever order closings, reopenings and answers come in, and however often: the same evaluations, the same events."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from contracts import feedback, tickets
from contracts.message import Message
from contracts.requests import SubmitEvaluation
from services.feedback import domain
from services.feedback.answer import Answer
from services.feedback.domain import Evaluation
from services.feedback.errors import Refusal
from tests.services.feedback.closings import a_closing, a_reopening
from tests.services.feedback.whole import Whole
from tests.system import LONG_AGO

HOUR = timedelta(hours=1)
CYCLES = (1, 2, 3, 4)
CLOSINGS = [
    a_closing(cycle=cycle, closed_at=LONG_AGO + 2 * cycle * HOUR, request_evaluation=cycle != 3) for cycle in CYCLES
]
"""Four closings; the third asks nobody."""

CLOSED_AGAIN = [closing.model_copy(update={"event_id": uuid5(closing.event_id, "again")}) for closing in CLOSINGS]
"""Other events that close the same cycles."""

REOPENINGS = [a_reopening(cycle=cycle, at=LONG_AGO + (2 * cycle + 1) * HOUR) for cycle in CYCLES[:-1]]
OF_RELEASE_0_1 = [reopening.model_copy(update={"cycle": None}) for reopening in REOPENINGS]

ANSWERS = [
    SubmitEvaluation(
        request_id=uuid5(NAMESPACE_OID, f"answer {closing.cycle}"),
        customer_id="ana",
        evaluation_id=domain.evaluation_id(closing, []),
        score=closing.cycle,
        comment="Podia ser melhor",
    )
    for closing in CLOSINGS
]

Step = Message | SubmitEvaluation


async def play(steps: Sequence[Step]) -> Whole:
    service = Whole()
    service.now = LONG_AGO + timedelta(days=1)
    for step in steps:
        if isinstance(step, SubmitEvaluation):
            # an answer that comes before its evaluation is sent again by the customer
            with contextlib.suppress(Refusal):
                await service.answer(step)
        else:
            await service.receive(step)
    return service


def essence(service: Whole) -> dict[UUID, Evaluation]:
    return service.evaluations.kept


def ids_of(service: Whole, *types: type[Message]) -> list[UUID]:
    return sorted(event.event_id for event in service.evaluations.emitted if isinstance(event, types))


@given(st.lists(st.sampled_from([*CLOSINGS, *ANSWERS]), max_size=24), st.permutations(CLOSINGS))
async def test_r21_any_order_and_repetition_of_closings_and_answers_ends_alike(
    noise: list[Step], closings: list[tickets.TicketClosed]
) -> None:
    expected = await play([*CLOSINGS, *ANSWERS])

    reached = await play([*noise, *closings, *ANSWERS, *noise])

    assert essence(reached) == essence(expected)
    assert ids_of(reached, Message) == ids_of(expected, Message)
    assert len(set(ids_of(reached, Message))) == 6


@given(st.data(), st.sampled_from([REOPENINGS, OF_RELEASE_0_1]))
async def test_r21_any_order_and_repetition_of_closings_and_reopenings_ends_alike(
    data: st.DataObject, reopenings: list[tickets.TicketReopened]
) -> None:
    story = [event for pair in zip(CLOSINGS, [*reopenings, None], strict=True) for event in pair if event]
    expected = await play(story)

    shuffled = data.draw(st.permutations(story))
    noise = data.draw(st.lists(st.sampled_from([*story, *CLOSED_AGAIN]), max_size=12))
    reached = await play([*shuffled, *noise])

    assert essence(reached) == essence(expected)
    assert [one.state(reached.now) for one in by_cycle(reached)] == ["withdrawn", "withdrawn", "open"]
    # each withdrawal is announced once, with one and the same id unless several reopenings undo one closing
    withdrawn = reached.emitted(feedback.EvaluationWithdrawn)
    assert sorted(one.cycle for one in withdrawn) == [1, 2]
    if reopenings is REOPENINGS:
        assert ids_of(reached, feedback.EvaluationWithdrawn) == ids_of(expected, feedback.EvaluationWithdrawn)
    # nobody is asked twice, and what is open was asked
    asked = [one.cycle for one in reached.emitted(feedback.EvaluationRequested)]
    assert len(asked) == len(set(asked))
    assert 4 in asked


def by_cycle(service: Whole) -> list[Evaluation]:
    return sorted(service.evaluations.kept.values(), key=lambda one: one.cycle)


@given(st.permutations([5, 4, 3]), st.lists(st.sampled_from([3, 4, 5]), max_size=8))
async def test_r24_whatever_is_tried_later_the_first_answer_stays(first: list[int], later: list[int]) -> None:
    service = await play(CLOSINGS[:1])

    for number, score in enumerate([*first, *later]):
        identity = {"request_id": uuid5(NAMESPACE_OID, f"try {number}"), "score": score}
        with contextlib.suppress(Refusal):
            await service.answer(ANSWERS[0].model_copy(update=identity))

    kept = service.evaluations.kept[ANSWERS[0].evaluation_id]
    assert kept.answer == Answer.of(first[0], "Podia ser melhor")
    assert len(service.emitted(feedback.EvaluationSubmitted)) == 1
