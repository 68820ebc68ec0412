"""The customer's tickets (R3, R4)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Response
from starlette.status import HTTP_304_NOT_MODIFIED

from contracts.replies import TicketList, TicketPage
from contracts.requests import GetTicket, ListTickets
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import Refused, declared, known
from services.edge.models import Cursor, Limit, ShownTicket

router = APIRouter(tags=["tickets"], route_class=Protected, dependencies=[TOKEN])

_ETAG: dict[str, Any] = {"headers": {"ETag": {"schema": {"type": "string"}}}}
_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {200: _ETAG, 304: {"description": "Not modified", **_ETAG}}


@router.get("/v1/tickets", responses=declared(401, 403, 404, 422, 503))
async def tickets(
    caller: Calls, status: Literal["pending", "closed"] = "pending", limit: Limit = 20, cursor: Cursor = None
) -> TicketList:
    """List the customer's tickets, newest first."""
    return await caller.read(ListTickets, status=status, limit=limit, cursor=cursor)


@router.get(
    "/v1/tickets/{protocol}", response_model=ShownTicket, responses=_NOT_MODIFIED | declared(401, 403, 404, 503)
)
async def ticket(
    caller: Calls,
    response: Response,
    protocol: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> TicketPage | Response:
    """Show one ticket with its timeline; 304 while it is as the caller knows it."""
    if not (protocol.isascii() and protocol.isdecimal()):
        raise Refused(known(404))
    page = await caller.read(GetTicket, protocol=protocol)
    headers = {"ETag": f'"{page.protocol}-{page.version}"', "Cache-Control": "private, no-cache"}
    if _matches(if_none_match, headers["ETag"]):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return page


def _matches(if_none_match: str | None, etag: str) -> bool:
    # RFC 9110, section 13.1.2: compared weakly
    given = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    return etag in given or "*" in given
