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
from mk.console.login import ENTER
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

    app.add_exception_handler(NotLoggedIn, _to_login)
    app.add_exception_handler(Refused, by(lambda error: error))
    app.add_exception_handler(BrokerDown, by(lambda _: away()))
    app.add_exception_handler(Unroutable, by(lambda _: away()))
    app.add_exception_handler(HTTPException, by(lambda error: _of_http(error.status_code)))
    app.add_exception_handler(Exception, by(lambda _: failed()))


def _of_http(status: int) -> Refused:
    if status == _NOT_FOUND:
        return not_found()
    return Refused(status, "O pedido não pode ser atendido", "Nada foi feito. Volte para o Painel e tente de lá.")


async def _to_login(request: Request, _error: Exception) -> Response:
    path = request.url.path
    if path.startswith(QUIET):
        # the page stays as it is; what its operator does next leads to the login
        return Response(status_code=_NOTHING)
    back = request.headers.get("hx-current-url", "").partition(request.url.netloc)[2] if _by_script(request) else ""
    if request.method == "GET" and not back:
        back = f"{path}?{request.url.query}" if request.url.query else path
    address = f"{ROOT}{ENTER}" + (f"?voltar={quote(back, safe='/')}" if back else "")
    if _by_script(request):
        return Response(status_code=_MISDIRECTED, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _by_script(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
