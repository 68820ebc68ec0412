"""Turns everything that can go wrong in a request into a problem."""

from collections.abc import Callable, Iterable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from chassis.observability.logging import Log
from services.edge.errors.problems import Refused, known, respond
from services.edge.errors.wording import field_errors

_UNREADABLE = {"type": "json_invalid", "loc": ("body",)}


class Mistakes:
    """What each kind of mistake is answered with; `allowed` gives the methods of a path."""

    def __init__(self, *, log: Log, allowed: Callable[[str], str]) -> None:
        self._log = log
        self._allowed = allowed

    def answer_in(self, app: FastAPI) -> None:
        """Take over all errors of an application."""
        app.add_exception_handler(Refused, self._refused)
        app.add_exception_handler(HTTPException, self._by_status)
        app.add_exception_handler(RequestValidationError, self._invalid)
        app.add_exception_handler(ResponseValidationError, self._unwritable_answer)
        app.add_exception_handler(Exception, self._failed)

    async def _refused(self, _: Request, error: Exception) -> Response:
        return respond(error.problem, error.headers) if isinstance(error, Refused) else respond(known(500))

    async def _by_status(self, request: Request, error: Exception) -> Response:
        match error.status_code if isinstance(error, HTTPException) else 500:
            case 400:
                # a body that FastAPI couldn't take apart
                return respond(known(422, field_errors([_UNREADABLE])))
            case 405:
                return respond(known(405), {"Allow": self._allowed(request.url.path)})
            case status:
                return respond(known(status))

    async def _invalid(self, _: Request, error: Exception) -> Response:
        mistakes = error.errors() if isinstance(error, RequestValidationError) else []
        # what can't be an id names nothing
        if any(one["loc"][0] == "path" for one in mistakes):
            return respond(known(404))
        return respond(known(422, field_errors(mistakes)))

    async def _unwritable_answer(self, _: Request, error: Exception) -> Response:
        mistakes = error.errors() if isinstance(error, ResponseValidationError) else []
        # without the input: it may be personal data
        self._log.error("unwritable answer", fields=[".".join(map(str, one["loc"])) for one in mistakes][:10])
        return respond(known(500))

    async def _failed(self, _: Request, __: Exception) -> Response:
        return respond(known(500))


def allowed_by(routes: Iterable[BaseRoute]) -> Callable[[str], str]:
    """Give the methods of a path, for the `Allow` header: those of all its routes, and HEAD wherever GET is."""
    table = [(route.path_regex, route.methods or set()) for route in routes if isinstance(route, Route)]

    def allowed(path: str) -> str:
        methods = {method for pattern, some in table if pattern.match(path) for method in some}
        methods |= {"HEAD"} if "GET" in methods else set()
        return ", ".join(sorted(methods)) or "GET, HEAD"

    return allowed
