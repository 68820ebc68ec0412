"""contacts on a real broker and a real database: happy, duplicate, out of order, poison."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.service import Service
from contracts import contacts, mk, notifier, tickets
from contracts.message import Message
from contracts.requests import GetContact, GetContactForm, GetMenu, SubmitContact
from contracts.rpc import request_id
from services.contacts.app import build
from services.contacts.domain.register import Known
from services.contacts.handlers import Handlers
from services.contacts.settings import Settings
from services.contacts.store import MongoContacts, MongoRegister
from tests.eventually import eventually
from tests.system import LONG_AGO, System, emitted


async def a_provider(system: System) -> None:
    """contacts, which knows one customer with one connection and one sector."""
    await system.run(build, Settings)
    await system.publish(
        emitted(mk.SacOptionsSaved, mobile_menu=["contacts", "tickets"]),
        emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True),
        emitted(
            mk.CustomerSaved,
            customer_id="ana",
            name="Ana",
            person_group_id="vip",
            connections=[{"connection_id": "c1", "label": "Casa", "active": True}],
        ),
    )
    await eventually(lambda: form_is_there(system))


async def form_is_there(system: System) -> bool:
    reply = await system.ask(GetContactForm(request_id=uuid4(), customer_id="ana"))
    return isinstance(reply.ok, dict) and bool(reply.ok["sectors"])


def a_contact(key: str = "k1", text: str = "Sem conexão") -> SubmitContact:
    return SubmitContact(
        request_id=request_id("ana", key), correlation_id="c", customer_id="ana", sector_id="tecnico", text=text
    )


async def test_r8_a_contact_to_a_sector_that_generates_tickets_asks_for_one(system: System) -> None:
    await a_provider(system)

    answer = await system.answer(a_contact())

    assert answer["state"] == "received"
    await eventually(lambda: len(system.received_of(contacts.TicketRequested)) == 1)
    requested = system.received_of(contacts.TicketRequested)[0]
    assert requested["connection_id"] == "c1"
    assert requested["person_group_id"] == "vip"
    await eventually(lambda: len(system.received_of(contacts.ContactReceived)) == 1)


async def test_r12_the_same_request_twice_is_one_contact_and_one_answer(system: System) -> None:
    await a_provider(system)

    first, second = await system.answer(a_contact()), await system.answer(a_contact())
    other = await system.problem(a_contact(text="Outra coisa"))

    assert first == second
    assert other.status == 422
    assert other.type == "urn:atendo:problem:key-reused"
    await eventually(
        lambda: system.received_of(contacts.ContactReceived) and system.received_of(contacts.TicketRequested)
    )
    await system.quiet()
    # an event may be published twice, as long as it is the same one
    for message in (contacts.ContactReceived, contacts.TicketRequested):
        assert len({event["event_id"] for event in system.received_of(message)}) == 1


async def test_r1_contacts_are_refused_when_mk_switches_them_off_whatever_order_its_news_comes_in(
    system: System,
) -> None:
    await a_provider(system)
    newest = emitted(mk.SacOptionsSaved, at=LONG_AGO + timedelta(days=2), mobile_menu=["tickets"])
    older = emitted(mk.SacOptionsSaved, at=LONG_AGO + timedelta(days=1), mobile_menu=["contacts"])

    await system.publish(newest, older)

    await eventually(lambda: menu_is(system, ["tickets"]))
    assert (await system.problem(a_contact())).status == 403


async def menu_is(system: System, options: list[str]) -> bool:
    return (await system.ask(GetMenu(request_id=uuid4()))).ok == {"options": options}


async def test_a_contact_shows_the_protocol_of_its_ticket(system: System) -> None:
    await a_provider(system)
    contact = (await system.answer(a_contact()))["contact_id"]
    opened = emitted(
        tickets.TicketOpened,
        ticket_id="t1",
        protocol="20260105000001",
        origin="contact",
        contact_id=contact,
        customer_id="ana",
        process_from="none",
        classification_from="none",
        notification_level="all",
        complaint="Sem conexão",
        opened_at=LONG_AGO,
    )

    await system.publish(opened, opened)

    query = GetContact(request_id=uuid4(), customer_id="ana", contact_id=contact)

    async def has_protocol() -> bool:
        ok = (await system.ask(query)).ok
        return ok == {"contact_id": contact, "state": "ticket_opened", "protocol": "20260105000001"}

    await eventually(has_protocol)


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_stops_nothing(system: System) -> None:
    await a_provider(system)

    await system.publish_raw("mk", "mk.sector_saved.v1", b"{not json", type="SectorSaved.v1")
    await system.publish_raw("mk", "mk.sector_saved.v1", b"{}", type="SectorSaved.v9")
    await system.publish_raw("", "contacts.commands", b'{"kind": "fly"}')

    await eventually(lambda: depth_is(system, "contacts.dead", 3))
    reasons = sorted(str(dead.headers["x-atendo-reason"]) for dead in await system.dead("contacts"))
    assert reasons == ["unknown_type", "unknown_type", "unreadable"]
    assert await system.answer(a_contact())


async def depth_is(system: System, queue: str, depth: int) -> bool:
    return await system.depth(queue) == depth


async def test_r11_a_contact_is_emailed_when_its_mails_are_acknowledged_however_often(system: System) -> None:
    await a_provider(system)
    contact = (await system.answer(a_contact()))["contact_id"]
    receipts = [{"recipient": "customer", "outcome": "sent"}, {"recipient": "sector", "outcome": "skipped"}]
    acknowledged = emitted(notifier.ContactAcknowledged, contact_id=contact, customer_id="ana", receipts=receipts)

    await system.publish(acknowledged, acknowledged)

    await eventually(lambda: state_is(system, contact, "emailed"))


async def test_what_v0_1_reported_and_is_still_under_way_counts_and_is_no_dead_letter(system: System) -> None:
    await a_provider(system)
    await bound_as_by_v0_1(system)
    contact = (await system.answer(a_contact()))["contact_id"]
    about = {"event_id": (await the_received(system))["event_id"], "type": "ContactReceived.v1"}
    fields: dict[str, Any] = {"notification_id": uuid4(), "about": about, "channel": "email"}
    to_customer = emitted(notifier.NotificationSent, recipient="customer", **fields)
    to_sector = emitted(notifier.NotificationSkipped, recipient="sector", reason="no address", **fields)
    elsewhere = emitted(
        notifier.NotificationFailed, recipient="customer", **fields | {"about": about | {"type": "X.v1"}}
    )

    await system.publish(elsewhere, to_sector, to_sector, to_customer, to_customer)

    await eventually(lambda: state_is(system, contact, "emailed"))
    await system.quiet()
    assert await system.dead("contacts") == []


async def bound_as_by_v0_1(system: System) -> None:
    channel = await system.connection.channel()
    queue = await channel.declare_queue("contacts", passive=True, robust=False)
    for message in (notifier.NotificationSent, notifier.NotificationSkipped, notifier.NotificationFailed):
        await queue.bind(message.exchange(), message.routing_key(), robust=False)
    await channel.close()


async def test_r27_erasure_removes_what_was_written_and_outlives_late_news(system: System) -> None:
    await a_provider(system)
    contact = (await system.answer(a_contact()))["contact_id"]
    late = emitted(mk.CustomerSaved, at=LONG_AGO + timedelta(hours=1), customer_id="ana", name="Ana", connections=[])

    await system.publish(emitted(mk.CustomerErased, at=LONG_AGO + timedelta(days=1), customer_id="ana"), late)

    async def is_refused() -> bool:
        # a key that was accepted before the erasure arrived stays accepted
        reply = await system.ask(a_contact(str(uuid4())))
        return reply.problem is not None and reply.problem.status == 404

    async def is_erased() -> bool:
        stored = await system.services[0].database["contacts"].find_one({"_id": UUID(contact)})
        return (stored["text"], stored["fingerprint"], stored["told"]) == ("", "", [])

    await eventually(is_refused)
    await eventually(is_erased)
    assert await state_is(system, contact, "received")
    assert (await system.answer(a_contact())) == {"contact_id": contact, "state": "received"}


class Meanwhile(MongoRegister):
    """What MK published last; something happens right after the first look."""

    def __init__(self, service: Service, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(service)
        self._happens = happens

    async def known(self, customer_id: str, sector_id: str) -> Known:
        """Look, and let it happen."""
        found = await super().known(customer_id, sector_id)
        await self._happens()
        return found


async def test_r27_an_erasure_in_the_midst_of_a_contact_leaves_nothing_of_it(system: System) -> None:
    await a_provider(system)
    service = system.services[0]
    erased = emitted(mk.CustomerErased, at=LONG_AGO + timedelta(days=1), customer_id="ana")

    async def erase() -> None:
        await handlers.on_customer_erased(erased)

    handlers = Handlers(contacts=MongoContacts(service), register=Meanwhile(service, erase), clock=service.clock)
    await handlers.on_submit_contact(a_contact(text="Segredo da Ana"))

    # what was published is cleared from the outbox later, in bulk
    await service.outbox.clear()
    assert "Segredo" not in str([one async for one in service.database["contacts"].find()])


async def test_a_foreign_contact_is_not_found(system: System) -> None:
    await a_provider(system)
    contact = (await system.answer(a_contact()))["contact_id"]

    problem = await system.problem(GetContact(request_id=uuid4(), customer_id="eva", contact_id=contact))

    assert problem.status == 404


POISONED: list[type[Message]] = [
    mk.CustomerSaved,
    mk.CustomerErased,
    mk.SacOptionsSaved,
    tickets.TicketOpened,
    notifier.ContactAcknowledged,
]


@pytest.mark.parametrize("message", POISONED, ids=lambda message: message.routing_key())
async def test_poison_of_every_kind_is_a_dead_letter(system: System, message: type[Message]) -> None:
    await system.run(build, Settings)

    await system.publish_raw(message.exchange(), message.routing_key(), b'{"event_id": 1}', type=message.type_name())

    await eventually(lambda: depth_is(system, "contacts.dead", 1))


async def the_received(system: System) -> dict[str, Any]:
    await eventually(lambda: system.received_of(contacts.ContactReceived))
    return system.received_of(contacts.ContactReceived)[0]


async def state_is(system: System, contact: str, state: str) -> bool:
    answer = await system.answer(GetContact(request_id=uuid4(), customer_id="ana", contact_id=contact))
    return bool(answer["state"] == state)
