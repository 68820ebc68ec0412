"""What contacts promises: the whole service, over memory (R1, R2, R6 to R8, R11)."""

from uuid import uuid4

import pytest

from contracts import contacts, mk
from contracts.requests import GetContactForm, GetMenu
from contracts.rpc import contact_id, request_id
from tests.services.contacts.memory import Running
from tests.services.contacts.provider import (
    A_DAY_LATER,
    CASA,
    CONTACT,
    LOJA,
    a_contact,
    acknowledged,
    progress,
    the_ticket,
)
from tests.system import emitted


async def test_r2_before_mk_has_published_anything_both_options_are_off() -> None:
    running = Running()

    assert await running.answer(GetMenu(request_id=uuid4())) == {"options": []}
    assert (await running.problem(a_contact())).status == 403


async def test_r1_the_menu_shows_what_is_on(running: Running) -> None:
    assert await running.answer(GetMenu(request_id=uuid4())) == {"options": ["tickets", "contacts"]}


async def test_r6_r7_the_form_shows_active_connections_and_active_sectors(running: Running) -> None:
    old = {"connection_id": "c3", "label": "Antiga", "active": False}
    both = emitted(mk.CustomerSaved, at=A_DAY_LATER, customer_id="ana", name="Ana", connections=[CASA, LOJA, old])
    closed = emitted(mk.SectorSaved, sector_id="x", name="Fechado", generate_ticket=True, active=False)
    await running.publish(both, closed)

    assert await running.answer(GetContactForm(request_id=uuid4(), customer_id="ana")) == {
        "connections": [{"connection_id": "c1", "label": "Casa"}, {"connection_id": "c2", "label": "Loja"}],
        "connection_required": True,
        "sectors": [{"sector_id": "tecnico", "name": "Técnico"}],
        "max_length": 4000,
    }


async def test_r7_sectors_are_listed_in_portuguese_order(running: Running) -> None:
    names = ("Zelo", "zona", "Ágil", "agudo", "Ação", "Órgão", "Ouvidoria")
    for name in names:
        await running.publish(emitted(mk.SectorSaved, sector_id=name, name=name, generate_ticket=True))

    form = await running.answer(GetContactForm(request_id=uuid4(), customer_id="ana"))

    listed = [one["name"] for one in form["sectors"]]
    assert listed == ["Ação", "Ágil", "agudo", "Órgão", "Ouvidoria", "Técnico", "Zelo", "zona"]


async def test_r8_a_contact_is_received_and_asks_for_its_ticket(running: Running) -> None:
    answer = await running.answer(a_contact())

    assert answer == {"contact_id": str(CONTACT), "state": "received"}
    assert running.contacts.emitted_types() == ["ContactReceived.v1", "TicketRequested.v1"]
    requested = running.contacts.emitted[1]
    assert isinstance(requested, contacts.TicketRequested)
    assert (requested.connection_id, requested.person_group_id) == ("c1", "vip")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" \u200bSem conexão\ufeff\n", "Sem conexão"),
        ("\u200e" + "x" * 4000 + "\u3164", "x" * 4000),
        ("❤️", "❤️"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
    ],
)
async def test_r7_what_goes_on_is_trimmed_and_keeps_what_can_be_seen(running: Running, typed: str, kept: str) -> None:
    await running.answer(a_contact(text=typed))

    received, requested = running.contacts.emitted
    assert isinstance(received, contacts.ContactReceived)
    assert isinstance(requested, contacts.TicketRequested)
    assert received.text == requested.complaint == kept


async def test_a_foreign_or_unknown_contact_is_not_found(running: Running) -> None:
    await running.answer(a_contact())
    await running.problem(a_contact("k2", sector_id="unknown"))
    refused = contact_id(request_id("ana", "k2"))

    for contact, customer in ((CONTACT, "eva"), (refused, "eva"), (uuid4(), "ana")):
        assert (await running.problem(progress(contact, customer))).status == 404


async def test_a_contact_shows_its_protocol_however_often_it_comes(running: Running) -> None:
    await running.answer(a_contact())
    opened = the_ticket()

    await running.publish(opened, opened, the_ticket(ticket_id="t2", contact_id=None))

    shown = {"contact_id": str(CONTACT), "state": "ticket_opened", "protocol": "20260105000001"}
    assert await running.answer(progress(CONTACT)) == shown


@pytest.mark.parametrize(
    ("customer", "sector", "state"),
    [
        ("sent", "sent", "emailed"),
        ("skipped", "sent", "emailed"),
        ("sent", "unknown", "emailed"),
        ("failed", "skipped", "received"),
        ("unknown", "failed", "received"),
    ],
)
async def test_r11_a_contact_is_emailed_when_one_of_its_mails_was_sent(
    running: Running, customer: str, sector: str, state: str
) -> None:
    await running.answer(a_contact())
    once = acknowledged(customer, sector)

    await running.publish(once, once)

    assert (await running.answer(progress(CONTACT)))["state"] == state


async def test_r11_the_acknowledgement_may_come_before_the_ticket(running: Running) -> None:
    await running.answer(a_contact())

    await running.publish(acknowledged("sent", "sent"), the_ticket())

    shown = {"contact_id": str(CONTACT), "state": "emailed", "protocol": "20260105000001"}
    assert await running.answer(progress(CONTACT)) == shown


async def test_what_concerns_a_contact_that_is_not_here_changes_nothing(running: Running) -> None:
    await running.publish(the_ticket(), acknowledged("sent", "sent"))

    assert running.contacts.kept == {}
