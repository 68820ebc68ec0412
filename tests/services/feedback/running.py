"""feedback as its tests start it and speak with it."""

from typing import Any
from uuid import UUID, uuid4

from chassis.clock import utc_now
from chassis.service import Service
from contracts import feedback, tickets
from contracts.requests import GetEvaluation, ListEvaluations, SubmitEvaluation
from services.feedback.app import build
from services.feedback.settings import Settings
from tests.eventually import eventually
from tests.services.feedback.closings import a_closing, a_reopening
from tests.services.feedback.whole import SECRET
from tests.system import System


async def feedback_runs(system: System) -> Service:
    """Start one replica."""
    return await system.run(build, Settings, link_secret=SECRET, public_url="https://sac.provedor.example")


async def asked(system: System, closing: tickets.TicketClosed) -> dict[str, Any]:
    """Say a closing, and give the request that it leads to."""
    await system.publish(closing)
    return await eventually(
        lambda: next(iter(system.received_of(feedback.EvaluationRequested, cause_id=str(closing.event_id))), None)
    )


def a_recent_closing(**fields: object) -> tickets.TicketClosed:
    """Give a closing of just now, or of when `closed_at` says, and of a ticket of its own unless it is named."""
    return a_closing(**({"closed_at": utc_now(), "ticket_id": str(uuid4())} | fields))


def a_recent_reopening(**fields: object) -> tickets.TicketReopened:
    """Give a reopening of just now."""
    return a_reopening(at=utc_now(), **fields)


def token_of(request: dict[str, Any]) -> str:
    """Give the token of a request's link."""
    return str(request["link"]).rsplit("/", 1)[1]


def look(evaluation_id: str, by: str = "ana") -> GetEvaluation:
    """Give a customer's look at an evaluation."""
    return GetEvaluation(request_id=uuid4(), customer_id=by, evaluation_id=UUID(evaluation_id))


def an_answer(evaluation_id: str, score: int = 5, comment: str | None = None, by: str = "ana") -> SubmitEvaluation:
    """Give an answer of a customer."""
    return SubmitEvaluation(
        request_id=uuid4(), customer_id=by, evaluation_id=UUID(evaluation_id), score=score, comment=comment
    )


async def pending(system: System, customer: str = "ana") -> Any:  # noqa: ANN401 - JSON
    """Give what a customer may still rate."""
    return await system.answer(ListEvaluations(request_id=uuid4(), customer_id=customer))
