"""The page behind the signed link of an evaluation; only sending it records anything (R23)."""

import contextlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.status import HTTP_308_PERMANENT_REDIRECT

from chassis.messaging.rpc import NoReply
from contracts.problems import FieldError
from contracts.replies import LinkedEvaluation
from contracts.requests import OpenEvaluationLink, SubmitEvaluationByLink
from contracts.rpc import request_id
from services.edge.dependencies import Calls, Given, Parts, count_address, parts
from services.edge.errors.problems import RETRY_AFTER_SECONDS, Refused, declared, known
from services.edge.errors.wording import field_errors
from services.edge.gateway import Caller
from services.edge.models import LinkRating

MAX_TOKEN = 256
MAX_FIELDS = 1000
FIELDS = ("score", "comment")


class Page(APIRoute):
    """A route whose refusals are pages too; one that may pass gives back what was written."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the rate limit."""
        handle = super().get_route_handler()

        async def handle_visitor(request: Request) -> Response:
            try:
                count_address(request)
                return await handle(request)
            except Refused as refused:
                more = {"Retry-After": str(RETRY_AFTER_SECONDS)} if refused.problem.status == 503 else {}  # noqa: PLR2004
                sent = _read_form(await request.body()) if request.method == "POST" else None
                return parts(request).pages.refused(refused.problem, more | refused.headers, sent=sent)

        return handle_visitor


router = APIRouter(tags=["link"], route_class=Page, default_response_class=HTMLResponse)


def _shown(*statuses: int) -> dict[int | str, dict[str, Any]]:
    page = {"content": {"text/html": {"schema": {"type": "string"}}}}
    described = {status: {"description": HTTPStatus(status).phrase, **page} for status in statuses}
    return declared() | described


_FORM = {
    "requestBody": {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/LinkRating"}}},
    }
}


@router.get("/avaliacao/{token}", responses=_shown(404, 410, 429, 503))
async def show(caller: Calls, given: Given, token: str) -> HTMLResponse:
    """Show the form, or why there is none; records nothing."""
    evaluation = await _read(caller, token)
    if evaluation.state == "open":
        return given.pages.form(evaluation)
    return given.pages.ended(evaluation, status=200 if evaluation.state == "answered" else 410)


@router.get("/avaliacao/{token}/", include_in_schema=False)
async def show_without_slash(token: str) -> Response:
    """Lead whoever typed or was given a slash too many to the page itself."""
    return RedirectResponse(f"../{quote(_readable(token), safe='')}", status_code=HTTP_308_PERMANENT_REDIRECT)


@router.post("/avaliacao/{token}", responses=_shown(202, 404, 409, 410, 422, 429, 503), openapi_extra=_FORM)
async def send(caller: Calls, given: Given, request: Request, token: str) -> HTMLResponse:
    """Record the answer; what is wrong with it stands beside its field."""
    sent = _read_form(await request.body())
    try:
        rating = LinkRating.model_validate(sent)
    except ValidationError as error:
        return await _form_again(caller, given, token, sent, field_errors(error.errors(include_input=False)))
    try:
        rating.check()
        rated = await caller.ask(_command(caller, token, rating))
    except NoReply:
        # the broker has it, and will until feedback is back
        return given.pages.queued()
    except Refused as refused:
        return await _refused(caller, given, token, sent, refused)
    return given.pages.rated(rated.score, rating.comment)


async def _refused(caller: Caller, given: Parts, token: str, sent: Mapping[str, str], refused: Refused) -> HTMLResponse:
    problem = refused.problem
    match problem.status:
        case 422:
            otherwise = (FieldError(field="form", message=problem.detail),)
            return await _form_again(caller, given, token, sent, problem.errors or otherwise)
        case 409 | 410:
            # as it stands now, so that the page can say since when and where the way goes on
            with contextlib.suppress(Refused, NoReply):
                evaluation = await _read(caller, token)
                if evaluation.state != "open":
                    return given.pages.ended(evaluation, status=problem.status)
    raise refused


def _command(caller: Caller, token: str, rating: LinkRating) -> SubmitEvaluationByLink:
    return caller.makes(
        SubmitEvaluationByLink,
        request_id=request_id(_readable(token), f"{rating.score}\n{rating.comment or ''}"),
        token=token,
        score=rating.score,
        comment=rating.comment,
    )


async def _form_again(
    caller: Caller, given: Parts, token: str, sent: Mapping[str, str], wrong: Iterable[FieldError]
) -> HTMLResponse:
    evaluation = await _read(caller, token)
    if evaluation.state != "open":
        return given.pages.ended(evaluation, status=409 if evaluation.state == "answered" else 410)
    errors = {one.field: one.message for one in wrong}
    return given.pages.form(evaluation, status=422, sent=sent, errors=errors)


async def _read(caller: Caller, token: str) -> LinkedEvaluation:
    return await caller.read(OpenEvaluationLink, token=_readable(token))


def _readable(token: str) -> str:
    if len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable():
        raise Refused(known(404).model_copy(update={"detail": "Este link de avaliação não é válido."}))
    return token


def _read_form(body: bytes) -> Mapping[str, str]:
    try:
        fields = parse_qs(body.decode(), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    # browsers write line ends as CRLF, and count them as one character
    return {name: fields[name][-1].replace("\r\n", "\n") for name in FIELDS if name in fields}
