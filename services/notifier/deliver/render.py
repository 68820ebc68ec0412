"""Writes what people read, from templates that are compiled once at start; `ops.generate` makes those of the HTML."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime, parseaddr
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, Template, TemplateError, select_autoescape
from markupsafe import Markup, escape

from contracts.addresses import usable
from contracts.notifier import EmailDue
from services.notifier.decide.domain import RECEIPT
from services.notifier.decide.facts import PROMISE
from services.notifier.decide.notices import Notice
from services.notifier.deliver import mime
from services.notifier.errors import UnknownTemplate, Unwritable

_TEMPLATES = Path(__file__).parent / "templates"
_PARTS = ("subject", "txt", "html")
_THREADS = UUID("3a0c4a5e-52a4-4d0c-9a57-3c1a0f7d6b21")
"""What the threads of tickets are named in: the same ticket is the same thread, whoever asks."""


class Writer:
    """Writes mails and inbox items in pt-BR. Raises: Unwritable from both, UnknownTemplate among it."""

    def __init__(self, *, sender: str, domain: str, timezone: str) -> None:
        name, address = parseaddr(sender)
        if not (found := usable(address)):
            raise ValueError("MAIL_FROM is no address")
        self.sender = found[0]
        self._from = mime.mailbox(name, self.sender)
        self._domain = domain
        self._templates = _compile(ZoneInfo(timezone))

    def mail(self, due: EmailDue) -> bytes:
        """A whole mail; the same `due` gives the same bytes, Message-ID and date included."""
        with _facts_at_fault():
            return self._mail(due)

    def _mail(self, due: EmailDue) -> bytes:
        facts: Mapping[str, str] = due.facts
        name = f"{due.template}_{due.recipient}"
        if due.template != RECEIPT:
            title, body = self._item(due.template, facts)
            name, facts = "message", {**facts, "title": title, "body": body}
        subject, text, html = (self._template(f"mail/{name}.{part}").render(facts) for part in _PARTS)
        headers = {
            "From": self._from,
            "To": mime.mailbox("", due.address or ""),
            "Subject": mime.header_text(subject),
            "Message-ID": f"<{due.notification_id}@{self._domain}>",
            "Date": format_datetime(due.occurred_at),
            # whoever is away answers no mail that says so (RFC 3834); Exchange asks for a header of its own
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
            "Content-Language": "pt-BR",
            "List-Id": f"Atendimento <atendimento.{self._domain}>",
        }
        if due.ticket_id is not None:
            # no mail bears this id: it is what the mails of one ticket have in common (RFC 5322, 3.6.4)
            headers["References"] = headers["In-Reply-To"] = f"<{uuid5(_THREADS, due.ticket_id)}@{self._domain}>"
        if reply_to := self._reply_to(due.facts, to_sector=due.recipient == "sector"):
            headers["Reply-To"] = reply_to
        return mime.mail(headers, text=text, html=html)

    def _reply_to(self, facts: Mapping[str, str], *, to_sector: bool) -> str:
        """Who reads an answer: the customer for the sector, and the sector for its customer where it can be reached."""
        name, address = ("customer", "customer_email") if to_sector else ("sector", "sector_email")
        if not to_sector and PROMISE not in facts:
            return ""
        # never ourselves: nobody reads that, or a robot does
        others = [one for one in usable(facts.get(address)) if one.lower() != self.sender.lower()]
        return ",\r\n ".join(mime.mailbox(facts.get(name, ""), one) for one in others[: 1 if to_sector else None])

    def item(self, notice: Notice) -> tuple[str, str]:
        """Title and body of an inbox item, as plain text."""
        with _facts_at_fault():
            return self._item(notice.template, notice.facts)

    def _item(self, template: str, facts: Mapping[str, str]) -> tuple[str, str]:
        title, _, body = self._template(f"inbox/{template}.txt").render(facts).partition("\n")
        return title.strip(), body.strip()

    def _template(self, name: str) -> Template:
        try:
            return self._templates[name]
        except KeyError:
            raise UnknownTemplate(name) from None


@contextmanager
def _facts_at_fault() -> Iterator[None]:
    # a fact that isn't there, a moment that is none, an address that would break its header
    try:
        yield
    except (TemplateError, ValueError, TypeError, OverflowError) as error:
        raise Unwritable(type(error).__name__) from error


def _compile(zone: ZoneInfo) -> dict[str, Template]:
    sources = {path.relative_to(_TEMPLATES).as_posix(): path.read_text() for path in _TEMPLATES.glob("*/*.*")}
    environment = Environment(loader=DictLoader(sources), autoescape=select_autoescape(["html"], default=False))
    environment.filters["moment"] = _moment_in(zone)
    environment.filters["lines"] = _lines
    # no template uses Jinja's own functions, which are copied at each rendering
    environment.globals.clear()
    return {name: environment.get_template(name) for name in sources}


def _moment_in(zone: ZoneInfo) -> Callable[[str], str]:
    def moment(text: str) -> str:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%d/%m/%Y às %H:%M")

    return moment


def _lines(text: str) -> Markup:
    return Markup("<br>\n").join(escape(line) for line in text.splitlines())
