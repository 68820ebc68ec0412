"""Refuses a body that is too large before it is read, however its length is announced."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.edge.errors.problems import known, respond

_TOO_LARGE = 413
_MAX_DIGITS = 18


class BodyLimit:
    """Answers 413 at once where the length is announced, and at the first byte too many where it isn't.

    Not FastAPI's own limit: that one answers in plain text where the route didn't read the body.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if len(announced) > _MAX_DIGITS or int(announced) > self._max_bytes:
            await respond(known(_TOO_LARGE))(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(_TOO_LARGE)
            return message

        await self._app(scope, receive_limited, send)
