"""What only a real database shows: its order of names, and documents as the last release left them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.service import Service
from contracts import contacts, mk
from contracts.requests import GetContact, GetContactForm, SubmitContact
from contracts.rpc import contact_id
from services.contacts.app import build
from services.contacts.domain.contact import fingerprint
from services.contacts.retired import received_event
from services.contacts.settings import Settings
from tests.eventually import eventually
from tests.services.contacts.provider import ANA, NO_ANA, OPTIONS, TECNICO, a_contact
from tests.system import LONG_AGO, System, emitted

CONTACT = contact_id(a_contact().request_id)


@pytest.fixture(params=["motor", "pymongo"])
async def service(system: System, request: pytest.FixtureRequest) -> Service:
    service = await system.run(build, Settings, mongo_driver=request.param)
    await system.publish(OPTIONS, TECNICO, ANA)
    await eventually(lambda: sectors(system))
    return service


async def sectors(system: System) -> list[str]:
    form = (await system.ask(GetContactForm(request_id=uuid4(), customer_id="ana"))).ok
    return [str(one["name"]) for one in form["sectors"]] if isinstance(form, dict) else []  # type: ignore[index,union-attr,call-overload]


async def test_r7_sectors_are_listed_in_portuguese_order(service: Service, system: System) -> None:
    del service
    for name in ("Zelo", "zona", "Ágil", "agudo", "Ação", "Órgão", "Ouvidoria"):
        await system.publish(emitted(mk.SectorSaved, sector_id=name, name=name, generate_ticket=True))

    in_order = ["Ação", "Ágil", "agudo", "Órgão", "Ouvidoria", "Técnico", "Zelo", "zona"]

    async def listed() -> bool:
        return await sectors(system) == in_order

    await eventually(listed)


async def left_by_v0_1(service: Service, command: SubmitContact, **more: Any) -> None:  # noqa: ANN401 - as stored
    """A document as the last release wrote it."""
    document = {
        "_id": contact_id(command.request_id),
        "version": 1,
        "applied": [command.request_id],
        "customer_id": command.customer_id,
        "fingerprint": fingerprint(command),
        "received_at": LONG_AGO,
        "text": command.text,
        "received_event": received_event(command.request_id),
        "refusal": None,
        "protocol": None,
        "mails": {},
        "outbox": [],
        "told": [],
    }
    await service.database["contacts"].insert_one(document | more)


async def test_r12_a_contact_of_v0_1_is_recognized_by_its_fingerprint(service: Service, system: System) -> None:
    await left_by_v0_1(service, a_contact())

    again = await system.answer(a_contact())
    other = await system.problem(a_contact(text="Outra coisa"))

    assert again == {"contact_id": str(CONTACT), "state": "received"}
    assert other.type == "urn:atendo:problem:key-reused"


async def test_r27_an_erasure_takes_the_fingerprints_that_v0_1_left(service: Service, system: System) -> None:
    await left_by_v0_1(service, a_contact())

    await system.publish(NO_ANA)

    async def is_empty() -> bool:
        kept = await service.database["contacts"].find_one({"_id": CONTACT})
        return (kept["text"], kept["fingerprint"]) == ("", "")

    await eventually(is_empty)
    assert (await system.answer(a_contact()))["contact_id"] == str(CONTACT)


@pytest.mark.parametrize("name", ["OptionOff", "UnknownCustomer", "UnknownSector", "UnknownConnection"])
async def test_r12_a_passing_refusal_that_v0_1_kept_is_decided_anew(
    service: Service, system: System, name: str
) -> None:
    command = a_contact()
    await left_by_v0_1(service, command, text="", refusal={"name": name, "words": "Não."}, received_event=None)
    before = await system.answer(GetContact(request_id=uuid4(), customer_id="ana", contact_id=CONTACT))

    answers = [await system.answer(command) for _ in range(2)]

    assert before["state"] == "refused"
    assert [one["state"] for one in answers] == ["received", "received"]
    await eventually(lambda: system.received_of(contacts.TicketRequested))
    await system.quiet()
    assert len({event["event_id"] for event in system.received_of(contacts.TicketRequested)}) == 1


async def test_r12_a_refusal_of_form_that_v0_1_kept_stands(service: Service, system: System) -> None:
    command = a_contact(text="")
    await left_by_v0_1(service, command, refusal={"name": "TextRequired", "words": "Escreva."})

    problem = await system.problem(command)

    assert (problem.type, problem.detail) == ("urn:atendo:problem:text-required", "Escreva.")


async def test_notes_on_refused_contacts_go_by_themselves_and_with_their_customer(
    service: Service, system: System
) -> None:
    await system.problem(a_contact(sector_id="unknown"))
    refused = service.database["refused"]
    kept = await refused.find_one({"_id": CONTACT})

    await system.publish(NO_ANA)

    async def is_gone() -> bool:
        return not await refused.find_one({})

    await eventually(is_gone)
    assert set(kept) == {"_id", "customer_id", "at"}
    assert (await refused.index_information())["age"]["expireAfterSeconds"] == timedelta(days=30).total_seconds()
