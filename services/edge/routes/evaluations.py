"""Rating closed tickets, logged in (R22, R24)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from starlette.status import HTTP_200_OK, HTTP_201_CREATED

from contracts.requests import ListEvaluations, SubmitEvaluation, request_id
from services.edge.answers import NewlyRated, PendingEvaluation, Rated
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import declared
from services.edge.models import Rating

router = APIRouter(tags=["evaluations"], route_class=Protected, dependencies=[TOKEN])

_AGAIN: dict[int | str, dict[str, Any]] = {200: {"model": Rated, "description": "The same answer was given before"}}


@router.get("/v1/evaluations", responses=declared(401, 503))
async def evaluations(caller: Calls) -> list[PendingEvaluation]:
    """List what the customer may still rate."""
    return await caller.ask(caller.says(ListEvaluations), list[PendingEvaluation])


@router.post(
    "/v1/evaluations/{evaluation_id}",
    status_code=HTTP_201_CREATED,
    responses=_AGAIN | declared(401, 404, 409, 410, 415, 422, 503),
)
async def rate(caller: Calls, response: Response, evaluation_id: UUID, rating: Rating) -> Rated:
    """Rate a closed ticket; the first answer wins, and repeating it is safe."""
    command = caller.says(
        SubmitEvaluation,
        request_id=request_id(caller.customer_id, f"{evaluation_id}\n{rating.score}\n{rating.comment or ''}"),
        evaluation_id=evaluation_id,
        score=rating.score,
        comment=rating.comment,
    )
    rated = await caller.ask(command, NewlyRated)
    response.status_code = HTTP_201_CREATED if rated.created else HTTP_200_OK
    return Rated(evaluation_id=rated.evaluation_id, score=rated.score)
