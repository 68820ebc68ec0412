"""What the clock brings to evaluations, on a real broker and a real database, with several replicas."""

import asyncio
from uuid import uuid4

from chassis.clock import utc_now
from chassis.service import Service
from contracts import feedback
from contracts.requests import OpenEvaluationLink
from tests.eventually import eventually
from tests.services.feedback.closings import A_DAY
from tests.services.feedback.running import a_recent_closing, an_answer, asked, feedback_runs
from tests.system import System


async def test_r24_two_replicas_remind_once_and_expire_once(system: System) -> None:
    replicas = [await feedback_runs(system), await feedback_runs(system)]
    reminding = [await asked(system, a_recent_closing(closed_at=utc_now() - 4 * A_DAY)) for _ in range(10)]
    expiring = [await asked(system, a_recent_closing(closed_at=utc_now() - 15 * A_DAY)) for _ in range(10)]

    await asyncio.gather(*(look(replica) for replica in replicas for _ in range(3)))

    await eventually(lambda: len(system.received_of(feedback.EvaluationReminded)) >= 10)
    await eventually(lambda: len(system.received_of(feedback.EvaluationExpired)) >= 10)
    await system.quiet()
    reminded = [one["evaluation_id"] for one in system.received_of(feedback.EvaluationReminded)]
    expired = [one["evaluation_id"] for one in system.received_of(feedback.EvaluationExpired)]
    assert sorted(reminded) == sorted(one["evaluation_id"] for one in reminding)
    assert sorted(expired) == sorted(one["evaluation_id"] for one in expiring)


async def look(replica: Service) -> None:
    """Have a replica's clock strike now instead of within the minute."""
    for _, job in replica._jobs:  # noqa: SLF001
        await job()


async def test_r24_an_expired_evaluation_says_so_and_an_answered_one_is_left_alone(system: System) -> None:
    replica = await feedback_runs(system)
    expired = await asked(system, a_recent_closing(closed_at=utc_now() - 15 * A_DAY))
    answered = await asked(system, a_recent_closing(closed_at=utc_now() - 4 * A_DAY))
    await system.answer(an_answer(answered["evaluation_id"], 5))

    problem = await system.problem(an_answer(expired["evaluation_id"], 5))
    await look(replica)

    assert (problem.status, problem.type) == (410, "urn:atendo:problem:evaluation-expired")
    opened = await system.answer(OpenEvaluationLink(request_id=uuid4(), token=expired["link"].rsplit("/", 1)[1]))
    assert opened["state"] == "expired"
    await eventually(lambda: system.received_of(feedback.EvaluationExpired))
    await system.quiet()
    assert system.received_of(feedback.EvaluationReminded) == []
    assert len(system.received_of(feedback.EvaluationExpired)) == 1
