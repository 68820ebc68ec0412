"""What people read: nothing that somebody wrote leaves its place, and any mail reader sees what was meant."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.notifier import EmailDue, InboxDue
from services.notifier.decide.domain import CARRIES, NOTIFIES
from services.notifier.decide.notices import Notice
from services.notifier.deliver import mime
from services.notifier.deliver.render import Writer
from services.notifier.errors import UnknownTemplate, Unwritable
from tests.services.notifier.world import ANA, LINK, PROTOCOL, SECTOR
from tests.system import emitted

NOTIFICATION = UUID("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
WRITER = Writer(
    sender="Atendimento Ótimo <nao-responda@provedor.example>", domain="provedor.example", timezone="America/Sao_Paulo"
)
FACTS = {
    "customer": "Ana Souza",
    "customer_email": ANA,
    "connection": "Casa",
    "sector": "Técnico",
    "text": "Estou sem conexão.\nDesde ontem.",
    "protocol": PROTOCOL,
    "process": "Suporte",
    "classification": "Sem sinal",
    "occurred_at": "2026-01-05T02:30:00+00:00",
    "expires_at": "2026-01-19T15:00:00+00:00",
    "scheduled_for": "2026-01-07T17:00:00+00:00",
    "phase": "Visita marcada",
    "responsible": "Equipe Norte",
    "evaluation_id": "e1",
    "link": LINK,
    "closed": "yes",
}


def a_due(template: str = "contact_received", recipient: str = "sector", **facts: str) -> EmailDue:
    return emitted(
        EmailDue,
        notification_id=NOTIFICATION,
        about={"event_id": uuid4(), "type": "ContactReceived.v1"},
        recipient=recipient,
        address=SECTOR if recipient == "sector" else ANA,
        template=template,
        facts=FACTS | facts,
    )


def an_item(template: str, **facts: str) -> tuple[str, str]:
    due = emitted(
        InboxDue,
        notification_id=NOTIFICATION,
        about={"event_id": uuid4(), "type": "TicketOpened.v1"},
        template=template,
        facts=FACTS | facts,
    )
    return WRITER.item(Notice.of(due))


def read(mail: bytes) -> EmailMessage:
    message = message_from_bytes(mail, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [part.defects for part in message.walk()] == [[], [], []]
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content()).replace("\r\n", "\n")


def test_r11_the_sector_s_mail_says_who_which_connection_what_and_how_it_was_filed() -> None:
    mail = read(WRITER.mail(a_due()))

    for kind in ("plain", "html"):
        for fact in (
            "Ana Souza",
            ANA,
            "Casa",
            "Estou sem conexão.",
            PROTOCOL,
            "Suporte",
            "Sem sinal",
            "04/01/2026 às 23:30",
        ):
            assert fact in part(mail, kind)
        assert "sem atendimento" not in part(mail, kind)
    assert mail["Subject"] == f"Atendimento {PROTOCOL}: Ana Souza (Técnico)"
    assert mail["To"] == SECTOR
    assert mail["Reply-To"] == f"Ana Souza <{ANA}>"
    assert mail["From"].addresses[0].display_name == "Atendimento Ótimo"
    assert mail["Message-ID"] == f"<{NOTIFICATION}@provedor.example>"


def test_r11_the_customer_s_mail_says_received_when_protocol_and_sector_and_not_how_it_was_filed() -> None:
    mail = read(WRITER.mail(a_due(recipient="customer")))

    for kind in ("plain", "html"):
        for fact in ("Recebemos seu contato", "04/01/2026 às 23:30", PROTOCOL, "Técnico"):
            assert fact in part(mail, kind)
        assert "Sem sinal" not in part(mail, kind)
    assert mail["Reply-To"] is None


TWO = "tecnico@provedor.example; plantao@provedor.example"


def test_r11_an_answer_to_the_customer_s_mail_goes_to_the_sector() -> None:
    mail = read(WRITER.mail(a_due(recipient="customer", sector_email=TWO, promise="yes")))

    assert [one.addr_spec for one in mail["Reply-To"].addresses] == TWO.split("; ")
    assert {one.display_name for one in mail["Reply-To"].addresses} == {"Técnico"}


def test_r11_where_the_sector_cannot_be_reached_nobody_is_named_for_an_answer() -> None:
    mail = read(WRITER.mail(a_due(recipient="customer", sector_email=TWO)))

    assert mail["Reply-To"] is None


@pytest.mark.parametrize("recipient", ["customer", "sector"])
def test_an_answer_never_comes_back_to_ourselves(recipient: str) -> None:
    ours = "Nao-Responda@provedor.example"

    mail = read(WRITER.mail(a_due(recipient=recipient, sector_email=ours, customer_email=ours, promise="yes")))

    assert mail["Reply-To"] is None


@pytest.mark.parametrize("template", ["contact_received", "evaluation_requested", "evaluation_reminded"])
def test_every_mail_says_that_a_machine_wrote_it_and_which_list_it_is_of(template: str) -> None:
    mail = read(WRITER.mail(a_due(template, "customer")))

    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert mail["List-Id"] == "Atendimento <atendimento.provedor.example>"


def test_r11_what_is_not_known_is_said_to_be_missing() -> None:
    due = a_due()
    bare = {name: FACTS[name] for name in ("customer", "sector", "text", "occurred_at")}

    mail = read(WRITER.mail(due.model_copy(update={"facts": bare})))

    for kind in ("plain", "html"):
        for fact in ("sem atendimento", "não definido", "não definida", "nenhuma", "não informado"):
            assert fact in part(mail, kind)
    assert mail["Subject"] == "Contato: Ana Souza (Técnico)"
    assert mail["Reply-To"] is None


def test_r23_the_evaluation_s_mail_has_its_link_in_both_forms() -> None:
    mail = read(WRITER.mail(a_due("evaluation_requested", "customer", link=f"{LINK}?a=1&b=2")))

    assert f"{LINK}?a=1&b=2" in part(mail, "plain")
    assert f'href="{LINK}?a=1&amp;b=2"' in part(mail, "html")
    assert "foi encerrado" in part(mail, "plain")
    assert mail["Subject"] == f"Atendimento encerrado: avalie — protocolo {PROTOCOL}"


@pytest.mark.parametrize("kind", sorted(kind for kind, levels in NOTIFIES.items() if levels))
def test_everything_that_is_told_has_its_words(kind: str) -> None:
    title, body = an_item(kind)

    assert title
    assert PROTOCOL in body
    assert "\n" not in title + body
    if kind in CARRIES["email"]:
        assert read(WRITER.mail(a_due(kind, "customer")))["Subject"]


def test_r18_a_request_says_that_the_ticket_was_closed_only_where_closings_are_told() -> None:
    assert "foi encerrado" in an_item("evaluation_requested")[1]
    assert "foi encerrado" not in an_item("evaluation_requested", closed="")[1]


def test_what_nobody_has_written_words_for_is_an_error() -> None:
    with pytest.raises(UnknownTemplate):
        an_item("ticket_vanished")
    with pytest.raises(UnknownTemplate):
        WRITER.mail(a_due("../layout", "customer"))


def test_a_script_is_escaped_in_html_and_literal_in_text() -> None:
    script = "<script>alert('oi')</script>"

    mail = read(WRITER.mail(a_due(text=script, customer=script)))

    assert script in part(mail, "plain")
    assert "<script" not in part(mail, "html")
    assert "&lt;script&gt;" in part(mail, "html")


def test_a_template_in_a_text_is_text() -> None:
    mail = read(WRITER.mail(a_due(text="{{ customer }} {% if %}")))

    assert "{{ customer }} {% if %}" in part(mail, "plain")
    assert "{{ customer }} {% if %}" in part(mail, "html")


@pytest.mark.parametrize("field", ["customer", "sector", "protocol", "customer_email", "sector_email"])
@pytest.mark.parametrize("breaking", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x00", "\x0b"])
def test_no_header_can_be_smuggled_in(field: str, breaking: str) -> None:
    mail = read(WRITER.mail(a_due(**{field: f"Ana{breaking}Bcc: eva@mau.example{breaking}{breaking}<b>oi</b>"})))

    assert mail["Bcc"] is None
    assert set(mail.keys()) <= {
        *("From", "To", "Subject", "Message-ID", "Date", "Reply-To", "MIME-Version", "Content-Type"),
        *("Auto-Submitted", "X-Auto-Response-Suppress", "List-Id", "Content-Language"),
    }


def test_an_address_that_would_break_its_header_is_no_mail_at_all() -> None:
    due = a_due().model_copy(update={"address": "ana@cliente.example\r\nBcc: eva@mau.example"})

    with pytest.raises(Unwritable):
        WRITER.mail(due)


def test_the_styles_are_inlined_and_no_mail_carries_a_style_sheet() -> None:
    html = part(read(WRITER.mail(a_due())), "html")

    assert "<style" not in html
    assert "{{" not in html
    assert "{%" not in html
    assert '<h1 style="' in html


def test_r18_the_same_message_is_the_same_mail_to_the_byte() -> None:
    due = a_due()

    assert WRITER.mail(due) == WRITER.mail(due)


ANYTHING = st.text(max_size=300)


@settings(deadline=None)
@given(ANYTHING, ANYTHING)
def test_whatever_is_written_a_mail_reader_reads_back(subject: str, body: str) -> None:
    mail = mime.mail({"Subject": mime.header_text(subject), "To": ANA}, text=body, html=f"<p>{len(body)}</p>")

    message = read(mail)
    assert message["Subject"] == as_one_line(subject)
    assert part(message, "plain").rstrip("\n") == as_text(body).rstrip("\n")
    assert mail.isascii()
    lines = mail.split(b"\r\n")
    assert all(len(line) <= 78 and b"\n" not in line and b"\r" not in line for line in lines)


@settings(deadline=None)
@given(ANYTHING)
def test_whatever_somebody_is_called_the_address_stays_theirs(name: str) -> None:
    message = read(mime.mail({"Reply-To": mime.mailbox(name, ANA)}, text="", html=""))

    (address,) = message["Reply-To"].addresses
    assert address.addr_spec == ANA
    assert as_one_line(name).startswith(address.display_name)
    assert bool(address.display_name) == bool(as_one_line(name))
    if len(as_one_line(name).encode()) <= 39:
        assert address.display_name == as_one_line(name)


def as_one_line(text: str) -> str:
    kept = "".join(" " if is_control(one) else one for one in text)
    return " ".join(kept.encode("utf-8", "replace").decode().split())


def as_text(text: str) -> str:
    lines = re.sub("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]+", " ", lines).encode("utf-8", "replace").decode()


def is_control(character: str) -> bool:
    return ord(character) < 32 or 127 <= ord(character) < 160 or character in "\u2028\u2029"


def test_the_date_is_the_message_s_own() -> None:
    mail = read(WRITER.mail(a_due()))

    assert mail["Date"].datetime == datetime(2026, 1, 5, 12, tzinfo=UTC)
