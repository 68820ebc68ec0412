"""Caixa de saída: the mails that went out in a demo, each in a sandboxed frame as text, as HTML and as it came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from mk.console.desk import Desk
from mk.console.overview.stand_ins import StandIn
from mk.console.refusals import not_found

HERE = "/caixa-de-saida"
SHOWN = 50

View = Literal["texto", "html", "origem"]
VIEWS: dict[View, str] = {"texto": "Texto", "html": "HTML", "origem": "Origem"}

FRAME_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
"""For what somebody else wrote: an origin of its own, no script, no form, nothing fetched."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the list."""

    id: str
    to: str
    subject: str
    at: datetime
    text: str
    html: str


def mails(desk: Desk) -> APIRouter:
    """`GET /caixa-de-saida`, and what stands in its frame."""
    router = desk.router()
    mailbox = StandIn(desk.settings.mail_url)

    @router.get(HERE)
    async def page(request: Request, mensagem: str = "", ver: View = "texto") -> Response:
        found = await _newest(mailbox)
        chosen = next((one for one in found if one.id == mensagem), None)
        if mensagem and chosen is None:
            chosen = _mail(await mailbox.json(f"/email/{quote(mensagem, safe='')}"))
        chosen = chosen or next(iter(found), None)
        values = {"mails": found, "chosen": chosen, "view": ver, "views": VIEWS, "own_page": mailbox.page}
        return desk.page(request, "caixa_de_saida.html", status=200, **values)

    @router.get(f"/vivo{HERE}")
    async def fresh(request: Request, mensagem: str = "", ver: View = "texto") -> Response:
        values = {"mails": await _newest(mailbox), "chosen_id": mensagem, "view": ver}
        return desk.pages.part(request, "caixa_lista.html", **values)

    @router.get(f"{HERE}/{{mail_id}}/{{view}}")
    async def content(mail_id: str, view: View) -> Response:
        path = f"/email/{quote(mail_id, safe='')}"
        headers = {"Content-Security-Policy": FRAME_POLICY}
        if view == "origem":
            return PlainTextResponse(await mailbox.text(f"{path}/source"), headers=headers)
        mail = _mail(await mailbox.json(path))
        if view == "html":
            if not mail.html:
                raise not_found("Esta mensagem não tem HTML")
            return HTMLResponse(mail.html, headers=headers)
        return PlainTextResponse(mail.text, headers=headers)

    return router


async def _newest(mailbox: StandIn) -> list[Mail]:
    # the newest come last; a mailbox that knows no limit sends all
    found = await mailbox.json(f"/email?limit={SHOWN}")
    return [_mail(one) for one in reversed(found[-SHOWN:])]


def _mail(found: dict[str, Any]) -> Mail:
    return Mail(
        id=str(found["id"]),
        to=", ".join(one["address"] for one in found.get("to") or ()) or "—",
        subject=found.get("subject") or "(sem assunto)",
        at=datetime.fromisoformat(found["time"]),
        text=found.get("text") or "",
        html=found.get("html") or "",
    )
