"""What the customer reads when something is refused or fails: RFC 9457 problems, in pt-BR."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from chassis.http.problems import MEDIA_TYPE, content, problem
from contracts.problems import FieldError, Problem

RETRY_AFTER_SECONDS = 5

_KNOWN: dict[int, tuple[str, str]] = {
    401: ("Unauthorized", "Entre de novo para continuar."),
    403: ("Forbidden", "Esta opção não está disponível."),
    404: ("Not found", "Não encontramos o que você procura."),
    405: ("Method not allowed", "Este endereço não aceita essa operação."),
    409: ("Conflict", "Já existe outra resposta."),
    410: ("Gone", "O prazo terminou."),
    413: ("Too large", "O conteúdo enviado é grande demais."),
    415: ("Unsupported media type", "Envie o conteúdo como application/json."),
    422: ("Invalid", "Confira os campos indicados."),
    429: ("Too many requests", "Muitas solicitações em pouco tempo. Aguarde um instante e tente de novo."),
    500: ("Internal error", "Algo deu errado do nosso lado. Tente de novo em instantes."),
    503: ("Unavailable", "O serviço não está disponível agora. Tente de novo em instantes."),
}


class Refused(Exception):
    """The request is answered with a problem instead of what it asked for."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.headers = dict(headers or {})


def known(status: int, errors: Sequence[FieldError] = ()) -> Problem:
    """The edge's own problem of this status; a status that it doesn't know is an internal error."""
    status = status if status in _KNOWN else 500
    title, detail = _KNOWN[status]
    return problem(status, title, detail, errors=errors)


def unavailable() -> Refused:
    """Nobody can answer now; asking again later is safe."""
    return Refused(known(503))


def respond(refusal: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP answer; every 503 names a time to come back."""
    more = {"Retry-After": str(RETRY_AFTER_SECONDS)} if refusal.status == 503 else {}  # noqa: PLR2004 - an HTTP status
    return Response(
        content(refusal),
        status_code=refusal.status,
        media_type=MEDIA_TYPE,
        headers={**more, **(headers or {})},
    )


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares in the OpenAPI: these problems, and those that every route may answer."""
    return {status: _declaration(status) for status in sorted({*statuses, 405, 413, 429, 500})}


def _declaration(status: int) -> dict[str, Any]:
    declaration: dict[str, Any] = {
        "description": _KNOWN[status][0],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for name, of in _HEADERS.items():
        if status in of:
            declaration.setdefault("headers", {})[name] = {"schema": {"type": "string"}}
    return declaration


_HEADERS = {"WWW-Authenticate": (401,), "Allow": (405,), "Retry-After": (429, 503)}
