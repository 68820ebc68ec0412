"""Whether this replica lives, whether it is ready, and its metrics."""

from typing import Any

from fastapi import APIRouter, Request, Response

from chassis.http.health import HealthApp
from services.edge.errors.problems import declared
from services.edge.models import Health

router = APIRouter(tags=["health"])

_UNWELL: dict[int | str, dict[str, Any]] = {503: {"model": Health, "description": "Unavailable"}}

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


async def _answer(request: Request) -> Response:
    health: HealthApp = request.app.state.health
    status, kind, body = await health.answer(request.url.path, accept=request.headers.get("accept", ""))
    return Response(body, status_code=status, headers={"Content-Type": kind})


@router.get("/health/live", response_model=Health, responses=_UNWELL | declared())
async def live(request: Request) -> Response:
    """Show whether the process is worth keeping."""
    return await _answer(request)


@router.get("/health/ready", response_model=Health, responses=_UNWELL | declared())
async def ready(request: Request) -> Response:
    """Show whether this replica can serve customers, and what keeps it from that."""
    return await _answer(request)


@router.get(
    "/metrics",
    response_class=Response,
    responses=_TEXT | declared(),
)
async def metrics(request: Request) -> Response:
    """Give this replica's metrics in Prometheus' text format."""
    return await _answer(request)
