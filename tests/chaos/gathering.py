"""Waits until the product has come to rest, and gathers what it left behind."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aio_pika
import httpx2
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from chassis.messaging import envelope as headers
from chassis.service import WORKING
from contracts import topology
from tests.chaos import sink
from tests.chaos.app import App
from tests.chaos.evidence import COLLECTIONS, DeadLetter, Document, Evidence
from tests.chaos.poison import MARK
from tests.chaos.product import Product
from tests.chaos.stand_ins import StandIns

_LONG_RUNGS = {topology.rung(delay) for delay in topology.RETRY_LADDER[2:]}
_LOOKS = 3
_LOOK_EVERY = timedelta(seconds=3)
"""The management API's figures are up to five seconds old."""

_OPTIONS: CodecOptions[Document] = CodecOptions(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD)


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Looks into the broker and the databases, beside the product."""

    amqp_url: str
    mongo_url: str
    database_prefix: str = ""

    @property
    def addresses(self) -> dict[str, str]:
        """Where the broker and the database are."""
        return {"amqp_url": self.amqp_url, "mongo_url": self.mongo_url}

    async def evidence(self, app: App, customers: list[str], mail_log: Path, reached: StandIns) -> Evidence:
        """Everything as it is now."""
        found = Evidence(queues=await self.depths(), outboxes=await self.outboxes(), mails=sink.read(mail_log))
        async with self._client() as client:
            for part, (service, collection) in COLLECTIONS.items():
                documents = client.get_database(self.database_prefix + service, _OPTIONS)[collection].find({})
                setattr(found, part, [one async for one in documents])
        found.pushed, found.written = await reached.pushed(), await reached.written()
        found.dead = await self._dead()
        for customer in customers:
            for status in ("pending", "closed"):
                found.shown |= {one["protocol"]: one for one in await app.tickets(customer, status)}
        return found

    async def depths(self) -> dict[str, int]:
        """How many messages wait, by working and delay queue."""
        async with self._channel() as channel:
            return {
                queue.name: await _depth(channel, queue.name)
                for queue in topology.queues()
                if queue.kind not in {"dead", "queries"}
            }

    async def outboxes(self) -> dict[str, int]:
        """How many documents have something to publish or to send, by collection."""
        async with self._client() as client:
            found = {}
            for service, collection in COLLECTIONS.values():
                documents = client[self.database_prefix + service][collection]
                unsent = {"$or": [{"outbox.0": {"$exists": True}}, {"state": {"$in": ["queued", "sending"]}}]}
                found[f"outboxes of {service}.{collection}"] = await documents.count_documents(unsent)
            return found

    async def hasten(self) -> int:
        """Bring back what waits on the ladder's long rungs, as the end of its delay would; return how much it was."""
        hastened = 0
        async with self._channel() as channel:
            retried = await channel.get_exchange(topology.RETRIED, ensure=False)
            for queue in topology.queues():
                if queue.kind == "retry" and queue.name.rpartition(".")[2] in _LONG_RUNGS:
                    waiting = await channel.get_queue(queue.name, ensure=False)
                    while (message := await waiting.get(fail=False, timeout=60)) is not None:
                        await retried.publish(_copy(message), message.routing_key or "", mandatory=True)
                        await message.ack()
                        hastened += 1
        return hastened

    async def consumers_missing(self, replicas: Mapping[str, int]) -> list[str]:
        """The working queues that not every replica of their service consumes.

        Each queue's leader is asked: after a partition, a management plugin may not see another node's consumers.
        """
        found = []
        async with self._channel() as channel:
            for queue in topology.queues():
                if queue.kind in WORKING:
                    declared = await channel.declare_queue(queue.name, passive=True)
                    found_there, wanted = declared.declaration_result.consumer_count, replicas[queue.service]
                    if found_there != wanted:
                        found.append(f"{queue.name}, consumed by {found_there} of {wanted} replicas,")
        return found

    async def _dead(self) -> list[DeadLetter]:
        found = []
        async with self._channel() as channel:
            for service in topology.LISTENS:
                queue = await channel.get_queue(topology.dead_queue(service), ensure=False)
                while (message := await queue.get(fail=False, timeout=60)) is not None:
                    marks = dict(message.headers)
                    reason = str(marks.get(headers.REASON, "given up by the broker"))
                    found.append(DeadLetter(service, str(marks.get(MARK, "")), reason, message.type or ""))
        return found

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[AbstractChannel]:
        async with await aio_pika.connect(self.amqp_url, timeout=10) as connection:
            yield await connection.channel(publisher_confirms=True, on_return_raises=True)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AsyncMongoClient[Document]]:
        async with AsyncMongoClient[Document](self.mongo_url, serverSelectionTimeoutMS=3000) as client:
            yield client


async def _depth(channel: AbstractChannel, name: str) -> int:
    queue = await channel.declare_queue(name, passive=True)
    return queue.declaration_result.message_count or 0


def _copy(message: AbstractIncomingMessage) -> aio_pika.Message:
    kept = {
        name: value for name, value in message.headers.items() if not name.startswith(("x-death", "x-first", "x-last"))
    }
    return aio_pika.Message(
        message.body,
        headers=kept,
        type=message.type,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        content_type=message.content_type,
        app_id=message.app_id,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


async def unfinished(management_url: str) -> dict[str, int]:
    """How many messages wait or are in somebody's hand, by queue; some seconds old.

    Without dead letters and without reads, which expire by themselves: those of whoever gathers are among them.
    """
    listed = {one["name"]: one.get("messages", 0) for one in await _listed(management_url, "queues")}
    return {
        name: messages
        for name, messages in listed.items()
        if messages and not name.endswith((".dead", ".queries")) and not name.startswith("edge.")
    }


async def _listed(management_url: str, what: str) -> list[dict[str, Any]]:
    async with httpx2.AsyncClient(base_url=management_url, auth=("guest", "guest"), timeout=20) as client:
        listed: list[dict[str, Any]] = (await client.get(f"/api/{what}")).raise_for_status().json()
    return listed


async def rest(gatherer: Gatherer, product: Product, reached: StandIns, *, within: timedelta) -> int:
    """Wait until nothing is under way any more, three looks in a row, or until the time is over.

    Returns how many retries were brought forward meanwhile.
    """
    loop = asyncio.get_running_loop()
    deadline, quiet, hastened = loop.time() + within.total_seconds(), 0, 0
    while quiet < _LOOKS and loop.time() < deadline:
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
        try:
            hastened += await gatherer.hasten()
            busy = {**await unfinished(product.management_url), **await gatherer.outboxes()}
            busy["updates of the chats"] = await reached.pending()
        except (OSError, httpx2.HTTPError, AMQPError, PyMongoError):
            busy = {"the broker or the database": 1}
        quiet = 0 if product.down() or any(busy.values()) else quiet + 1
    return hastened
