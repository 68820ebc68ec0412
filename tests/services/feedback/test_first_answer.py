"""First answer wins across the app, the link and the chat, on a real broker and a real database (R24)."""

import asyncio
from uuid import UUID, uuid4

from chassis.messaging.rpc import NobodyThere
from contracts import feedback
from contracts.notifier import EvaluationAnswered
from contracts.replies import Rated
from contracts.requests import SubmitEvaluation, SubmitEvaluationByLink
from contracts.rpc import Reply, Request
from tests.eventually import eventually
from tests.services.feedback.running import a_recent_closing, asked, feedback_runs, token_of
from tests.system import System, emitted

EACH_WAY = 67
"""Of three ways: 201 answers at once."""


async def asked_until_heard(system: System, request: Request[Rated]) -> Reply:
    """Ask as the app does, which asks again under the same id where a busy broker didn't confirm in time (R13)."""
    while True:
        try:
            return await system.ask(request)
        except NobodyThere:
            await asyncio.sleep(0.5)


async def test_r24_of_200_different_answers_at_once_one_counts_and_each_other_is_refused(system: System) -> None:
    for _ in range(2):
        await feedback_runs(system)
    request = await asked(system, a_recent_closing())
    evaluation_id, token = UUID(request["evaluation_id"]), token_of(request)

    def answer(number: int) -> dict[str, object]:
        return {"request_id": uuid4(), "score": 1 + number % 4, "comment": f"Motivo {number}"}

    def in_chat(number: int) -> EvaluationAnswered:
        common = answer(number) | {"evaluation_id": evaluation_id, "customer_id": "ana", "reply_to": str(number)}
        return emitted(EvaluationAnswered, **common)  # type: ignore[arg-type]

    in_app = [
        SubmitEvaluation.model_validate(answer(n) | {"customer_id": "ana", "evaluation_id": evaluation_id})
        for n in range(EACH_WAY)
    ]
    by_link = [SubmitEvaluationByLink.model_validate(answer(100 + n) | {"token": token}) for n in range(EACH_WAY)]
    chats = [in_chat(200 + n) for n in range(EACH_WAY)]
    replies, _ = await asyncio.gather(
        asyncio.gather(*(asked_until_heard(system, one) for one in [*in_app, *by_link])),
        asyncio.gather(*(system.publish(one) for one in chats)),
    )

    taken = [one for one in replies if one.problem is None]
    refused = [one.problem.status for one in replies if one.problem is not None]
    (submitted,) = await eventually(lambda: system.received_of(feedback.EvaluationSubmitted) or None)
    won_in_chat = submitted["channel"] == "telegram"
    await eventually(lambda: len(system.received_of(feedback.EvaluationRefused)) >= EACH_WAY - won_in_chat)
    await system.quiet()
    informed = system.received_of(feedback.EvaluationRefused)
    assert len(system.received_of(feedback.EvaluationSubmitted)) == 1
    assert len(taken) == (0 if won_in_chat else 1)
    assert refused == [409] * (2 * EACH_WAY - len(taken))
    assert {one["reason"] for one in informed} == {"already_answered"}
    assert len({one["reply_to"] for one in informed}) == len(informed) == EACH_WAY - won_in_chat
