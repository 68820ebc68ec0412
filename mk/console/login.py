"""The screens by which operators come in and go out."""

import asyncio
import math
import secrets

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mk.console import postponed
from mk.console.desk import Desk, form
from mk.console.guard import comes_from_us
from mk.console.pages import go_to
from mk.console.static_files import ROOT
from mk.console.throttle import Throttle
from mk.sessions import AT_MOST, COOKIE, form_token

ENTER = "/entrar"
START = "/painel/pendentes"
_TOO_MANY = 429
_WRONG = 401
_AT_ONCE = 2
"""Passwords that are tried at the same time: each takes 16 MB and a core."""


def login(desk: Desk) -> APIRouter:
    """`GET`, `POST /entrar`; `POST /sair`."""
    router = APIRouter()
    throttle = Throttle(desk.clock)
    turns = asyncio.Semaphore(_AT_ONCE)

    @router.get(ENTER)
    async def enter(request: Request) -> Response:
        ended = bool(request.cookies.get(COOKIE)) and "voltar" in request.query_params
        return _page(desk, request, request.query_params.get("voltar", ""), ended=ended)

    @router.post(ENTER)
    async def entered(request: Request) -> Response:
        await comes_from_us(request)
        return await _try(desk, request, throttle, turns)

    @router.post("/sair")
    async def leave(request: Request) -> Response:
        await comes_from_us(request)
        await desk.door.close(request.cookies.get(COOKIE, ""))
        answer = go_to(ENTER, "Você saiu.")
        answer.delete_cookie(COOKIE, path=ROOT)
        return answer

    return router


async def _try(desk: Desk, request: Request, throttle: Throttle, turns: asyncio.Semaphore) -> Response:
    given = await form(request)
    back, user, password = given.get("voltar", ""), given.get("usuario", ""), given.get("senha", "")
    kept = given.get(postponed.FIELD, "")
    name = f"{request.client.host if request.client else ''} {user.casefold()}"
    if wait := throttle.wait(name):
        seconds = math.ceil(wait.total_seconds())
        error = f"Muitas tentativas. Tente de novo em {seconds} segundos."
        return _page(desk, request, back, kept=kept, error=error, status=_TOO_MANY)
    async with turns:
        operator = await asyncio.to_thread(desk.door.operators.find, user, password)
    if operator is None:
        throttle.failed(name)
        error = "Usuário ou senha não conferem"
        return _page(desk, request, back, kept=kept, error=error, user=user, status=_WRONG)
    throttle.succeeded(name)
    token = await desk.door.open(operator, now=desk.clock())
    left = postponed.read(kept)
    answer = _again(desk, request, left, token) if left else go_to(_inside(back))
    _hand_out(request, answer, token)
    return answer


async def ended(desk: Desk, request: Request) -> Response:
    """The login in the place of what a form was sent for after its session ended; nothing of the form is lost.

    A script keeps the form itself, and logs in beside it. Raises: Refused for a form that isn't ours.
    """
    await comes_from_us(request)
    kept = postponed.of_form(request.url.path, await form(request))
    return _page(desk, request, "", ended=True, kept=kept.carried(), status=_WRONG)


def _again(desk: Desk, request: Request, kept: postponed.Postponed, token: str) -> Response:
    return desk.page(request, "enviar_outra_vez.html", kept=kept, csrf=form_token(token))


def _page(desk: Desk, request: Request, back: str, *, status: int = 200, **values: object) -> Response:
    # a token of nobody's: with it the form proves that it is ours where a browser names no origin
    token = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
    shown = {"error": "", "user": "", "ended": False, "kept": "", **values}
    answer = desk.page(request, "entrar.html", status=status, back=back, **{**shown, "csrf": form_token(token)})
    _hand_out(request, answer, token)
    return answer


def _hand_out(request: Request, answer: Response, token: str) -> None:
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(AT_MOST.total_seconds()),
        path=ROOT,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
    )


def _inside(back: str) -> str:
    # whoever sends a link must not lead anybody out of the console
    inside = back.startswith(f"{ROOT}/") and not back.startswith(f"{ROOT}{ENTER}") and "\\" not in back
    return back.removeprefix(ROOT) if inside else START
