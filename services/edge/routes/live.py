"""What happens, as it happens: the customer's live stream."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from services.edge.dependencies import TOKEN, Calls, Given, Protected
from services.edge.errors.problems import declared, unavailable
from services.edge.event_stream import HEADERS, MEDIA_TYPE, EventStream
from services.edge.frames import Place, Progress
from services.edge.missed import Missed

router = APIRouter(tags=["live"], route_class=Protected, dependencies=[TOKEN])

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-Sent Events: `notification` with an inbox item, `ticket` with protocol, status, phase.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.get("/v1/live", response_class=Response, responses=_EVENTS | declared(401, 503))
async def live(request: Request, caller: Calls, given: Given, last_event_id: Annotated[str, Header()] = "") -> Response:
    """Follow the customer's messages and tickets; with `Last-Event-ID` from where an earlier stream ended."""
    if request.scope.get("is_head"):
        return Response(headers=HEADERS, media_type=MEDIA_TYPE)
    streams, place = given.live.streams, Place.read(last_event_id)
    if streams.is_full:
        raise unavailable()
    return EventStream(
        streams.reading(caller.customer_id),
        missed=Missed(caller, place) if place else None,
        progress=Progress.after(place, now=datetime.now(UTC)),
        seconds=request.state.until - time.time(),
    )
