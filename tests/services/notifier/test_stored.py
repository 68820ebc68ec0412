"""What v0.1 stored and left in its queues is read on; and what is kept of addresses, on a real database."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from chassis.persistence.mongo import milliseconds
from contracts.notifier import ContactAcknowledged, EmailDue
from services.notifier.decide.owners import of_customer, of_sector
from services.notifier.decide.store import MongoContacts, MongoTickets
from services.notifier.deliver.address_store import MongoAddresses
from services.notifier.migrations import less_of_people
from tests.eventually import eventually
from tests.services.notifier.world import ANA, SECTOR, a_notifier, at
from tests.smtp import Mailbox
from tests.system import System
from tests.upgrades.record import STORED

V0_1 = Path(__file__).parents[2] / "upgrades" / "v0.1" / "stored.json"
REASON = "SMTP 550 5.1.1 (address): no such user"


@pytest.fixture
async def notifier(system: System, mailbox: Mailbox) -> System:
    await a_notifier(system, mailbox)
    return system


@pytest.fixture
async def stored(notifier: System) -> dict[str, list[dict[str, Any]]]:
    """What v0.1 left behind, in the database of today's notifier."""
    everything = json_util.loads(V0_1.read_text(), json_options=STORED)["notifier"]
    database = notifier.services[0].database
    for name, collection in everything.items():
        await database[name].insert_many(collection["documents"])
    return {name: collection["documents"] for name, collection in everything.items()}


async def test_contacts_and_tickets_of_v0_1_are_read(notifier: System, stored: dict[str, Any]) -> None:
    contacts, tickets = MongoContacts(notifier.services[0]), MongoTickets(notifier.services[0])

    for one in stored["contacts"]:
        contact = await contacts.find(one["_id"])
        assert contact is not None
        assert (contact.outcomes, contact.acknowledged, contact.sector_id) == (None, False, None)
        assert len(contact.decisions) == len(one["decisions"])
    for one in stored["tickets"]:
        ticket = await tickets.find(one["_id"])
        assert ticket is not None
        assert [event.id for event in ticket.events] == [event["id"] for event in one["events"]]
        assert {decision.copies for decision in ticket.decisions} == {1}


async def test_r11_a_mail_that_v0_1_left_in_its_queue_acknowledges_its_contact(
    notifier: System, stored: dict[str, Any], mailbox: Mailbox
) -> None:
    contact = next(
        one for one in stored["contacts"] if len([d for d in one["decisions"] if d["verdict"] == "send"]) == 2
    )
    bodies = [one["body"] for one in contact["told"] if one["type"] == "EmailDue.v1"]
    due = EmailDue.model_validate_json(bodies[0])
    # one of the two mails went out before the upgrade
    await notifier.services[0].database["deliveries"].delete_one({"_id": due.notification_id})

    await notifier.publish(due)

    (acknowledged,) = await eventually(lambda: notifier.received_of(ContactAcknowledged) or None)
    assert acknowledged["contact_id"] == str(contact["_id"])
    assert [one["outcome"] for one in acknowledged["receipts"]] == ["sent", "sent"]
    assert len(mailbox.messages) == 1


async def test_r27_names_phones_and_digests_of_v0_1_are_removed(notifier: System, stored: dict[str, Any]) -> None:
    database = notifier.services[0].database
    await database["addresses"].insert_one({"_id": "9f" * 32, "reason": REASON, "at": at(0)})
    addresses = MongoAddresses(notifier.services[0], off_for=timedelta(days=30))
    await addresses.switch_off(of_sector("tecnico"), SECTOR, reason=REASON, at=notifier.services[0].clock())

    await less_of_people(database)
    await less_of_people(database)

    customers = [one async for one in database["customers"].find()]
    assert len(customers) == len(stored["customers"])
    assert all(one.keys().isdisjoint({"name", "phone"}) and "email" in one for one in customers)
    assert [one["_id"] async for one in database["addresses"].find()] == ["sector:tecnico"]


async def test_r19_an_address_is_off_for_thirty_days_and_under_its_owner(notifier: System) -> None:
    service, owner = notifier.services[0], of_customer("ana")
    addresses = MongoAddresses(service, off_for=timedelta(days=30))
    now = service.clock()

    await addresses.switch_off(owner, ANA, reason=REASON, at=now - timedelta(days=29))
    assert await addresses.refusal(owner, ANA) == REASON
    assert await addresses.refusal(of_customer("rui"), ANA) is None
    off = await addresses.off_until(owner)
    assert {reason: milliseconds(at) for reason, at in off.items()} == {REASON: milliseconds(now + timedelta(days=1))}
    await addresses.switch_off(owner, ANA, reason=REASON, at=now - timedelta(days=31))

    assert await addresses.refusal(owner, ANA) is None
    assert await addresses.off_until(owner) == {}
    (kept,) = [one async for one in service.database["addresses"].find()]
    assert (kept["customer_id"], len(kept["off"])) == ("ana", 1)


async def test_r19_what_is_noted_at_once_is_all_kept_and_ends_with_mk_s_new_address(notifier: System) -> None:
    service, owner = notifier.services[0], of_sector("tecnico")
    addresses = MongoAddresses(service, off_for=timedelta(days=30))
    names = [f"{number}@x.example" for number in range(8)]

    await asyncio.gather(
        *(addresses.switch_off(owner, name, reason=REASON, at=service.clock()) for name in names * 2),
        addresses.note_missing(owner, "no address", at=service.clock()),
    )
    assert await addresses.switched_off(owner) == set(names)
    await addresses.keep(owner, names[:2])

    assert await addresses.switched_off(owner) == set(names[:2])
    (kept,) = [one async for one in service.database["addresses"].find()]
    assert {one["address"] for one in kept["off"]} == set(names[:2])


async def test_r11_that_a_sector_has_no_address_stays_noted_until_it_is_saved_with_one(notifier: System) -> None:
    service, owner = notifier.services[0], of_sector("tecnico")
    addresses = MongoAddresses(service, off_for=timedelta(days=30))
    await addresses.note_missing(owner, "no address", at=service.clock())

    await addresses.keep(owner, [])
    (still,) = [one async for one in service.database["addresses"].find()]
    await addresses.keep(owner, ["tec@x.example"])

    (then,) = [one async for one in service.database["addresses"].find()]
    assert [one["address"] for one in still["off"]] == [None]
    assert then["off"] == []


async def test_r27_an_erasure_removes_a_customer_s_addresses(notifier: System) -> None:
    service = notifier.services[0]
    addresses = MongoAddresses(service, off_for=timedelta(days=30))
    await addresses.switch_off(of_customer("ana"), ANA, reason=REASON, at=service.clock())

    await addresses.erase("ana")

    assert await service.database["addresses"].count_documents({}) == 0
