"""Writes the pages that need neither login nor JavaScript: the evaluation behind a signed link (R23)."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import jinja2
from starlette.responses import HTMLResponse

WEB = Path(__file__).parent
SCORES = {1: "Muito ruim", 2: "Ruim", 3: "Regular", 4: "Bom", 5: "Ótimo"}

Kind = Literal["form", "thanks", "message"]


class Pages:
    """The templates of `web/`, with a policy that lets nothing run and nothing be loaded."""

    def __init__(self) -> None:
        templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
        )
        self._template = templates.get_template("avaliacao.html")
        self._css = (WEB / "avaliacao.css").read_text("utf-8")
        seal = base64.b64encode(hashlib.sha256(self._css.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{seal}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
        }

    def form(
        self, protocol: str, *, status: int = 200, sent: Mapping[str, str] | None = None, errors: Mapping[str, str]
    ) -> HTMLResponse:
        """The form, with what was sent before and what is wrong with it, by field."""
        given = {"score": "", "comment": ""} | dict(sent or {})
        wrong = {"score": "", "comment": "", "form": ""}
        for field, text in errors.items():
            wrong[field if field in wrong else "form"] = text
        return self._page(status, kind="form", protocol=protocol, sent=given, errors=wrong, scores=SCORES)

    def thanks(self, score: int) -> HTMLResponse:
        """The answer was recorded."""
        return self._page(200, kind="thanks", text=f"Sua nota foi {score}: {SCORES[score]}.")

    def answered(self, score: int | None) -> HTMLResponse:
        """There is an answer already; this link has done its work."""
        nota = f" Sua nota foi {score}." if score else ""
        return self._page(200, kind="message", title="Avaliação já respondida", text=f"Obrigado!{nota}")

    def queued(self) -> HTMLResponse:
        """The answer is kept, and will be recorded."""
        text = "Ela será registrada em instantes. Não precisa enviar de novo."
        return self._page(202, kind="message", title="Avaliação recebida", text=text)

    def withdrawn(self, newest: str | None) -> HTMLResponse:
        """A reopening took the question back; `newest` is the address of the one that took its place (R21)."""
        return self.message(410, "O atendimento foi reaberto, e esta avaliação deixou de valer.", newest=newest)

    def unknown_path(self, headers: Mapping[str, str]) -> HTMLResponse:
        """There is no such address."""
        page = self._page(404, kind="message", title="Página não encontrada", text="Confira o endereço digitado.")
        page.headers.update(headers)
        return page

    def message(
        self, status: int, text: str, headers: Mapping[str, str] | None = None, *, newest: str | None = None
    ) -> HTMLResponse:
        """What stands in the way, in the customer's words, and where the way goes on."""
        title = "Há uma avaliação mais recente" if newest else _TITLES.get(status, "Não foi possível continuar")
        page = self._page(status, kind="message", title=title, text=text, newest=newest)
        page.headers.update(headers or {})
        return page

    def _page(self, status: int, *, kind: Kind, **facts: object) -> HTMLResponse:
        page = self._template.render({"newest": None, "kind": kind, "css": self._css} | facts)
        return HTMLResponse(page, status_code=status, headers=self._headers)


_TITLES = {
    404: "Link inválido",
    409: "Avaliação já respondida",
    410: "Prazo encerrado",
    429: "Aguarde um instante",
    503: "Indisponível no momento",
}
