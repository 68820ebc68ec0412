"""`atendo addresses` and `atendo explain` by a contact's id, over a notifier with a real broker and database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.notifier import ContactAcknowledged
from ops.mail_addresses import allow, list_
from ops.questions import explain
from services.notifier.decide.owners import of_customer, of_sector
from services.notifier.deliver.address_store import MongoAddresses
from tests.eventually import eventually
from tests.services.notifier.world import ANA, SECTOR, a_contact, a_notifier
from tests.smtp import Mailbox
from tests.system import System

Capture = pytest.CaptureFixture[str]
REFUSED = "550 5.1.1 no such user"


@pytest.fixture(autouse=True)
async def notifier(system: System, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> System:
    for name, value in system.environment.items():
        monkeypatch.setenv(name.upper(), value)
    await a_notifier(system, mailbox)
    return system


async def printed(capfd: Capture, *command: str) -> tuple[int, str]:
    commands: dict[str, Callable[..., int]] = {"list": list_, "allow": allow, "explain": explain}
    capfd.readouterr()
    code = await asyncio.to_thread(commands[command[0]], *command[1:])
    out, err = capfd.readouterr()
    return code, out + err


async def acknowledged(system: System, contacts: int) -> None:
    await eventually(lambda: len(system.received_of(ContactAcknowledged)) == contacts)


async def test_r19_a_switched_off_address_is_listed_and_allowed_again(
    notifier: System, mailbox: Mailbox, capfd: Capture
) -> None:
    mailbox.refused_recipients[SECTOR] = REFUSED
    await notifier.publish(a_contact(generate_ticket=False))
    await acknowledged(notifier, 1)
    mailbox.accept()
    _, listed = await printed(capfd, "list")
    for said in ("sector:tecnico", SECTOR, f"SMTP {REFUSED}"):
        assert said in listed

    assert (await printed(capfd, "allow", f"<{SECTOR.upper().replace('TECNICO', 'tecnico')}>"))[0] == 0
    await notifier.publish(a_contact(generate_ticket=False))

    await acknowledged(notifier, 2)
    assert len(mailbox.to(SECTOR)) == 1
    assert SECTOR not in (await printed(capfd, "list"))[1]
    code, complaint = await printed(capfd, "allow", SECTOR)
    assert (code, "isn't switched off" in complaint) == (1, True)


async def test_r19_an_address_is_allowed_to_everybody_that_it_belongs_to(notifier: System, capfd: Capture) -> None:
    addresses = MongoAddresses(notifier.services[0], off_for=timedelta(days=30))
    owners = [of_customer("ana"), of_customer("rui"), of_sector("tecnico")]
    now = notifier.services[0].clock()
    for owner in owners:
        await addresses.switch_off(owner, ANA, reason=REFUSED, at=now)
        await addresses.switch_off(owner, "outro@x.example", reason=REFUSED, at=now)

    assert (await printed(capfd, "allow", ANA))[0] == 0

    assert [await addresses.switched_off(owner) for owner in owners] == [{"outro@x.example"}] * 3


async def test_r11_a_sector_without_an_address_is_listed(notifier: System, capfd: Capture) -> None:
    await notifier.publish(a_contact(generate_ticket=False, sector_email=None))
    await acknowledged(notifier, 1)

    _, listed = await printed(capfd, "list")

    assert "sector:tecnico" in listed
    assert "no address" in listed


async def test_r17_a_contact_without_a_ticket_is_explained_by_its_id(notifier: System, capfd: Capture) -> None:
    contact = a_contact(generate_ticket=False)
    await notifier.publish(contact)
    await acknowledged(notifier, 1)

    code, told = await printed(capfd, "explain", str(contact.contact_id))

    assert (code, told.count("always told")) == (0, 3)
    code, complaint = await printed(capfd, "explain", str(uuid4()))
    assert (code, "Contato não encontrado" in complaint) == (1, True)
