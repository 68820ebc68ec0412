"""The app's inbox."""

from uuid import UUID

from fastapi import APIRouter
from starlette.status import HTTP_204_NO_CONTENT

from chassis.messaging.rpc import NoReply
from contracts.replies import Inbox
from contracts.requests import ListNotifications, MarkNotificationRead
from contracts.rpc import request_id
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import declared, unavailable
from services.edge.models import Cursor, Limit

router = APIRouter(tags=["notifications"], route_class=Protected, dependencies=[TOKEN])


@router.get("/v1/notifications", responses=declared(401, 422, 503))
async def notifications(caller: Calls, limit: Limit = 20, cursor: Cursor = None) -> Inbox:
    """List the customer's messages, newest first."""
    return await caller.read(ListNotifications, limit=limit, cursor=cursor)


@router.post(
    "/v1/notifications/{notification_id}/read",
    status_code=HTTP_204_NO_CONTENT,
    responses=declared(401, 404, 503),
)
async def mark_read(caller: Calls, notification_id: UUID) -> None:
    """Note that the customer read one message."""
    command = caller.makes(
        MarkNotificationRead,
        request_id=request_id(caller.customer_id, f"read\n{notification_id}"),
        notification_id=notification_id,
    )
    try:
        await caller.ask(command)
    except NoReply as error:
        raise unavailable() from error
