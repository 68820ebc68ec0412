"""What a contact and an event of a ticket's life cost: each message and each operation in the database earns its place.

docs/architecture.md, "A contact, message by message", lists the messages; here they stand with the queues they reach.
A line more is a cost for every contact: change these tables only with what it buys.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from inspect import cleandoc
from typing import Any

import pytest
from pymongo import monitoring

from chassis.background import Job
from chassis.service import Service
from contracts import mk
from contracts.message import Message
from mk.app import build as build_mk
from mk.settings import Settings as MkSettings
from tests.eventually import eventually
from tests.infra import Broker
from tests.journeys.counting import Cost, Messages, Operations, table
from tests.journeys.provider import ANA, Provider
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.keys import a_vapid_key
from tests.smtp import Mailbox
from tests.system import System, emitted

CONTACT_MESSAGES = """
    1 contacts.commands → contacts.commands
    1 contacts.contact_received.v1 → mk, notifier
    1 contacts.ticket_requested.v1 → tickets
    1 edge.replies → edge.replies
    1 notifier.contact_acknowledged.v1 → contacts, edge.live
    2 notifier.email_due.v1 → notifier.email
    3 notifier.notification_sent.v1 → edge.live
    1 tickets.ticket_opened.v1 → contacts, edge.live, mk, notifier
"""
CONTACT_OPERATIONS = """
    2 find → contacts.customers
    1 find → contacts.options
    1 find → contacts.sectors
    1 find → mk.contacts
    2 find → mk.erased
    3 find → mk.tickets
    3 find → notifier.addresses
    6 find → notifier.customers
    2 find → tickets.erasures
    1 find → tickets.person_groups
    1 find → tickets.sectors
    1 find → tickets.tickets
    1 findAndModify → tickets.protocols
    3 update → contacts.contacts
    1 update → mk.contacts
    2 update → mk.tickets
    4 update → notifier.contacts
    5 update → notifier.deliveries
    1 update → notifier.tickets
    1 update → tickets.tickets
"""
STEP_MESSAGES = """
    1 mk.service_order_created.v1 → tickets
    1 notifier.notification_sent.v1 → edge.live
    1 tickets.service_order_created.v1 → edge.live, mk, notifier
"""
STEP_OPERATIONS = """
    1 find → mk.erased
    1 find → mk.tickets
    2 find → notifier.customers
    1 update → mk.tickets
    1 update → notifier.deliveries
    1 update → notifier.tickets
    1 update → tickets.tickets
"""


@pytest.fixture(autouse=True)
def operations(database_prefix: str) -> Iterator[Operations]:
    """Give what counts operations, for every client that is made from now on."""
    counting = Operations(database_prefix)
    monitoring.register(counting)
    yield counting
    monitoring._LISTENERS.command_listeners.remove(counting)  # noqa: SLF001 - the driver has no way to take one back


@pytest.fixture(autouse=True)
def _once_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what services do by the clock done when they start, and not again: it costs the same whatever happens."""
    every = Service.every

    def once(service: Service, interval: timedelta, job: Job) -> None:
        every(service, max(interval, timedelta(hours=1)), job)

    monkeypatch.setattr(Service, "every", once)


@pytest.fixture(params=[False, True], ids=["mails", "mails, push and chat"])
def with_push(request: pytest.FixtureRequest) -> bool:
    """Give whether push and a bot are set up; no customer has a device or a chat."""
    return bool(request.param)


@pytest.fixture
async def provider(system: System, mailbox: Mailbox, with_push: bool) -> Any:  # noqa: ANN401, FBT001 - a generator
    """Give the whole product, which handles one message of a queue at a time: no races, so that the cost is exact."""
    issuer = Issuer()
    # updates that are posted, since asking for them costs operations of its own, whoever does what
    bot = {"telegram_bot_token": "1:x", "telegram_updates": "webhook", "telegram_webhook_secret": "s"}
    nowhere = {"telegram_api_url": "http://127.0.0.1:9"}
    more = {"notifier": {"vapid_key": a_vapid_key(), **bot, **nowhere}} if with_push else {}
    provider = Provider(system, mailbox, issuer, given=lambda name: {"prefetch": 1, **more.get(name, {})})
    yield provider
    await provider.close()
    issuer.close()


async def written(provider: Provider) -> str:
    """Write a contact and wait for nothing: `Prefer: wait` may cost a query more, where the protocol is late."""
    contact = {"sector_id": "tecnico", "text": "Sem conexão desde cedo"}
    headers = {"Idempotency-Key": "cost"}
    answer = await provider.app(ANA).post("/v1/contacts", json=contact, headers=headers)
    return str(answer.json()["contact_id"])


async def quiet(provider: Provider, messages: Messages, operations: Operations) -> None:
    """Wait until a while has brought nothing more."""
    before: tuple[Cost, Cost] | None = None
    while before != (now := (messages.cost, operations.cost)):
        before = now
        await provider.system.quiet()


def and_reach(operations: str, *, with_push: bool) -> str:
    """What it costs where customers may have more than mails: what they have is looked up once an event.

    That goes in one round trip with the customer's own document.
    """
    looked_up = re.search(r"(\d+) find → notifier.customers", operations)
    assert looked_up
    more = int(looked_up[1]) + with_push
    return cleandoc(operations.replace(looked_up[0], f"{more} find → notifier.customers"))


