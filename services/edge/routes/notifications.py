"""The app's inbox."""

from uuid import UUID

from fastapi import APIRouter
from starlette.status import HTTP_204_NO_CONTENT

from contracts.requests import ListNotifications, MarkNotificationRead, request_id
from services.edge.answers import Notifications
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import declared
from services.edge.models import Cursor, Limit

router = APIRouter(tags=["notifications"], route_class=Protected, dependencies=[TOKEN])


@router.get("/v1/notifications", responses=declared(401, 422, 503))
async def notifications(caller: Calls, limit: Limit = 20, cursor: Cursor = None) -> Notifications:
    """List the customer's messages, newest first."""
    return await caller.ask(caller.says(ListNotifications, limit=limit, cursor=cursor), Notifications)


@router.post(
    "/v1/notifications/{notification_id}/read",
    status_code=HTTP_204_NO_CONTENT,
    responses=declared(401, 404, 503),
)
async def mark_read(caller: Calls, notification_id: UUID) -> None:
    """Note that the customer read one message."""
    command = caller.says(
        MarkNotificationRead,
        request_id=request_id(caller.customer_id, f"read\n{notification_id}"),
        notification_id=notification_id,
    )
    await caller.ask(command, object)
