"""Replaying a whole day's dead letters over the whole product changes nothing that was already done."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.messaging import envelope as marks
from chassis.messaging.arrival import Arrival
from chassis.messaging.envelope import Delivery, Envelope
from chassis.messaging.link import Channel
from contracts import feedback, mk, tickets, topology
from contracts.message import ATENDO, MK, Message
from contracts.notifier import NotificationSent
from contracts.requests import ListNotifications, MarkNotificationRead, SubmitContact, SubmitEvaluation
from contracts.rpc import Request, request_id
from contracts.topology import Queue
from ops import dead as command
from tests.eventually import eventually
from tests.journeys.provider import ANA
from tests.ops.running import Running
from tests.system import emitted

WORKING = {"events", "deliveries", "commands"}
NOW = datetime.now(UTC)


class Carbon:
    """Keeps a copy of everything that any service is sent, with the queue that it went to."""

    def __init__(self, provider: Running) -> None:
        self._provider = provider
        self._copies: list[tuple[Queue, Arrival]] = []
        self._commands: list[tuple[Queue, Request[Any]]] = []

    async def listen(self) -> None:
        """Copy from now on."""
        channel = await self._provider.system.publisher.link.channel()
        for queue in topology.queues():
            if queue.kind in WORKING:
                await self._listen_beside(channel, queue)

    async def _listen_beside(self, channel: Channel, queue: Queue) -> None:
        copies = f"copies.{queue.name}"
        await channel.declare_queue(copies, durable=False, exclusive=True)
        for exchange, pattern in queue.bindings:
            if exchange in {MK, ATENDO}:
                await channel.bind(copies, exchange, pattern)

        def keep(arrival: Arrival) -> None:
            self._copies.append((queue, arrival))

        await channel.consume(copies, keep, on_cancel=lambda: None, no_ack=True)

    async def command(self, request: Request[Any]) -> Any:  # noqa: ANN401 - JSON
        """Send a command as the edge does, with a copy; give its answer."""
        queue = next(queue for queue in topology.queues() if queue.name == request.queue())
        self._commands.append((queue, request))
        return await self._provider.system.answer(request)

    def dead(self) -> Iterator[Envelope]:
        """Every copy as the dead letter that its service would make of it."""
        death = {
            marks.REASON: "retries_exhausted",
            marks.EXCEPTION: "ServerSelectionTimeoutError: a dead database",
            marks.HANDLER: "any",
            marks.DIED_AT: datetime.now(UTC).isoformat(),
        }
        for queue, message in self._copies:
            read = Delivery.read(queue, message)
            headers = {**read.again(now=datetime.now(UTC)), **death}
            yield a_dead_letter(queue, read.body, read.type, headers)
        for queue, request in self._commands:
            headers = {marks.EXCHANGE: "", marks.KEY: queue.name, marks.QUEUE: queue.name, marks.ATTEMPTS: 6, **death}
            yield a_dead_letter(queue, request.model_dump_json().encode(), f"{type(request).__name__}.v1", headers)


def a_dead_letter(queue: Queue, body: bytes, kind: str, headers: Any) -> Envelope:  # noqa: ANN401 - AMQP headers
    return Envelope("", topology.dead_queue(queue.service), body, kind, headers=headers)


async def a_day(provider: Running, carbon: Carbon) -> None:
    """Two contacts, an operator's ticket, every kind of step, a rating, and an item that was read."""
    await provider.system.publish(
        emitted(mk.SacOptionsSaved, at=datetime.now(UTC), mobile_menu=["tickets", "contacts"])
    )
    for sector in ("tecnico", "comercial"):
        await carbon.command(a_contact(sector))
    opened = await eventually(lambda: provider.system.received_of(tickets.TicketOpened) or None)
    for ticket in (str(opened[0]["ticket_id"]), "t1"):
        await a_life(provider, ticket)
    asked = await eventually(lambda: all_asked(provider))
    rating = {"customer_id": ANA, "evaluation_id": UUID(asked[0]["evaluation_id"]), "score": 3, "comment": "Demorou"}
    await carbon.command(SubmitEvaluation(request_id=uuid4(), **rating))
    await eventually(lambda: len(provider.mailbox.messages) == 6)
    await provider.system.quiet()
    listed = await provider.system.answer(ListNotifications(request_id=uuid4(), customer_id=ANA))
    item = UUID(listed["items"][0]["id"])
    await carbon.command(MarkNotificationRead(request_id=uuid4(), customer_id=ANA, notification_id=item))
    await provider.system.quiet()
    await eventually(lambda: all_counted(provider))