async def test_a_contact_with_a_ticket_and_a_step_of_it_cost_what_the_tables_say(
    provider: Provider,
    operations: Operations,
    broker: Broker,
    with_push: bool,  # noqa: FBT001 - as pytest has it
) -> None:
    messages = Messages()
    await provider.start()
    await provider.system.run(build_mk, MkSettings)
    await messages.listen(provider.system, broker)
    await quiet(provider, messages, operations)

    messages.begin()
    operations.begin()
    contact = await written(provider)
    await eventually(lambda: len(provider.mailbox.messages) == 2)
    await quiet(provider, messages, operations)
    of_contact = table(messages.cost), table(operations.cost)

    state = (await provider.app(ANA).get(f"/v1/contacts/{contact}")).json()
    ticket = await provider.ticket_of(state["protocol"])
    await quiet(provider, messages, operations)

    messages.begin()
    operations.begin()
    visit = emitted(mk.ServiceOrderCreated, at=datetime.now(UTC), ticket_id=ticket, service_order_id="os1")
    await provider.system.publish(visit)
    await eventually(lambda: messages.cost)
    await quiet(provider, messages, operations)
    of_step = table(messages.cost), table(operations.cost)

    assert state["state"] == "emailed"
    assert of_contact == (cleandoc(CONTACT_MESSAGES), and_reach(CONTACT_OPERATIONS, with_push=with_push))
    assert of_step == (cleandoc(STEP_MESSAGES), and_reach(STEP_OPERATIONS, with_push=with_push))


LIFE: tuple[tuple[type[Message], dict[str, object]], ...] = (
    (mk.ServiceOrderCreated, {"service_order_id": "os1"}),
    (mk.PhaseChanged, {"process": "Suporte", "phase": "Visita"}),
    (mk.ResponsibleAdded, {"responsible_id": "r1", "name": "Rui"}),
    (mk.DefectFound, {"defect_found": "Fibra"}),
    (mk.TicketClosed, {"closed_by": "olga"}),
    (mk.TicketReopened, {}),
    (mk.TicketClosed, {"closed_by": "olga", "request_evaluation": True}),
)
LIFE_COST = {
    "none": """
        TicketOpened: 3 messages, 5 received, 5 reads, 3 writes
        ServiceOrderCreated: 3 messages, 4 received, 1 reads, 2 writes
        PhaseChanged: 3 messages, 4 received, 1 reads, 2 writes
        ResponsibleAdded: 3 messages, 4 received, 1 reads, 2 writes
        DefectFound: 2 messages, 4 received, 1 reads, 2 writes
        TicketClosed: 3 messages, 5 received, 1 reads, 2 writes
        TicketReopened: 3 messages, 5 received, 2 reads, 3 writes
        TicketClosed: 7 messages, 11 received, 10 reads, 8 writes
    """,
    "start_end": """
        TicketOpened: 3 messages, 6 received, 5 reads, 4 writes
        ServiceOrderCreated: 3 messages, 4 received, 1 reads, 2 writes
        PhaseChanged: 3 messages, 4 received, 1 reads, 2 writes
        ResponsibleAdded: 3 messages, 4 received, 1 reads, 2 writes
        DefectFound: 2 messages, 4 received, 1 reads, 2 writes
        TicketClosed: 3 messages, 6 received, 2 reads, 3 writes
        TicketReopened: 3 messages, 6 received, 3 reads, 4 writes
        TicketClosed: 6 messages, 11 received, 10 reads, 8 writes
    """,
    "all": """
        TicketOpened: 3 messages, 6 received, 5 reads, 4 writes
        ServiceOrderCreated: 3 messages, 5 received, 2 reads, 3 writes
        PhaseChanged: 3 messages, 5 received, 2 reads, 3 writes
        ResponsibleAdded: 3 messages, 5 received, 2 reads, 3 writes
        DefectFound: 2 messages, 4 received, 1 reads, 2 writes
        TicketClosed: 3 messages, 6 received, 2 reads, 3 writes
        TicketReopened: 3 messages, 6 received, 3 reads, 4 writes
        TicketClosed: 6 messages, 11 received, 10 reads, 8 writes
    """,
}
"""At each level; MK itself, which is left out, takes each event once more."""


@pytest.mark.parametrize("with_push", [False], indirect=True)
@pytest.mark.parametrize("level", ["none", "start_end", "all"])
async def test_each_step_of_a_ticket_costs_what_the_table_says(
    provider: Provider, operations: Operations, broker: Broker, level: str
) -> None:
    messages = Messages()
    await provider.start()
    await messages.listen(provider.system, broker)
    opening = {"ticket_id": "t1", "customer_id": ANA, "complaint": "Sem sinal", "opened_by": "olga"}
    began = datetime.now(UTC)
    found: list[str] = []

    steps: list[tuple[type[Message], dict[str, object]]] = [
        (mk.TicketOpened, {**opening, "notification_level": level}),
        *LIFE,
    ]
    for number, (kind, fields) in enumerate(steps):
        await quiet(provider, messages, operations)
        messages.begin()
        operations.begin()
        step = emitted(kind, at=began + timedelta(seconds=number), **{"ticket_id": "t1", **fields})
        await provider.system.publish(step)
        await eventually(lambda: messages.cost)
        await quiet(provider, messages, operations)
        found.append(f"{kind.__name__}: {summary(messages.cost, operations.cost)}")

    assert found == cleandoc(LIFE_COST[level]).splitlines()


def summary(messages: Cost, operations: Cost) -> str:
    """How many messages, reads and writes something cost, each queue's receipt of a message counted too."""
    received = sum(times * len(queues.split(", ")) for (_, queues), times in messages.items() if queues)
    reads = sum(times for (command, _), times in operations.items() if command in {"find", "count", "aggregate"})
    writes = operations.total() - reads
    return f"{messages.total()} messages, {received} received, {reads} reads, {writes} writes"
