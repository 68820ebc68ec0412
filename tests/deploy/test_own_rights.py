"""The services with rights of their own: a whole journey, what they wait for, and what comes back by itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import pytest_asyncio

from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import NotOurs, Publisher
from chassis.messaging.rpc import Requests
from chassis.messaging.topology import Rights
from contracts import mk, topology
from contracts.message import Message
from contracts.requests import ListEvaluations
from services.feedback.app import build
from services.feedback.settings import Settings
from tests.deploy.logins import Login, management
from tests.deploy.servers import a_database_with_users
from tests.eventually import eventually
from tests.infra import Broker
from tests.journeys.provider import ANA, Provider, link_in
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox, Received
from tests.system import PatientPublisher, System, emitted, is_ready

Users = Mapping[str, Login]
A_WHILE = timedelta(seconds=60)


class Imported(System):
    """A system whose topology was imported: people listen, MK speaks, and nobody declares more than their own."""

    def __init__(self, users: Users, **environment: str) -> None:
        super().__init__(**environment)
        self.publisher = PatientPublisher(users["ops"].url, app_id="mk", rights=Rights.OWN)
        self.requests = Requests(self.publisher)
        self.mk = PatientPublisher(users["mk"].url, app_id="mk", rights=Rights.OWN)

    async def open(self) -> None:
        """Connect MK too."""
        await super().open()
        await self.mk.start()

    async def close(self) -> None:
        """Stop everything."""
        await super().close()
        await self.mk.stop()

    async def publish(self, *messages: Message) -> None:
        """Publish as MK."""
        for message in messages:
            await self.mk.publish(Envelope.of(message))


def own(users: Users, name: str) -> dict[str, object]:
    return {"amqp_url": users[name].url, "amqp_rights": "own"}


def feedback(users: Users) -> dict[str, object]:
    return {"link_secret": "s" * 32, **own(users, "feedback")}


@pytest_asyncio.fixture
async def imported(users: Users, amqp_url: str, mongo_url: str, database_prefix: str) -> AsyncIterator[Imported]:
    """Give a broker with the definitions and no service yet."""
    system = Imported(users, amqp_url=amqp_url, mongo_url=mongo_url, database_prefix=database_prefix)
    await system.open()
    yield system
    await system.close()


@pytest_asyncio.fixture
async def provider(imported: Imported, users: Users, mailbox: Mailbox, tmp_path: Path) -> AsyncIterator[Provider]:
    """Give the whole product, each service as the user that it is on the broker and in the database."""
    with contextlib.closing(Issuer()) as issuer:
        async with a_database_with_users(tmp_path) as url:
            provider = Provider(imported, mailbox, issuer, given=lambda name: own(users, name) | opening(url, name))
            yield provider
            await provider.close()
            while imported.services:
                await provider.stop(imported.services[0])


def opening(url: str, name: str) -> dict[str, object]:
    as_itself = f"{url.replace('//', f'//{name}@')}?authSource=admin"
    return {"mongo_url": as_itself, "mongo_password": name, "database_prefix": ""}


async def test_a_contact_becomes_a_ticket_is_closed_and_rated_with_everyone_as_themselves(provider: Provider) -> None:
    await provider.start()

    protocol = (await provider.write(ANA)).json()["protocol"]
    ticket = await provider.ticket_of(protocol)
    closing = emitted(
        mk.TicketClosed, at=datetime.now(UTC), ticket_id=ticket, closed_by="joana", request_evaluation=True
    )
    await provider.system.publish(closing)
    mails = await eventually(lambda: those_with_a_link(provider.mailbox))
    answer = await provider.app(ANA).post(link_in(mails[0]), data={"score": "5"})

    assert answer.status_code in {200, 201}
    assert (await provider.app(ANA).get("/v1/evaluations")).json() == []
    assert len(provider.mailbox.to("tecnico@provedor.example")) == 1
    for service in topology.LISTENS:
        assert await provider.system.dead(service) == []


def those_with_a_link(mailbox: Mailbox) -> list[Received]:
    bodies = [(mail, mail.get_body(("plain",))) for mail in mailbox.to("ana@cliente.example")]
    return [mail for mail, body in bodies if body and "/avaliacao/" in body.get_content()]


async def test_what_fails_climbs_the_ladder_and_what_nobody_can_read_is_buried(
    imported: Imported, users: Users
) -> None:
    service = await imported.run(build, Settings, **feedback(users))
    rungs = [queue.name for queue in topology.queues() if queue.service == "feedback" and queue.kind == "retry"]

    await imported.publish_raw("requests", "feedback.commands", b'{"kind": "fly"}')
    await eventually(lambda: waiting(imported, "feedback.dead"))
    for queue in service.queues:
        if queue.kind != "queries":
            await asyncio.gather(*(retried(service.publisher, rung, queue.name) for rung in rungs))

    for rung in rungs[1:]:
        assert await imported.depth(rung) == 2


async def retried(publisher: Publisher, rung: str, queue: str) -> None:
    await publisher.publish(Envelope(topology.RETRY, f"{rung.rpartition('.')[2]}.{queue}", b"{}", type="Test.v1"))


async def waiting(system: System, queue: str) -> bool:
    return await system.depth(queue) == 1


async def test_a_service_waits_unready_until_the_definitions_are_there(
    broker: Broker, imported: Imported, users: Users, capsys: pytest.CaptureFixture[str]
) -> None:
    vhost = users["feedback"].url.rpartition("/")[2]
    with management(broker) as client:
        client.delete(f"/api/queues/{vhost}/feedback.commands").raise_for_status()
    service = build(Settings.model_validate(imported.environment | feedback(users)))
    starting = asyncio.create_task(service.start())

    await eventually(lambda: "queue feedback.commands" in capsys.readouterr().out)
    assert "queue feedback.commands is not on the broker" in (await service.ready())["service"]
    assert not starting.done()

    channel = await imported.connection.channel()
    await channel.declare_queue("feedback.commands", durable=True, arguments={"x-queue-type": "quorum"})
    await eventually(starting.done)
    await service.stop()


async def test_queries_find_their_service_again_after_their_queue_went_away(
    broker: Broker, imported: Imported, users: Users
) -> None:
    service = await imported.run(build, Settings, **feedback(users))
    channel = await imported.connection.channel()
    consuming = await eventually(lambda: consuming_connections(broker, users))

    with management(broker) as client:
        for name in consuming:
            client.delete(f"/api/connections/{quote(name)}").raise_for_status()
    await channel.queue_delete("feedback.queries")

    await eventually(lambda: answered(imported))
    await eventually(lambda: is_ready(service))


def consuming_connections(broker: Broker, users: Users) -> list[str]:
    with management(broker) as client:
        found = client.get("/api/connections").raise_for_status().json()
    own = users["feedback"].credentials[0]
    return [one["name"] for one in found if one.get("user") == own and "consumes" in one.get("user_provided_name", "")]


async def answered(system: System) -> bool:
    with contextlib.suppress(Exception):
        return bool(await system.answer(ListEvaluations(request_id=uuid4(), customer_id="ana")) == [])
    return False


async def test_nothing_is_published_by_the_default_exchange(imported: Imported, users: Users) -> None:
    service = await imported.run(build, Settings, **feedback(users))

    with pytest.raises(NotOurs):
        await service.publisher.publish(Envelope("", "tickets", b"{}", type="Test.v1"))


async def test_who_asks_without_an_exchange_for_the_answer_gets_none_and_stops_nobody(
    imported: Imported, users: Users, capsys: pytest.CaptureFixture[str]
) -> None:
    await imported.run(build, Settings, **feedback(users))
    body = ListEvaluations(request_id=uuid4(), customer_id="ana").model_dump_json().encode()

    question = Envelope("requests", "feedback.queries", body, type="ListEvaluations.v1", reply_to="somebody")
    await imported.requests.reply(
        ListEvaluations(request_id=uuid4(), customer_id="ana"), within=A_WHILE, confirm_within=A_WHILE
    )
    async with asyncio.timeout(A_WHILE.total_seconds()):
        await _as_people(users, question)

    await eventually(lambda: "not answered" in capsys.readouterr().out)
    assert await answered(imported)


async def _as_people(users: Users, outgoing: Envelope) -> None:
    people = Publisher(users["ops"].url, app_id="atendo", rights=Rights.ALL)
    await people.start()
    await people.publish(outgoing)
    await people.stop()
