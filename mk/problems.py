"""How MK's stand-in says no: RFC 9457 problems, in pt-BR."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from chassis.messaging.publisher import BrokerDown, Unroutable
from contracts.requests import FieldError, Problem
from mk.errors import UnknownScenario, UnknownTicket, UnknownType, WrongCredentials

MEDIA_TYPE = "application/problem+json"

_REFUSALS: dict[type[Exception], tuple[int, str, str]] = {
    WrongCredentials: (401, "Wrong credentials", "CPF, e-mail ou senha não conferem."),
    UnknownType: (404, "Unknown type", "O MK não publica mensagens deste tipo."),
    UnknownScenario: (404, "Unknown scenario", "Não há um cenário com este nome."),
    UnknownTicket: (404, "Unknown ticket", "Atendimento não encontrado."),
    BrokerDown: (503, "Broker away", "As mensagens não podem ser publicadas agora. Tente de novo em instantes."),
    Unroutable: (503, "Nobody listens", "Ninguém recebe esta mensagem agora. Tente de novo em instantes."),
}


def _respond(status: int, title: str, detail: str, errors: Iterable[FieldError] = ()) -> Response:
    slug = title.lower().replace(" ", "-")
    problem = Problem(
        status=status, type=f"urn:atendo:problem:{slug}", title=title, detail=detail, errors=tuple(errors) or None
    )
    more = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status, {})
    return Response(problem.model_dump_json(exclude_none=True), status, more, MEDIA_TYPE)


async def _on_refusal(_request: Request, error: Exception) -> Response:
    return _respond(*_REFUSALS[type(error)])


async def _on_bad_input(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError | ValidationError):
        raise error
    # without the input: it may be personal data (R28)
    errors = [
        FieldError(field=".".join(str(part) for part in one["loc"] if part != "body"), message=one["msg"])
        for one in error.errors()
    ]
    return _respond(422, "Invalid", "Confira os campos indicados.", errors)


async def _on_http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: ("Not found", "Este endereço não existe."), 405: ("Method not allowed", "Operação não aceita aqui.")}
    return _respond(status, *words.get(status, ("Refused", "O pedido não pode ser atendido.")))


def explain(app: FastAPI) -> None:
    """Have every error of `app` told as a problem."""
    for refusal in _REFUSALS:
        app.add_exception_handler(refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_bad_input)
    app.add_exception_handler(ValidationError, _on_bad_input)
    app.add_exception_handler(HTTPException, _on_http_error)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares in the OpenAPI: it may answer these problems."""
    schema = {"type": "object", "required": ["status", "type", "title", "detail"]}
    return {status: {"description": "Problem", "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}
