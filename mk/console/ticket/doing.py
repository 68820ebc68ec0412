"""The actions of a ticket: each sent from its dialog, or from a page of its own."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from contracts.message import NotificationLevel
from mk.console.desk import Desk, form, operator
from mk.console.pages import go_to
from mk.console.refusals import not_found
from mk.console.rows import address
from mk.console.static_files import ROOT
from mk.console.ticket import acting
from mk.console.ticket.actions import BY_SLUG, Act, Action, Errors, errors
from mk.console.wording import LEVELS_AT_LENGTH
from mk.domain.listing import defect_found, level
from mk.domain.ticket import Ticket

_UNPROCESSABLE, _CONFLICT, _UNAVAILABLE = 422, 409, 503


def doing(desk: Desk) -> APIRouter:
    """`GET`, `POST /atendimentos/{ticket}/{action}`."""
    router = desk.router()

    @router.get("/atendimentos/{name}/{slug}")
    async def asked(request: Request, name: str, slug: str) -> Response:
        ticket, action = await known(desk, name), _action(slug)
        return _form_page(desk, request, ticket, action)

    @router.post("/atendimentos/{name}/{slug}")
    async def done(request: Request, name: str, slug: str) -> Response:
        ticket, action = await known(desk, name), _action(slug)
        return await _act(desk, request, ticket, action)

    return router


async def known(desk: Desk, name: str) -> Ticket:
    """The ticket of this id or protocol. Raises: Refused."""
    ticket = await desk.stores.tickets.named(name)
    if ticket is None:
        raise not_found("Atendimento não encontrado")
    return ticket


def _action(slug: str) -> Action:
    if slug not in BY_SLUG:
        raise not_found()
    return BY_SLUG[slug]


async def _act(desk: Desk, request: Request, ticket: Ticket, action: Action) -> Response:
    given = await form(request)
    act = Act(
        acting.form_id(given.get("envio", "")), ticket.id, desk.clock(), operator(request).name, desk.settings.zone
    )
    if any(one.cause_id == act.event_id for one in ticket.history):
        return go_to(path_of(ticket), action.note(given))
    if why := acting.conflict(action, ticket):
        return _form_page(desk, request, ticket, action, given=given, wrong=[("", why)], status=_CONFLICT)
    if wrong := errors(action, given):
        return _form_page(desk, request, ticket, action, given=given, wrong=wrong, status=_UNPROCESSABLE)
    event = action.event(given, act)
    if acting.changes_nothing(event, ticket):
        return go_to(path_of(ticket), "Nada mudou: já estava assim.")
    if why := await acting.publish(desk, event):
        return _form_page(desk, request, ticket, action, given=given, wrong=[("", why)], status=_UNAVAILABLE)
    is_there = await acting.arrives(desk.stores.tickets, ticket.id, act.event_id)
    return go_to(path_of(ticket), action.note(given) + ("" if is_there else "; aparece aqui em instantes"))


def _form_page(  # noqa: PLR0913 - keyword-only after four
    desk: Desk,
    request: Request,
    ticket: Ticket,
    action: Action,
    *,
    given: Mapping[str, str] | None = None,
    wrong: Errors | None = None,
    status: int = 200,
) -> Response:
    values = form_values(ticket, action, given or {}, sent=given is not None)
    shown = {
        "ticket": ticket,
        "href": href_of(ticket),
        "action": action,
        "wrong": wrong or [],
        "in_dialog": _in_dialog(request),
        **values,
    }
    answer = desk.page(request, "atendimento_acao.html", status=status, **shown)
    if wrong:
        # by script the form alone is replaced, wherever it stands: nothing that was typed is lost
        selector = f"#form-{action.slug}"
        answer.headers.update({"HX-Retarget": selector, "HX-Reselect": selector, "HX-Reswap": "outerMorph"})
    return answer


def _in_dialog(request: Request) -> bool:
    # by script a form is sent from its dialog, and put back there
    return request.headers.get("hx-request") == "true"


def form_values(ticket: Ticket, action: Action, given: Mapping[str, str], *, sent: bool) -> dict[str, Any]:
    """What stands in an action's fields: what was sent, else what is known."""
    opening = ticket.opening
    known = {
        "processo": (opening.process if opening else None) or "",
        "defeito": defect_found(ticket) or "",
        "nivel": str(level(ticket) or ""),
        "visivel": "on",
    }
    fields = dict(given) if sent else known
    return {
        "field": lambda name: fields.get(name, ""),
        "is_ticked": lambda name: name in fields,
        "form_id": fields.get("envio") or str(uuid4()),
        "levels": [(one.value, LEVELS_AT_LENGTH[one]) for one in NotificationLevel],
        "slug": action.slug,
    }


def path_of(ticket: Ticket) -> str:
    """A ticket's page, within the console."""
    return href_of(ticket).removeprefix(ROOT)


def href_of(ticket: Ticket) -> str:
    """A ticket's page."""
    return address(ticket.id, ticket.protocol)
