"""Turns problems into pages for browsers: whoever mistyped a link never reads raw JSON."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http.problems import MEDIA_TYPE
from contracts.problems import Problem
from services.edge.web.pages import Pages


class BrowserPages:
    """Asks of a request that takes `text/html`, and not JSON, whether it was answered with a problem."""

    def __init__(self, app: ASGIApp, *, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        accepted = Headers(scope=scope).get("accept", "") if scope["type"] == "http" else ""
        if "text/html" not in accepted or "json" in accepted:
            await self._app(scope, receive, send)
            return
        problem: Message | None = None

        async def send_page(message: Message) -> None:
            nonlocal problem
            if message["type"] == "http.response.start" and Headers(raw=message["headers"]).get("content-type") == (
                MEDIA_TYPE
            ):
                # kept until its body is there: problems come in one piece
                problem = message
            elif problem is not None and message["type"] == "http.response.body":
                page = self._page(problem, message["body"])
                problem = None
                await page(scope, receive, send)
            else:
                await send(message)

        await self._app(scope, receive, send_page)

    def _page(self, start: Message, body: bytes) -> ASGIApp:
        kept = Headers(raw=start["headers"])
        more = {name: value for name, value in kept.items() if name not in {"content-type", "content-length"}}
        return self._pages.problem(Problem.model_validate_json(body), more)
