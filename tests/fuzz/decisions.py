"""The targets behind the parsers: what was read is decided upon, kept, written and shown, however odd it is."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from pydantic import ValidationError

from chassis.persistence import cursor
from chassis.persistence.mongo import is_unstorable
from contracts import mk, notifier, tickets
from contracts.addresses import lacking
from contracts.message import Message, identified
from mk import ticket_documents
from mk.domain import ticket as mk_ticket
from mk.routes import panel
from services.feedback import domain as feedback_domain
from services.feedback import link
from services.feedback import store as feedback_store
from services.feedback.errors import LinkInvalid
from services.notifier.decide import documents as notifier_documents
from services.notifier.decide import facts, timeline
from services.notifier.decide.notices import Notice
from services.notifier.deliver import inbox
from services.notifier.deliver.render import Writer
from services.notifier.errors import Unwritable
from services.tickets import store as tickets_store
from services.tickets.domain import changes, openings, resolution
from services.tickets.domain import timeline as tickets_timeline
from services.tickets.domain.ticket import Ticket
from tests.fuzz.hostile import MOMENTS, bodies, texts
from tests.fuzz.target import Target

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ZONES = tuple(map(ZoneInfo, ("America/Sao_Paulo", "Pacific/Kiritimati", "Etc/GMT+12")))
WRITER = Writer(sender="Atendimento <atendimento@atendo.local>", domain="atendo.local", timezone="America/Sao_Paulo")
TEMPLATES = ("contact_received", "evaluation_requested", "evaluation_reminded", "ticket_opened", "ticket_closed")
FACTS = ("customer", "customer_email", "connection", "sector", "text", "protocol", "process", "phase", "link", "closed")
WHEN = ("occurred_at", "scheduled_for", "expires_at")
SECRET = b"s" * 32

_OPTIONS: CodecOptions[dict[str, object]] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


def _storable(document: object) -> None:
    try:
        bson.encode({"it": document}, codec_options=_OPTIONS)
    except Exception as error:
        if not is_unstorable(error):
            raise


def _cursors() -> st.SearchStrategy[str]:
    place = st.tuples(st.one_of(st.integers(), st.floats(), texts()), texts())
    tickets_like = place.map(lambda one: f"[{one[0]}, {one[1]!r}]".replace("'", '"'))
    inbox_like = st.tuples(st.sampled_from([*MOMENTS, "1"]), st.one_of(st.uuids().map(str), texts()))
    written = st.one_of(tickets_like, inbox_like.map("|".join), texts(), st.just("[" * 5000))
    encoded = written.map(lambda text: bson.binary.Binary(text.encode(errors="replace"))).map(_base64)
    return st.one_of(texts(), encoded, encoded.map(lambda text: text.rstrip("=")), st.binary().map(_base64))


def _base64(content: bytes) -> str:
    import base64  # noqa: PLC0415 - the strategy's alone

    return base64.urlsafe_b64encode(content).decode()


def _check_tickets_cursor(given: str) -> None:
    try:
        opened_at, ticket_id = cursor.decode(given)
    except cursor.CursorMalformed:
        return
    again = cursor.encode(opened_at, ticket_id)
    assert cursor.encode(*cursor.decode(again)) == again
    _storable({"opened_at": opened_at, "_id": ticket_id})


def _check_inbox_cursor(given: str) -> None:
    try:
        place = inbox.Place.read(given)
    except cursor.CursorMalformed:
        return
    again = inbox.Place.read(cursor.encode(place.at, str(place.id)))
    assert (again.id, again.at) == (place.id, place.at.replace(microsecond=place.at.microsecond // 1000 * 1000))
    _storable({"at": place.at, "_id": place.id})


def _check_token(token: str) -> None:
    try:
        read = link.read(token, secret=SECRET)
    except LinkInvalid:
        return
    assert link.sign(read, secret=SECRET) == token


def _tokens() -> st.SearchStrategy[str]:
    good = st.uuids().map(lambda one: link.sign(one, secret=SECRET))
    bent = st.tuples(good, st.integers(0, 43), texts()).map(lambda one: one[0][: one[1]] + one[2] + one[0][one[1] :])
    return st.one_of(good, bent, _cursors())


@st.composite
def _mails(draw: DrawFn) -> notifier.EmailDue:
    facts = {name: draw(texts()) for name in draw(st.sets(st.sampled_from(FACTS)))}
    facts |= {name: draw(st.one_of(st.sampled_from(MOMENTS), texts())) for name in draw(st.sets(st.sampled_from(WHEN)))}
    facts.setdefault("occurred_at", NOW.isoformat())
    return notifier.EmailDue.model_construct(
        event_id=uuid.UUID(int=1),
        occurred_at=NOW,
        correlation_id="c",
        cause_id=None,
        notification_id=uuid.UUID(int=2),
        about=notifier.About(event_id=uuid.UUID(int=3), type="T.v1"),
        recipient=draw(st.sampled_from(["customer", "sector", "else"])),
        address=draw(st.one_of(st.none(), st.just("ana@cliente.example"), texts())),
        template=draw(st.one_of(st.sampled_from(TEMPLATES), texts())),
        facts=facts,
    )


_HEADERS = {"From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "MIME-Version", "Content-Type", "Reply-To"}
_HEADERS |= {"References", "In-Reply-To", "List-Id", "X-Auto-Response-Suppress", "Content-Language"}


def _check_mail(due: notifier.EmailDue) -> None:
    try:
        mail = WRITER.mail(due)
    except Unwritable:
        return
    assert mail.isascii()
    assert b"\n" not in mail.replace(b"\r\n", b"")
    assert b"\r" not in mail.replace(b"\r\n", b"")
    if lacking(due.address) is None:
        # RFC 5322, 2.1.1; what has no usable address is not sent
        assert max(map(len, mail.split(b"\r\n"))) <= 998
    read = BytesParser(policy=policy.compat32).parsebytes(mail)
    assert set(read.keys()) <= _HEADERS
    assert len(read.keys()) == len(set(read.keys()))
    assert [part.get_content_type() for part in read.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert b"<script>alert" not in (read.get_payload(1).get_payload(decode=True) or b"")  # type: ignore[union-attr]


def _check_item(due: notifier.EmailDue) -> None:
    item = Notice.of(notifier.InboxDue.model_construct(**dict(due)))
    try:
        title, body = WRITER.item(item)
        inbox.item_of(item, title=title, body=body)
    except Unwritable:
        return


# What parses is decided upon.


def _read(types: tuple[type[Message], ...], check: Callable[[Message], None], body: bytes) -> None:
    for one in types:
        try:
            said = one.model_validate_json(body)
        except ValidationError:
            continue
        check(said)


_STEPS = tuple(tickets_store._STEPS.values())  # noqa: SLF001 - the store's own list of what it can keep
_OPENING = mk.TicketOpened(
    event_id=uuid.UUID(int=4),
    occurred_at=NOW,
    correlation_id="c",
    ticket_id="t",
    customer_id="ana",
    complaint="Lenta",
    notification_level="all",
    opened_by="joana",
)


def _check_ticket(said: Message) -> None:
    asked = said if isinstance(said, mk.TicketOpened) else _OPENING
    opening = openings.asked_by_operator(asked, resolution.chosen_by_operator(asked), protocol="20260105000001")
    ticket, told = changes.open_ticket(Ticket(asked.ticket_id), opening)
    if isinstance(said, _STEPS):
        ticket, told = changes.note(ticket, said)
    for one in told:
        one.model_dump_json()
    _storable(tickets_store.ticket_document(ticket))
    for zone in ZONES:
        tickets_timeline.page(ticket, zone, now=NOW).model_dump_json()
    cursor.decode(cursor.encode(ticket.openings[0].opened_at, ticket.id))
    changes.erase(ticket)


_NEWS = tuple(mk_ticket.EVENTS.values())


def _check_mirror(said: Message) -> None:
    ticket_id = mk_ticket.ticket_id_of(said)
    if ticket_id is None:
        return
    ticket = mk_ticket.take(mk_ticket.Ticket(ticket_id), said)
    _storable(ticket_documents.document_of(ticket))
    panel.Shown.of(ticket).model_dump_json()
    if ticket.closing:
        panel.Finished.closed(ticket, ticket.closing).model_dump_json()
    mk_ticket.erase(ticket)


_TOLD = tuple(t for t in facts.Step.__args__)


def _check_telling(said: Message) -> None:
    ticket_id, customer, protocol = (getattr(said, name) for name in ("ticket_id", "customer_id", "protocol"))
    event = facts.event_of(said, {"customer": "ana@cliente.example"}, erased=False)  # type: ignore[arg-type]
    ticket, dues = timeline.note(timeline.Ticket(ticket_id, customer, protocol), event, now=NOW)
    for event in ticket.events:
        _storable(notifier_documents._event_document(event))  # noqa: SLF001 - as it is kept
    for due in dues:
        if isinstance(due, notifier.EmailDue):
            _check_mail(due)
    for notice in timeline.notices(ticket, event.id):
        title, body = WRITER.item(notice)
        inbox.item_of(notice, title=title, body=body)


def _check_closing(said: Message) -> None:
    assert isinstance(said, tickets.TicketClosed)
    try:
        evaluation_id, terms = feedback_domain.evaluation_id(said, []), feedback_domain.Terms()
        evaluation, emitted = feedback_domain.open_evaluation(said, evaluation_id, terms=terms, link="l", now=NOW)
        identified(emitted, said)
    except (OverflowError, ValidationError):
        # too late in time for any term; both are permanent
        return
    _storable(feedback_store.document(evaluation))
    feedback_domain.pass_time(evaluation, now=NOW)


def targets(_folder: Path) -> list[Target]:
    """Every target of this module."""
    closings = (tickets.TicketClosed,)
    return [
        Target("tickets cursor", _cursors(), _check_tickets_cursor, share=2),
        Target("inbox cursor", _cursors(), _check_inbox_cursor, share=2),
        Target("link token", _tokens(), _check_token, share=2),
        Target("mail", _mails(), _check_mail, share=3),
        Target("inbox item", _mails(), _check_item),
        Target(
            "tickets decides", bodies("mk", "feedback"), partial(_read, (mk.TicketOpened, *_STEPS), _check_ticket), 3
        ),
        Target("mk's mirror", bodies("tickets", "feedback", "notifier"), partial(_read, _NEWS, _check_mirror), 2),
        Target("notifier decides", bodies("tickets", "feedback"), partial(_read, _TOLD, _check_telling), 2),
        Target("feedback decides", bodies("tickets"), partial(_read, closings, _check_closing), 2),
    ]