def a_contact(sector: str) -> SubmitContact:
    return SubmitContact(
        request_id=request_id(ANA, sector), customer_id=ANA, sector_id=sector, text="Sem conexão desde cedo"
    )


async def a_life(provider: Running, ticket: str) -> None:
    """Closed, reopened and closed again: in turn, for a closing that overtakes the reopening would ask twice."""
    await provider.system.publish(*opening_to_closing(ticket))
    await eventually(lambda: provider.system.received_of(tickets.TicketClosed, ticket_id=ticket))
    await provider.system.publish(emitted(mk.TicketReopened, at=NOW + timedelta(hours=1), ticket_id=ticket))
    await eventually(lambda: provider.system.received_of(tickets.TicketReopened, ticket_id=ticket))
    await provider.system.publish(*reopened_to_closing(ticket))


def opening_to_closing(ticket: str) -> list[Message]:
    moments = iter(NOW + timedelta(minutes=n) for n in range(20))
    opening = {"customer_id": ANA, "complaint": "Lenta", "notification_level": "all", "opened_by": "joana"}
    steps: list[Message] = (
        [] if ticket != "t1" else [emitted(mk.TicketOpened, at=next(moments), ticket_id=ticket, **opening)]
    )
    return [
        *steps,
        emitted(mk.ServiceOrderCreated, at=next(moments), ticket_id=ticket, service_order_id="os1"),
        emitted(mk.PhaseChanged, at=next(moments), ticket_id=ticket, process="P", phase="Campo"),
        emitted(mk.ResponsibleAdded, at=next(moments), ticket_id=ticket, responsible_id="r1", name="Carlos Souza"),
        emitted(mk.DefectFound, at=next(moments), ticket_id=ticket, defect_found="Cabo"),
        emitted(mk.TicketClosed, at=next(moments), ticket_id=ticket, closed_by="joana"),
    ]


def reopened_to_closing(ticket: str) -> list[Message]:
    moment = NOW + timedelta(hours=2)
    return [
        emitted(mk.NotificationLevelChanged, at=moment, ticket_id=ticket, notification_level="start_end"),
        emitted(
            mk.TicketClosed,
            at=moment + timedelta(minutes=1),
            ticket_id=ticket,
            closed_by="joana",
            request_evaluation=True,
        ),
    ]


def all_asked(provider: Running) -> list[dict[str, Any]] | None:
    asked = provider.system.received_of(feedback.EvaluationRequested)
    return asked if len(asked) == 2 else None


async def all_counted(provider: Running) -> bool:
    """Whether the figures, which are kept every two seconds, have every message that was sent."""
    figures = next(one for one in provider.system.services if one.name == "notifier").database["figures"]
    sent = [one["count"] async for one in figures.find({"_id": {"$regex": "/sent$"}})]
    return bool(sum(sent) == len(provider.system.received_of(NotificationSent)))


async def everything(provider: Running) -> dict[str, list[dict[str, Any]]]:
    """Every document of every service."""
    found = {}
    for service in provider.system.services:
        await service.outbox.clear()
        for name in await service.database.list_collection_names():
            documents = [document async for document in service.database[name].find({}).sort("_id", 1)]
            found[f"{service.name}.{name}"] = documents
    return found


def handled(provider: Running) -> int:
    """How many messages all services handled so far, whatever became of them."""
    families = [family for service in provider.system.services for family in service.metrics.handled.collect()]
    return sum(int(one.value) for family in families for one in family.samples if one.name.endswith("_total"))


async def test_replaying_every_message_of_a_day_changes_nothing(provider: Running) -> None:
    carbon = Carbon(provider)
    await carbon.listen()
    await a_day(provider, carbon)
    before, inbox, published_so_far = (
        await everything(provider),
        await provider.inbox(ANA),
        len(provider.system.received),
    )
    mails = [mail.as_bytes() for mail in provider.mailbox.messages]
    dead_letters, handled_so_far = list(carbon.dead()), handled(provider)
    for dead_letter in dead_letters:
        await provider.system.publisher.publish(dead_letter)

    assert await asyncio.to_thread(command.replay_) == 0

    # MK's questions by the clock are handled meanwhile, too
    await eventually(lambda: handled(provider) >= handled_so_far + len(dead_letters))
    await provider.system.quiet()
    assert len(dead_letters) > 70
    assert {dead_letter.type for dead_letter in dead_letters} >= {
        "SubmitContact.v1",
        "EmailDue.v1",
        "TicketClosed.v1",
    }
    assert [mail.as_bytes() for mail in provider.mailbox.messages] == mails
    assert await provider.inbox(ANA) == inbox
    assert provider.system.received[published_so_far:] == []
    assert await everything(provider) == before
