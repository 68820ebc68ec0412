"""The floor: the least work that a contact needs, on bare clients, with no framework, validation or retry.

Per contact: 3 durable messages (confirmed publish, consume, ack), 4 journaled majority writes (contact, ticket and
2 delivery records), 2 e-mails on kept-open SMTP connections. Roles are processes, as in the product.
"""

import asyncio
import json
import multiprocessing
import queue
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import aio_pika
import aiosmtplib
from aio_pika.abc import AbstractIncomingMessage
from pamqp.common import FieldTable
from pymongo import AsyncMongoClient, MongoClient, WriteConcern

from bench.burst import Command, burst

ROLES = ("contacts", "tickets", "notifier")
TEXT = "Sem conexao desde cedo, luz vermelha no modem. " * 4

_PREFETCH = 64
_SMTP_CONNECTIONS = 8
_DATABASE = "floor"
_SECTOR = "sector@isp.test"
_START_WITHIN = timedelta(seconds=30)
_LIMIT = timedelta(minutes=10)


class FloorFailed(Exception):
    """The floor did not finish its work in time."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the floor works on."""

    amqp_url: str
    mongo_url: str
    smtp_port: int


@dataclass(frozen=True, slots=True)
class Floor:
    """What the floor did: from the first publish until all roles have handled `contacts`."""

    contacts: int
    seconds: float
    cpu_seconds: dict[str, float]


def measure(places: Places, contacts: int) -> Floor:
    """Handle so many contacts, and leave nothing behind. Raises: FloorFailed, BurstFailed."""
    commands = [Command(_contact(number)) for number in range(contacts)]
    with (
        _queues(places),
        _roles(places, contacts) as reports,
        burst(places.amqp_url, _queue(ROLES[0]), commands) as began,
    ):
        cpu_seconds = dict(reports.get(timeout=_LIMIT.total_seconds()) for _ in ROLES)
        seconds = time.monotonic() - began
    return Floor(contacts, seconds, cpu_seconds)


def _contact(number: int) -> bytes:
    body = {"id": f"{time.time_ns()}-{number}", "email": f"c{number}@x.test", "sector": "tecnico", "text": TEXT}
    return json.dumps(body).encode()


def _queue(role: str) -> str:
    return f"floor.{role}"


@contextmanager
def _queues(places: Places) -> Iterator[None]:
    asyncio.run(_declare(places.amqp_url))
    try:
        yield
    finally:
        asyncio.run(_delete(places.amqp_url))
        with MongoClient[dict[str, Any]](places.mongo_url) as client:
            client.drop_database(_DATABASE)


async def _declare(amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        for role in ROLES:
            arguments: FieldTable = {"x-queue-type": "quorum"}
            declared = await channel.declare_queue(_queue(role), durable=True, arguments=arguments)
            await declared.purge()


async def _delete(amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        for role in ROLES:
            await channel.queue_delete(_queue(role))


@contextmanager
def _roles(places: Places, contacts: int) -> Iterator["multiprocessing.Queue[tuple[str, float]]"]:
    spawning = multiprocessing.get_context("spawn")
    reports: multiprocessing.Queue[tuple[str, float]] = spawning.Queue()
    processes = [spawning.Process(target=_run, args=(role, places, contacts, reports), daemon=True) for role in ROLES]
    try:
        for process in processes:
            process.start()
        for _ in processes:
            reports.get(timeout=_START_WITHIN.total_seconds())
        yield reports
    except queue.Empty as error:
        raise FloorFailed("the floor did not finish in time") from error
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _run(role: str, places: Places, contacts: int, reports: "multiprocessing.Queue[tuple[str, float]]") -> None:
    import uvloop  # noqa: PLC0415 - only a role's process needs it

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(Role(role, places, contacts).work(reports))


class Role:
    """One of the three processes that a contact passes through."""

    def __init__(self, name: str, places: Places, contacts: int) -> None:
        self._name = name
        self._places = places
        self._left = contacts
        self._done = asyncio.Event()
        self._channel: aio_pika.abc.AbstractChannel
        self._lines: asyncio.Queue[aiosmtplib.SMTP] = asyncio.Queue()
        client = AsyncMongoClient[dict[str, Any]](places.mongo_url)
        # the product's durability, whatever the server's default
        self._database = client.get_database(_DATABASE, write_concern=WriteConcern("majority", j=True))
        self._does = {"contacts": self._receive, "tickets": self._open, "notifier": self._notify}[name]

    async def work(self, reports: "multiprocessing.Queue[tuple[str, float]]") -> None:
        """Say when ready, handle the contacts, and say how much processor time that took."""
        async with asyncio.timeout(_LIMIT.total_seconds()), await aio_pika.connect(self._places.amqp_url) as connection:
            self._channel = await connection.channel(publisher_confirms=True)
            await self._channel.set_qos(_PREFETCH)
            if self._name == "notifier":
                await self._open_lines()
            await (await self._channel.get_queue(_queue(self._name))).consume(self._handle)
            reports.put((self._name, 0.0))
            before = _cpu_seconds()
            await self._done.wait()
            reports.put((self._name, _cpu_seconds() - before))

    async def _open_lines(self) -> None:
        for _ in range(_SMTP_CONNECTIONS):
            line = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._places.smtp_port, start_tls=False)
            await line.connect()
            self._lines.put_nowait(line)

    async def _handle(self, message: AbstractIncomingMessage) -> None:
        await self._does(json.loads(message.body), message.body)
        await message.ack()
        self._left -= 1
        if self._left == 0:
            self._done.set()

    async def _receive(self, contact: dict[str, str], body: bytes) -> None:
        await self._database.contacts.insert_one({"_id": contact["id"], **contact})
        await self._send("tickets", body)

    async def _open(self, contact: dict[str, str], body: bytes) -> None:
        ticket = {"_id": contact["id"], **contact, "process": "p", "classification": "c"}
        await self._database.tickets.insert_one(ticket)
        await self._send("notifier", body)

    async def _notify(self, contact: dict[str, str], _body: bytes) -> None:
        for address in (_SECTOR, contact["email"]):
            delivery = {"_id": contact["id"] + address, "to": address, "state": "sent"}
            await self._database.deliveries.insert_one(delivery)
            await self._mail(address, f"Protocolo {contact['id']}: {contact['text']}")

    async def _send(self, role: str, body: bytes) -> None:
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, message_id=str(self._left))
        await self._channel.default_exchange.publish(message, routing_key=_queue(role))

    async def _mail(self, address: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "sac@isp.test", address, "Contato recebido"
        mail.set_content(text)
        line = await self._lines.get()
        try:
            await line.send_message(mail)
        finally:
            self._lines.put_nowait(line)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
