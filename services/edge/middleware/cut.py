"""Lets an answer that its reader does not take be cut off, with what waits for the reader in the connection."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

_NAME = "atendo.cut"


class Cut:
    """The outermost layer: it alone sees the server's own `send`, which knows the connection.

    ASGI has no way to close a connection that is full: the server would wait for its reader for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope.setdefault("extensions", {})[_NAME] = transport.abort
        await self._app(scope, receive, send)


def cut(scope: Scope) -> bool:
    """Cut the connection of a request off; False where the server doesn't show it."""
    abort: Callable[[], None] | None = scope.get("extensions", {}).get(_NAME)
    if abort is not None:
        abort()
    return abort is not None
