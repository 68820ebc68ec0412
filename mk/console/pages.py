"""Makes the console's pages of its templates, with what every page shows: who looks, where, and what was just done."""

from pathlib import Path
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chassis.clock import Clock
from mk.console.formats import Formats, counted, grouped, lower_first
from mk.console.static_files import ROOT, address
from mk.sessions import COOKIE, form_token

TEMPLATES = Path(__file__).parent / "templates"
NOTE = "mk_aviso"
"""The cookie with what was just done, for the page that comes next."""

SINGLE_KEYS = "mk_atalhos"
"""The cookie that says `0` where an operator wants no single-key shortcuts (WCAG 2.1.4)."""

_NOTE_AT_MOST = 300


class Pages:
    """Renders; autoescapes everything; a name that a template misses is an error.

    `unreachable` is the number that every page shows beside Inalcançáveis.
    """

    def __init__(self, zone: ZoneInfo, clock: Clock, *, has_stand_ins: bool) -> None:
        self._zone, self._clock = zone, clock
        self.unreachable = 0
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            root=ROOT, static=address, has_stand_ins=has_stand_ins, counted=counted, grouped=grouped
        )
        self._environment.filters["lower_first"] = lower_first

    def page(self, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A whole page, or a part that stands by itself; what a form of it sends is `csrf`."""
        note = unquote(request.cookies.get(NOTE, ""))[:_NOTE_AT_MOST]
        answer = HTMLResponse(self._text(request, template, {"note": note, **values}), status)
        if note:
            answer.delete_cookie(NOTE, path=ROOT)
        return answer

    def part(self, request: Request, template: str, **values: object) -> HTMLResponse:
        """A part of a page that refreshes itself; it takes no note away from the page that comes next."""
        return HTMLResponse(self._text(request, template, {"note": "", **values}))

    def _text(self, request: Request, template: str, values: dict[str, object]) -> str:
        session = getattr(request.state, "session", None)
        always = {
            "unreachable": self.unreachable,
            "session": session,
            "path": request.url.path,
            "csrf": form_token(request.cookies.get(COOKIE, "")) if session else "",
            "single_keys": request.cookies.get(SINGLE_KEYS) != "0",
            "fmt": Formats(self._zone, self._clock()),
        }
        return self._environment.get_template(template).render({**always, **values})


def go_to(path: str, note: str = "") -> RedirectResponse:
    """Lead on to a page of the console after something was done; the page shows the note once."""
    answer = RedirectResponse(f"{ROOT}{path}", 303)
    if note:
        answer.set_cookie(NOTE, quote(note), max_age=60, path=ROOT, httponly=True, samesite="strict")
    return answer
