"""Rating closed tickets, logged in (R21, R22, R24)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from starlette.status import HTTP_200_OK, HTTP_201_CREATED, HTTP_202_ACCEPTED

from chassis.messaging.rpc import NoReply
from contracts.replies import Evaluation, PendingEvaluation
from contracts.requests import GetEvaluation, ListEvaluations, SubmitEvaluation
from contracts.rpc import request_id
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import declared
from services.edge.models import Queued, Rating, Recorded

router = APIRouter(tags=["evaluations"], route_class=Protected, dependencies=[TOKEN])

_OTHERWISE: dict[int | str, dict[str, Any]] = {
    200: {"model": Recorded, "description": "The same answer was given before"},
    202: {"model": Queued, "description": "It is kept, and will be recorded"},
}


@router.get("/v1/evaluations", responses=declared(401, 503))
async def evaluations(caller: Calls) -> list[PendingEvaluation]:
    """List what the customer may still rate."""
    return await caller.read(ListEvaluations)


@router.get("/v1/evaluations/{evaluation_id}", responses=declared(401, 404, 503))
async def evaluation(caller: Calls, evaluation_id: UUID) -> Evaluation:
    """Show one evaluation, whatever became of it."""
    return await caller.read(GetEvaluation, evaluation_id=evaluation_id)


@router.post(
    "/v1/evaluations/{evaluation_id}",
    status_code=HTTP_201_CREATED,
    response_model=Recorded,
    responses=_OTHERWISE | declared(401, 404, 409, 410, 415, 422, 503),
)
async def rate(caller: Calls, response: Response, evaluation_id: UUID, rating: Rating) -> Recorded | Response:
    """Rate a closed ticket; the first answer wins, and repeating it is safe."""
    rating.check()
    command = caller.makes(
        SubmitEvaluation,
        request_id=request_id(caller.customer_id, f"{evaluation_id}\n{rating.score}\n{rating.comment or ''}"),
        evaluation_id=evaluation_id,
        score=rating.score,
        comment=rating.comment,
    )
    try:
        rated = await caller.ask(command)
    except NoReply:
        # the broker has it, and will until feedback is back
        queued = Queued().model_dump_json()
        return Response(queued, status_code=HTTP_202_ACCEPTED, media_type="application/json")
    response.status_code = HTTP_201_CREATED if rated.created else HTTP_200_OK
    return Recorded(evaluation_id=rated.evaluation_id, score=rated.score)
