"""Turns everything that can go wrong in a request into a problem."""

from collections.abc import Callable, Iterable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from chassis.telemetry import Log
from services.edge.problems import Refused, known, respond
from services.edge.wording import field_errors

_UNREADABLE = {"type": "json_invalid", "loc": ("body",)}


def handle_mistakes(app: FastAPI, *, log: Log, allowed: Callable[[str], str]) -> None:
    """Register what each kind of mistake is answered with; `allowed` tells the methods of a path."""

    async def refused(_: Request, error: Exception) -> Response:
        return respond(error.problem, error.headers) if isinstance(error, Refused) else respond(known(500))

    async def by_status(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 400:  # noqa: PLR2004 - a body that FastAPI couldn't take apart
            return respond(known(422, field_errors([_UNREADABLE])))
        return respond(known(status), {"Allow": allowed(request.url.path)} if status == 405 else {})  # noqa: PLR2004

    async def invalid(_: Request, error: Exception) -> Response:
        mistakes = error.errors() if isinstance(error, RequestValidationError) else []
        # what can't be an id names nothing
        if any(one["loc"][0] == "path" for one in mistakes):
            return respond(known(404))
        return respond(known(422, field_errors(mistakes)))

    async def unreadable_answer(_: Request, error: Exception) -> Response:
        mistakes = error.errors() if isinstance(error, (ValidationError, ResponseValidationError)) else []
        # without the input: it may be personal data
        log.error("unreadable answer", fields=[".".join(map(str, one["loc"])) for one in mistakes][:10])
        return respond(known(500))

    async def failed(_: Request, __: Exception) -> Response:
        return respond(known(500))

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ResponseValidationError, unreadable_answer)
    app.add_exception_handler(ValidationError, unreadable_answer)
    app.add_exception_handler(Exception, failed)


def allowed_by(routes: Iterable[BaseRoute]) -> Callable[[str], str]:
    """Tell the methods of a path, for the `Allow` header: those of all the routes that it has."""
    table = [(route.path_regex, route.methods or set()) for route in routes if isinstance(route, Route)]

    def allowed(path: str) -> str:
        methods = {method for pattern, some in table if pattern.match(path) for method in some}
        return ", ".join(sorted(methods)) or "GET"

    return allowed
