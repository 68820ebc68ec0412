"""Whatever order closings and answers come in, and however often: the same evaluations and the same events."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from contracts import mk, tickets
from contracts.message import Cause, Message
from contracts.requests import SubmitEvaluation
from services.feedback import domain
from services.feedback.domain import Evaluation, Refusal, Terms, UnknownEvaluation
from services.feedback.handlers import Handlers
from services.feedback.link import Links
from tests.services.feedback.closings import a_closing
from tests.system import LONG_AGO

Step = tickets.TicketClosed | SubmitEvaluation


@dataclass
class KeptInMemory:
    """Evaluations as the store keeps them, with what was said."""

    kept: dict[UUID, Evaluation] = field(default_factory=dict)
    applied: set[tuple[UUID, UUID]] = field(default_factory=set)
    told: list[Message] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)

    async def find(self, evaluation_id: UUID) -> Evaluation | None:
        """Give what was kept."""
        return self.kept.get(evaluation_id)

    async def of_customer(self, customer_id: str) -> list[Evaluation]:
        """Give all of a customer."""
        return [one for one in self.kept.values() if one.customer_id == customer_id]

    async def due(self, now: datetime) -> AsyncIterator[Evaluation]:
        """Give what is due."""
        for one in list(self.kept.values()):
            if one.due_at and one.due_at <= now:
                yield one

    async def commit(self, evaluation: Evaluation, events: list[Message], *, cause: Cause) -> None:
        """Keep and tell, once a cause."""
        if (evaluation.id, cause.event_id) in self.applied:
            return
        self.applied.add((evaluation.id, cause.event_id))
        self.kept[evaluation.id] = replace(evaluation, version=evaluation.version + 1)
        self.told.extend(events)

    async def commit_first(self, evaluation: Evaluation, events: list[Message]) -> None:
        """Keep and tell."""
        self.kept[evaluation.id] = evaluation
        self.told.extend(events)

    async def remember_erasure(self, event: mk.CustomerErased) -> None:
        """Keep the mark."""
        self.erased.add(event.customer_id)


def handlers_over(evaluations: KeptInMemory) -> Handlers:
    links = Links("https://sac.provedor.example", b"secret")
    return Handlers(evaluations, links=links, terms=Terms(), clock=lambda: LONG_AGO + timedelta(days=1))


CLOSINGS = [
    a_closing(cause_id=uuid5(NAMESPACE_OID, str(cycle)), cycle=cycle, request_evaluation=cycle != 3)
    for cycle in (1, 2, 3, 4)
]
ANSWERS = [
    SubmitEvaluation(
        request_id=uuid5(NAMESPACE_OID, f"answer {cycle}"),
        customer_id="ana",
        evaluation_id=domain.evaluation_id(closing),
        score=cycle,
        comment="Podia ser melhor",
    )
    for cycle, closing in enumerate(CLOSINGS, start=1)
]

orders = st.lists(st.sampled_from([*CLOSINGS, *ANSWERS]), max_size=24)


async def play(steps: list[Step]) -> KeptInMemory:
    evaluations = KeptInMemory()
    handlers = handlers_over(evaluations)
    for step in steps:
        if isinstance(step, tickets.TicketClosed):
            await handlers.on_ticket_closed(step)
        else:
            # an answer that comes before its evaluation is sent again by the customer
            with contextlib.suppress(UnknownEvaluation):
                await handlers.on_submit_evaluation(step)
    return evaluations


def essence(evaluations: KeptInMemory) -> dict[UUID, Evaluation]:
    return {one.id: replace(one, version=0) for one in evaluations.kept.values()}


@given(orders, st.permutations([*CLOSINGS]))
async def test_any_order_and_repetition_ends_in_the_same_evaluations_and_events(
    noise: list[Step], closings: list[Step]
) -> None:
    expected = await play([*CLOSINGS, *ANSWERS])

    reached = await play([*noise, *closings, *ANSWERS, *noise])

    assert essence(reached) == essence(expected)
    assert sorted(event.event_id for event in reached.told) == sorted(event.event_id for event in expected.told)
    assert len({event.event_id for event in reached.told}) == 6


@given(st.permutations([5, 4, 3]), st.lists(st.sampled_from([3, 4, 5]), max_size=8))
async def test_r24_whatever_is_tried_later_the_first_answer_stays(first: list[int], later: list[int]) -> None:
    evaluations = KeptInMemory()
    handlers = handlers_over(evaluations)
    await handlers.on_ticket_closed(CLOSINGS[0])
    answer = ANSWERS[0]

    for number, score in enumerate([*first, *later]):
        command = answer.model_copy(update={"request_id": uuid5(NAMESPACE_OID, f"try {number}"), "score": score})
        with contextlib.suppress(Refusal):
            await handlers.on_submit_evaluation(command)

    kept = evaluations.kept[answer.evaluation_id]
    assert kept.answer == domain.answer(first[0], "Podia ser melhor")
    assert len(evaluations.told) == 2
