"""The rules of a contact, without a broker or a database (R1, R6 to R8, R12)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import contacts
from contracts.message import identified
from contracts.notifier import Receipt
from contracts.requests import SubmitContact
from contracts.rpc import request_id
from services.contacts import errors
from services.contacts.domain import contact as domain
from services.contacts.domain.contact import Contact
from services.contacts.domain.register import Connection, Customer, Known, Sector, menu

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOME = Connection("c1", "Casa", active=True)
SHOP = Connection("c2", "Loja", active=True)
OLD = Connection("c3", "Antiga", active=False)
TECNICO = Sector("tecnico", "Técnico", "tecnico@provedor.example", generate_ticket=True, active=True)


def a_customer(*connections: Connection) -> Customer:
    return Customer("ana", "Ana", "ana@cliente.example", "vip", connections)


def known(customer: Customer | None = None, sector: Sector | None = TECNICO, *options: str) -> Known:
    return Known(customer or a_customer(HOME), sector, frozenset(options or ("contacts",)))


def a_command(text: str = "Sem conexão", connection: str | None = None, key: str = "k") -> SubmitContact:
    return SubmitContact(
        request_id=request_id("ana", key), customer_id="ana", sector_id="tecnico", connection_id=connection, text=text
    )


def refused_as(command: SubmitContact, what_is_known: Known) -> str | None:
    try:
        contact, drafts = domain.submit(command, what_is_known, now=NOW)
    except errors.PassingRefusal as refusal:
        return type(refusal).__name__
    assert bool(contact.refusal) == (drafts == [])
    return contact.refusal.reason if contact.refusal else None


def received(command: SubmitContact, what_is_known: Known) -> contacts.ContactReceived:
    _, drafts = domain.submit(command, what_is_known, now=NOW)
    event = identified(drafts, command)[0]
    assert isinstance(event, contacts.ContactReceived)
    return event


def test_r6_one_active_connection_is_taken() -> None:
    event = received(a_command(), known(a_customer(HOME, OLD)))

    assert event.connection == contacts.Connection(id="c1", label="Casa")


def test_r6_with_several_the_customer_must_choose_one() -> None:
    several = known(a_customer(HOME, SHOP))

    assert refused_as(a_command(), several) == "ConnectionRequired"
    assert received(a_command(connection="c2"), several).connection == contacts.Connection(id="c2", label="Loja")


def test_r6_with_none_the_contact_goes_without() -> None:
    assert received(a_command(), known(a_customer(OLD))).connection is None


@pytest.mark.parametrize("connection", ["c3", "somebody-elses"])
def test_r6_a_foreign_or_inactive_connection_is_refused(connection: str) -> None:
    assert refused_as(a_command(connection=connection), known(a_customer(HOME, OLD))) == "UnknownConnection"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "TextRequired"),
        (" \n\t ", "TextRequired"),
        ("x", None),
        ("x" * 4000, None),
        (f"  {'x' * 4000}\n", None),
        ("x" * 4001, "TextTooLong"),
    ],
)
def test_r7_the_text_has_1_to_4000_characters_after_trimming(text: str, refusal: str | None) -> None:
    assert refused_as(a_command(text), known()) == refusal


@pytest.mark.parametrize("sector", [None, replace(TECNICO, active=False)], ids=["unknown", "inactive"])
def test_r7_the_sector_must_be_an_active_one(sector: Sector | None) -> None:
    assert refused_as(a_command(), known(None, sector)) == "UnknownSector"


def test_r1_contacts_that_are_off_are_refused() -> None:
    assert refused_as(a_command(), known(None, TECNICO, "tickets")) == "OptionOff"


def test_an_unknown_customer_is_refused() -> None:
    assert refused_as(a_command(), Known(None, TECNICO, frozenset({"contacts"}))) == "UnknownCustomer"


@pytest.mark.parametrize(("generate_ticket", "requested"), [(True, 1), (False, 0)])
def test_r8_a_ticket_is_asked_for_where_the_sector_generates_one(generate_ticket: bool, requested: int) -> None:  # noqa: FBT001
    sector = replace(TECNICO, generate_ticket=generate_ticket)

    _, drafts = domain.submit(a_command(), known(None, sector), now=NOW)

    assert sum(draft.of is contacts.TicketRequested for draft in drafts) == requested


def test_r12_the_same_command_leads_to_the_same_contact_and_the_same_event_ids() -> None:
    first, later = (domain.submit(a_command(), known(), now=at) for at in (NOW, datetime(2027, 1, 1, tzinfo=UTC)))

    assert first[0].id == later[0].id
    ids = [[event.event_id for event in identified(drafts, a_command())] for _, drafts in (first, later)]
    assert ids[0] == ids[1]


def test_r12_another_body_under_the_same_key_is_refused() -> None:
    contact, _ = domain.submit(a_command(), known(), now=NOW)

    assert domain.answer(contact, a_command()) == contact
    with pytest.raises(errors.KeyReused):
        domain.answer(contact, a_command("Outra coisa"))


def test_r12_a_refusal_is_remembered_and_answered_again() -> None:
    contact, _ = domain.submit(a_command(""), known(), now=NOW)

    for _ in range(2):
        with pytest.raises(errors.TextRequired, match="Escreva o motivo"):
            domain.answer(contact, a_command(""))
    assert contact.state == "refused"


def test_r1_r2_the_menu_has_what_is_on_and_known_and_nothing_before_mk_speaks() -> None:
    assert menu(frozenset()) == []
    assert menu(frozenset({"contacts", "tickets", "holograms"})) == ["tickets", "contacts"]


NEWS = [
    lambda contact: domain.with_ticket(contact, "20260105000001"),
    lambda contact: domain.with_mail(contact, "customer", "sent"),
    lambda contact: domain.with_mail(contact, "sector", "skipped"),
]


@given(st.lists(st.sampled_from(NEWS), min_size=1).map(lambda repeated: [*repeated, *NEWS]), st.randoms())
def test_a_contacts_state_is_the_same_in_any_order_of_its_news(news: list[object], chance: object) -> None:
    chance.shuffle(news)  # type: ignore[attr-defined]
    contact, _ = domain.submit(a_command(), known(), now=NOW)

    for one in news:
        contact = one(contact)  # type: ignore[operator]

    assert (contact.state, contact.protocol) == ("emailed", "20260105000001")


@pytest.mark.parametrize(
    ("mails", "state"),
    [
        ({}, "received"),
        ({"customer": "sent"}, "received"),
        ({"customer": "sent", "sector": "sent"}, "emailed"),
        ({"customer": "skipped", "sector": "sent"}, "emailed"),
        ({"customer": "skipped", "sector": "skipped"}, "received"),
        ({"customer": "failed", "sector": "failed"}, "received"),
        ({"customer": "unknown", "sector": "unknown"}, "received"),
        ({"customer": "unknown", "sector": "sent"}, "emailed"),
    ],
)
def test_emailed_means_that_both_mails_ended_and_one_went_out(mails: dict[str, domain.Outcome], state: str) -> None:
    contact = Contact(id=request_id("a", "b"), customer_id="a", fingerprint="", received_at=NOW, mails=mails)

    assert contact.state == state


def test_a_mail_that_was_sent_stays_sent() -> None:
    contact = Contact(
        id=request_id("a", "b"), customer_id="a", fingerprint="", received_at=NOW, mails={"customer": "sent"}
    )

    assert domain.with_mail(contact, "customer", "failed").mails == {"customer": "sent"}


def test_of_several_addresses_of_one_recipient_one_that_was_reached_is_enough() -> None:
    contact = Contact(id=request_id("a", "b"), customer_id="a", fingerprint="", received_at=NOW)
    receipts = [Receipt(recipient="sector", outcome=outcome) for outcome in ("failed", "sent", "failed")]

    assert domain.with_receipts(contact, receipts).mails == {"customer": "skipped", "sector": "sent"}
