"""How MK's stand-in answers errors: RFC 9457 problems, in pt-BR."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from chassis.http.problems import MEDIA_TYPE, content, of, problem
from chassis.messaging.publisher import BrokerDown, Unroutable
from contracts.problems import FieldError, Problem
from mk import errors

_AWAY = {
    BrokerDown: ("Broker away", "As mensagens não podem ser publicadas agora. Tente de novo em instantes."),
    Unroutable: ("Nobody listens", "Ninguém recebe esta mensagem agora. Tente de novo em instantes."),
}
_HTTP = {
    404: ("Not found", "Este endereço não existe."),
    405: ("Method not allowed", "Operação não aceita aqui."),
}
_MORE: dict[int, dict[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}


def _answer(problem: Problem) -> Response:
    return Response(content(problem), problem.status, _MORE.get(problem.status, {}), MEDIA_TYPE)


async def _on_refusal(_request: Request, error: Exception) -> Response:
    return _answer(of(error, errors.STATUS[type(error)]))


async def _on_outage(_request: Request, error: Exception) -> Response:
    return _answer(problem(503, *_AWAY[type(error)]))


async def _on_bad_input(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError | ValidationError):
        raise error
    # without the input: it may be personal data (R28)
    fields = [
        FieldError(field=_writable(".".join(str(part) for part in one["loc"] if part != "body")), message=one["msg"])
        for one in error.errors()
    ]
    return _answer(problem(422, "Invalid", "Confira os campos indicados.", errors=fields))


def _writable(name: str) -> str:
    # a field's name is the sender's too
    return name.encode(errors="replace").decode()


async def _on_http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    # a form that can't be read is the framework's 400
    if status == 400:  # noqa: PLR2004 - HTTP's own number
        return _answer(problem(422, "Invalid", "Não foi possível ler o pedido."))
    return _answer(problem(status, *_HTTP.get(status, ("Refused", "O pedido não pode ser atendido."))))


async def _on_failure(_request: Request, _error: Exception) -> Response:
    return _answer(problem(500, "Failed", "Algo falhou aqui. Tente de novo em instantes."))


def explain(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem."""
    for refusal in errors.STATUS:
        app.add_exception_handler(refusal, _on_refusal)
    for outage in _AWAY:
        app.add_exception_handler(outage, _on_outage)
    app.add_exception_handler(RequestValidationError, _on_bad_input)
    app.add_exception_handler(ValidationError, _on_bad_input)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_failure)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares in the OpenAPI: it may answer these problems."""
    schema = {"type": "object", "required": ["status", "type", "title", "detail"]}
    return {status: {"description": "Problem", "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}
