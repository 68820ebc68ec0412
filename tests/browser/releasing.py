"""An edge that is released anew while browsers look at it: the same app under the name of another edition."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.edge.web.bundle import bundle


class Releases:
    """Stands before an edge; once there is an `edition`, all that is the app's bears that name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._first = bundle().hash.encode()
        self.edition: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the edge does, or as its next release would."""
        edition = self.edition
        if edition is None or scope["type"] != "http" or scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        path = scope["path"].replace(edition.decode(), self._first.decode())
        # as it is, to be written again: neither packed nor known from before
        headers = [
            (name, value) for name, value in scope["headers"] if name not in {b"accept-encoding", b"if-none-match"}
        ]
        await self._app({**scope, "path": path, "headers": headers}, receive, self._renamed(send, edition))

    def _renamed(self, send: Send, edition: bytes) -> Send:
        start: Message = {}
        body = b""

        async def renamed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            content = body.replace(self._first, edition)
            headers = [
                (name, value.replace(self._first, edition))
                for name, value in start["headers"]
                if name not in {b"content-length", b"etag"}
            ]
            await send({**start, "headers": [*headers, (b"content-length", str(len(content)).encode())]})
            await send({"type": "http.response.body", "body": content})

        return renamed
