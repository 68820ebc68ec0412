"""The mailbox over HTTP: maildev's REST API, so that demos work on both, and two pages for people."""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ops.embedded.look import answer, look
from ops.embedded.mailbox.mails import Mail, Mails
from ops.embedded.mailbox.page import MAIL_POLICY, SHOWN, list_page, mail_page


@dataclass(frozen=True, slots=True)
class Web:
    """The routes over one folder of mails."""

    mails: Mails

    def application(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.list_page),
                Route("/mail/{id}", self.mail_page),
                *look(),
                Route("/email", self.all),
                Route("/email/all", self.delete_all, methods=["DELETE"]),
                Route("/email/{id}", self.one),
                Route("/email/{id}", self.delete, methods=["DELETE"]),
                Route("/email/{id}/html", self.html),
                Route("/email/{id}/source", self.source),
                *(Route(path, self.healthy) for path in ("/healthz", "/health/live", "/health/ready")),
                Route("/metrics", self.metrics),
            ],
        )

    async def list_page(self, _request: Request) -> Response:
        """Show the newest mails."""
        return answer(list_page(self.mails.newest(SHOWN), total=len(self.mails)))

    async def mail_page(self, request: Request) -> Response:
        """Show one mail."""
        return answer(mail_page(self._find(request)))

    async def all(self, request: Request) -> Response:
        """List all mails, the oldest first; with `limit` the newest of them alone."""
        limit = request.query_params.get("limit", "")
        found = self.mails.newest(int(limit))[::-1] if limit.isdecimal() and int(limit) else self.mails.all()
        return JSONResponse([mail.as_maildev() for mail in found])

    async def one(self, request: Request) -> Response:
        """Give one mail."""
        return JSONResponse(self._find(request).as_maildev())

    async def html(self, request: Request) -> Response:
        """Give a mail's HTML, unable to do anything."""
        return HTMLResponse(self._find(request).html(), headers={"Content-Security-Policy": MAIL_POLICY})

    async def source(self, request: Request) -> Response:
        """Give a mail as it came."""
        return PlainTextResponse(
            self.mails.source(self._find(request).id),
            headers={"X-Content-Type-Options": "nosniff"},
        )

    async def delete(self, request: Request) -> Response:
        """Forget one mail."""
        return JSONResponse(self.mails.delete(self._find(request).id))

    async def delete_all(self, _request: Request) -> Response:
        """Forget every mail."""
        self.mails.delete_all()
        return JSONResponse(content=True)

    async def healthy(self, _request: Request) -> Response:
        """Say that it works, in maildev's word."""
        return JSONResponse(content=True)

    async def metrics(self, _request: Request) -> Response:
        """Give the number of mails to Prometheus."""
        lines = "# HELP mailbox_letters Mails kept.\n# TYPE mailbox_letters gauge\n"
        return PlainTextResponse(f"{lines}mailbox_letters {len(self.mails)}\n")

    def _find(self, request: Request) -> Mail:
        mail = self.mails.get(request.path_params["id"])
        if mail is None:
            raise HTTPException(404, "no such mail")
        return mail
