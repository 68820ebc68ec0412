"""Writes the pages that need neither login nor JavaScript: the evaluation behind a signed link (R23)."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from starlette.responses import HTMLResponse

from chassis.clock import Clock, utc_now
from contracts.problems import Problem
from contracts.replies import LinkedEvaluation
from services.edge.web.dates import day_and_month, since
from services.edge.web.endings import ANSWERED, EXPIRED, QUEUED, RATED, WITHDRAWN, Ending, later, of_status
from services.edge.web.mending import KEPT, Sent, wrong_with

_TEMPLATES = Path(__file__).parent / "templates"
_SCORES = {1: "Péssimo", 2: "Ruim", 3: "Regular", 4: "Bom", 5: "Ótimo"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_TOO_MANY, _OURS = 429, 500
_NOTHING = {
    "protocol": "",
    "closed": "",
    "score": None,
    "comment": None,
    "newest": None,
    "write": False,
    "again": False,
}


class Pages:
    """The templates in the look of the app, whose sheet is at `stylesheet`, with a policy that lets nothing run."""

    def __init__(self, *, stylesheet: str, timezone: str, clock: Clock = utc_now) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
        )
        self._common = {"stylesheet": stylesheet, "scores": _SCORES}
        self._zone = ZoneInfo(timezone)
        self._clock = clock

    def form(
        self,
        evaluation: LinkedEvaluation | None,
        *,
        status: int = 200,
        sent: Sent | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """The form, with what was sent before and what is wrong with it, by field."""
        given = {"score": "", "comment": ""} | dict(sent or {})
        summary, wrong = wrong_with(given, errors or {})
        title = "Erro: Avaliar atendimento" if summary else "Avaliar atendimento"
        facts = self._of(evaluation) | {"title": title, "sent": given, "summary": summary, "errors": wrong}
        return self._page("form.html", status, facts)

    def rated(self, score: int, comment: str | None, evaluation: LinkedEvaluation | None = None) -> HTMLResponse:
        """The answer was recorded."""
        return self._ends(RATED, 200, self._of(evaluation) | {"score": score, "comment": comment})

    def queued(self) -> HTMLResponse:
        """The answer is kept, and will be recorded."""
        return self._ends(QUEUED, 202)

    def ended(self, evaluation: LinkedEvaluation, *, status: int) -> HTMLResponse:
        """There is nothing to rate any more: why, and where the way goes on (R21, R24)."""
        facts = self._of(evaluation)
        match evaluation.state:
            case "answered":
                return self._ends(ANSWERED, status, facts | {"score": evaluation.score})
            case "withdrawn":
                return self._ends(WITHDRAWN, status, facts | {"newest": evaluation.newest})
            case _:
                return self._ends(EXPIRED, status, facts | self._term(evaluation) | {"write": True})

    def refused(self, problem: Problem, headers: Mapping[str, str], *, sent: Sent | None = None) -> HTMLResponse:
        """What stands in the way of whoever followed a signed link; what was `sent` is given back if it may pass."""
        if sent is not None and (problem.status == _TOO_MANY or problem.status >= _OURS):
            text = later(headers) if problem.status == _TOO_MANY else KEPT
            page = self.form(None, status=problem.status, sent=sent, errors={"form": text})
        else:
            more = {"newest": problem.newest} if problem.newest else {}
            page = self._ends(of_status(problem, headers, "Avaliação não encontrada"), problem.status, more)
        page.headers.update(headers)
        return page

    def problem(self, problem: Problem, headers: Mapping[str, str]) -> HTMLResponse:
        """What stands in the way of whoever asked for any other page."""
        page = self._ends(of_status(problem, headers, "Página não encontrada"), problem.status)
        page.headers.update(headers)
        return page

    def _of(self, evaluation: LinkedEvaluation | None) -> dict[str, object]:
        if evaluation is None:
            return {}
        return {"protocol": evaluation.protocol, "closed": since(evaluation.closed_at, self._zone, now=self._clock())}

    def _term(self, evaluation: LinkedEvaluation) -> dict[str, object]:
        if evaluation.expires_at is None:
            return {}
        days = max(1, round((evaluation.expires_at - evaluation.closed_at) / timedelta(days=1)))
        end = day_and_month(evaluation.expires_at, self._zone)
        term = f"{days} dia{'s' if days > 1 else ''}"
        return {"text": f"O prazo era de {term} e terminou em {end}. Nada foi registrado."}

    def _ends(self, ending: Ending, status: int, facts: Mapping[str, object] | None = None) -> HTMLResponse:
        return self._page("result.html", status, ending.facts | dict(facts or {}))

    def _page(self, template: str, status: int, facts: Mapping[str, object]) -> HTMLResponse:
        page = self._templates.get_template(template).render({**_NOTHING, **self._common, **facts})
        return HTMLResponse(page, status_code=status, headers=_HEADERS)
