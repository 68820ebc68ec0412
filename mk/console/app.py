"""The console, put together: its screens, what stands before them, and how errors are explained."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from chassis.messaging.publisher import BrokerDown, Unroutable
from mk.console import routers
from mk.console.desk import Desk
from mk.console.guard import QUIET, WithHeaders
from mk.console.login import ENTER, ended
from mk.console.refusals import NotLoggedIn, Refused, away, failed, not_found
from mk.console.static_files import ROOT

_NOT_FOUND = 404
_NOTHING = 204
_MISDIRECTED = 401


def console(desk: Desk) -> WithHeaders:
    """The console as an ASGI application, to be mounted at `/console`."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in routers(desk):
        app.include_router(router)
    _explain(app, desk)
    return WithHeaders(app)


def _explain(app: FastAPI, desk: Desk) -> None:
    def page(request: Request, refused: Refused) -> Response:
        values = {"heading": refused.heading, "text": refused.text}
        return desk.page(request, "recusa.html", status=refused.status, **values)

    def by(make: Callable[[Any], Refused]) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def explained(request: Request, error: Exception) -> Response:
            return page(request, make(error))

        return explained

    async def to_login(request: Request, _error: Exception) -> Response:
        try:
            return await _to_login(desk, request)
        except Refused as refused:
            return page(request, refused)

    app.add_exception_handler(NotLoggedIn, to_login)
    app.add_exception_handler(Refused, by(lambda error: error))
    app.add_exception_handler(BrokerDown, by(lambda _: away()))
    app.add_exception_handler(Unroutable, by(lambda _: away()))
    app.add_exception_handler(HTTPException, by(lambda error: _of_http(error.status_code)))
    app.add_exception_handler(Exception, by(lambda _: failed()))


def _of_http(status: int) -> Refused:
    if status == _NOT_FOUND:
        return not_found()
    return Refused(status, "O pedido não pode ser atendido", "Nada foi feito. Volte para o Painel e tente de lá.")


async def _to_login(desk: Desk, request: Request) -> Response:
    path = request.url.path
    if path.startswith(QUIET):
        # the page stays as it is; what its operator does next leads to the login
        return Response(status_code=_NOTHING)
    if request.method != "GET":
        return await ended(desk, request)
    back = f"{path}?{request.url.query}" if request.url.query else path
    if not _by_script(request):
        return RedirectResponse(_login(back), 303)
    # a part of a page was asked for: the way back is to the page
    page = request.headers.get("hx-current-url", "").partition(request.url.netloc)[2]
    return Response(status_code=_MISDIRECTED, headers={"HX-Redirect": _login(page or back)})


def _login(back: str) -> str:
    return f"{ROOT}{ENTER}?voltar={quote(back, safe='/')}"


def _by_script(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
