"""A contact on plain FastStream made safe: one process a role, on uvloop, PyMongo's asynchronous client and aiosmtplib.

Made safe: quorum queues, persistent and mandatory publishes that are confirmed and raise where they are returned, on
another connection than the one that consumes; acknowledged by hand after the write and the publish, given back where
that fails. 64 messages are prefetched, 8 SMTP connections are kept open, bodies are validated by pydantic as usual.

Caveats: what fails is given back at once and for ever, with no delay and no dead letters; a crash between the write and
the next message repeats both, and of a mail that was noted as sent but wasn't nobody knows. It looks up no customer and
gives out no protocol, which the product does.

    python -m bench.peers.faststream_app contacts
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import aiosmtplib
import uvloop
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitMessage, RabbitQueue
from pydantic import BaseModel
from pymongo import AsyncMongoClient
from pymongo.errors import DuplicateKeyError

from bench.peers.work import AMQP_URL, DATABASE, DURABLE, MONGO_URL, SMTP_PORT, Document, mails_of, ticket_of

_log = logging.getLogger(__name__)
_PREFETCH = 64
_SMTP_CONNECTIONS = 8


class Contact(BaseModel):
    """A contact as it goes from queue to queue."""

    id: str
    customer: str
    sector: str
    text: str


class Role:
    """One of the three processes."""

    def __init__(self, name: str) -> None:
        self.consuming = RabbitBroker(AMQP_URL, logger=None, default_channel=Channel(prefetch_count=_PREFETCH))
        self._publishing = RabbitBroker(
            AMQP_URL, logger=None, default_channel=Channel(publisher_confirms=True, on_return_raises=True)
        )
        self._database = AsyncMongoClient[Document](MONGO_URL).get_database(DATABASE, write_concern=DURABLE)
        self._lines: asyncio.Queue[aiosmtplib.SMTP] = asyncio.Queue()
        does = {"contacts": self._receive, "tickets": self._open_ticket, "notifier": self._notify}[name]

        @self.consuming.subscriber(_queue(name), ack_policy=AckPolicy.MANUAL)
        async def handle(contact: Contact, message: RabbitMessage) -> None:
            try:
                await does(contact)
            except Exception:  # noqa: BLE001 - whatever fails is given back
                _log.exception("given back")
                await message.nack()
            else:
                await message.ack()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Hold what the handlers need."""
        for _ in range(_SMTP_CONNECTIONS):
            line = aiosmtplib.SMTP(hostname="127.0.0.1", port=SMTP_PORT, start_tls=False)
            await line.connect()
            self._lines.put_nowait(line)
        async with self._publishing:
            await self._publishing.connect()
            for role in ("contacts", "tickets", "notifier"):
                await self._publishing.declare_queue(_queue(role))
            yield

    async def _receive(self, contact: Contact) -> None:
        await self._once("contacts", contact.id, contact.model_dump())
        await self._publish("tickets", contact)

    async def _open_ticket(self, contact: Contact) -> None:
        await self._once("tickets", contact.id, ticket_of(contact.model_dump()))
        await self._publish("notifier", contact)

    async def _notify(self, contact: Contact) -> None:
        for mail in mails_of(contact.model_dump()):
            if await self._once("deliveries", f"{contact.id} {mail['To']}", {"to": mail["To"], "state": "sent"}):
                await self._send(mail)

    async def _publish(self, role: str, contact: Contact) -> None:
        async with asyncio.timeout(10):
            await self._publishing.publish(contact, _queue(role), persist=True, mandatory=True)

    async def _once(self, collection: str, key: str, document: Document) -> bool:
        try:
            await self._database[collection].insert_one({"_id": key, **document})
        except DuplicateKeyError:
            return False
        return True

    async def _send(self, mail: EmailMessage) -> None:
        line = await self._lines.get()
        try:
            await line.send_message(mail)
        finally:
            self._lines.put_nowait(line)


def _queue(role: str) -> RabbitQueue:
    return RabbitQueue(f"faststream.{role}", queue_type=QueueType.QUORUM, durable=True)


async def main(name: str) -> None:
    """Work as one role until the process is asked to end."""
    role = Role(name)
    async with role.connected():
        await FastStream(role.consuming, logger=None).run()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
