"""The dead letters of the services: read without taking, choose, send again, drop."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from chassis.messaging import envelope as marks
from chassis.messaging.envelope import Envelope
from chassis.messaging.hosts import visit
from chassis.messaging.publisher import Publisher
from contracts import topology

REPLAYS = "x-atendo-replays"
_BACK_WITHIN = timedelta(seconds=5)
_READ_WITHIN = timedelta(seconds=30)
"""How long the broker may take to give one: each time it writes to its disk."""


class UnknownServiceError(Exception):
    """A service that isn't there; the words name those that are."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter and what is known of its death; `id` is its own and changes when it dies again."""

    id: str
    service: str
    type: str
    reason: str
    exception: str
    handler: str
    attempts: int
    died_at: datetime | None
    queue: str
    exchange: str
    key: str
    message: AbstractIncomingMessage

    @classmethod
    def read(cls, service: str, message: AbstractIncomingMessage) -> Self:
        """Read one that a service laid here, or that the broker did, after too many deliveries."""
        headers = dict(message.headers)
        by_broker = _first_death(headers)
        # what the broker laid here right after its first publish has no marks but its sender's
        marked = headers if not by_broker or marks.comes_back(str(by_broker.get("exchange", ""))) else {}
        return cls(
            id=message.message_id or "",
            service=service,
            type=message.type or "",
            reason=str(headers.get(marks.REASON) or by_broker.get("reason", "unknown")),
            exception=str(headers.get(marks.EXCEPTION, "")),
            handler=str(headers.get(marks.HANDLER, "")),
            attempts=marks.count(headers.get(marks.ATTEMPTS)),
            died_at=marks.moment(headers.get(marks.DIED_AT)) or by_broker.get("time"),
            queue=marks.text(marked.get(marks.QUEUE), str(by_broker.get("queue", service))),
            exchange=marks.text(marked.get(marks.EXCHANGE), str(by_broker.get("exchange", ""))),
            key=marks.text(marked.get(marks.KEY), str((by_broker.get("routing-keys") or [""])[0])),
            message=message,
        )

    @property
    def body(self) -> object:
        """What it says: JSON where it is, text where it isn't."""
        try:
            return json.loads(self.message.body)
        except (ValueError, RecursionError):
            return self.message.body.decode(errors="replace")

    def names(self, ids: Collection[str]) -> bool:
        """Whether it says one of these ids anywhere: of a customer, a ticket, a contact, a chat; or a protocol."""
        return any(one in ids for one in _texts(self.body))


def _texts(body: object) -> Iterator[str]:
    """Every text and number in a message; what isn't JSON is taken apart where no id could go on."""
    unread = [body]
    while unread:
        match unread.pop():
            case dict() as fields:
                unread.extend(fields.values())
            case list() as items:
                unread.extend(items)
            case str() as text:
                yield text
                yield from re.findall(r"[\w.@-]+", text) if text is body else ()
            case int() as number:
                # as Telegram names a chat
                yield str(number)


def _first_death(headers: dict[str, Any]) -> dict[str, Any]:
    deaths = headers.get("x-death")
    return dict(deaths[0]) if isinstance(deaths, list) and deaths else {}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters are meant; what is None doesn't matter."""

    service: str | None = None
    ids: tuple[str, ...] = ()
    type: str | None = None
    reason: str | None = None
    older_than: timedelta | None = None
    younger_than: timedelta | None = None
    about: frozenset[str] = frozenset()

    def takes(self, dead_letter: DeadLetter, *, now: datetime) -> bool:
        """Whether this one is meant; an id may be shortened to its beginning."""
        if self.ids and not any(dead_letter.id.startswith(one) for one in self.ids):
            return False
        if self.type and self.type not in {dead_letter.type, dead_letter.type.split(".", maxsplit=1)[0]}:
            return False
        if self.reason and self.reason != dead_letter.reason:
            return False
        if self.about and not dead_letter.names(self.about):
            return False
        return self._is_of_age(dead_letter, now=now)

    def _is_of_age(self, dead_letter: DeadLetter, *, now: datetime) -> bool:
        if self.older_than is None and self.younger_than is None:
            return True
        if dead_letter.died_at is None:
            return False
        age = now - dead_letter.died_at
        return (self.older_than or timedelta()) <= age and (self.younger_than is None or age < self.younger_than)

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose dead letters are looked through. Raises: UnknownServiceError."""
        if self.service is None:
            return tuple(topology.LISTENS)
        if self.service not in topology.LISTENS:
            raise UnknownServiceError(f"there is no service {self.service!r}: one of {', '.join(topology.LISTENS)}.")
        return (self.service,)


@asynccontextmanager
async def chosen(publisher: Publisher, choice: Choice) -> AsyncIterator[list[DeadLetter]]:
    """The letters that are meant, held while they are looked at; those not acknowledged go back to where they were."""
    # a link has no way to look at one message after the other: that is what only this needs
    connection = await visit(publisher.url, name="ops looks at dead letters")
    try:
        channel = await connection.channel()
        looked_at = {service: await _dead_of(service, channel) for service in choice.services}
        dead_letters = [DeadLetter.read(service, message) for service, found in looked_at.items() for message in found]
        try:
            yield [one for one in dead_letters if choice.takes(one, now=datetime.now(UTC))]
        finally:
            await channel.close()
            await _are_back(looked_at, publisher)
    finally:
        await connection.close()


async def _dead_of(service: str, channel: AbstractChannel) -> list[AbstractIncomingMessage]:
    queue = await channel.get_queue(topology.dead_queue(service), ensure=False)
    found = []
    while (message := await queue.get(fail=False, timeout=_READ_WITHIN.total_seconds())) is not None:
        found.append(message)
    return found


async def _are_back(looked_at: dict[str, list[AbstractIncomingMessage]], publisher: Publisher) -> None:
    """Wait until those left have returned, a moment after their channel ended: whoever looks next sees all of them."""
    channel = await publisher.link.channel()
    try:
        # in vain where somebody else looks at them by then
        with suppress(TimeoutError):
            async with asyncio.timeout(_BACK_WITHIN.total_seconds()):
                for service, found in looked_at.items():
                    queue, left = topology.dead_queue(service), sum(not message.processed for message in found)
                    while (await channel.check_queue(queue)).messages < left:  # noqa: ASYNC110 - nothing says so
                        await asyncio.sleep(0.01)
    finally:
        await channel.close()


async def replay(publisher: Publisher, dead_letter: DeadLetter) -> None:
    """Send one back to the queue it died in, with its attempts forgotten; it leaves the dead only when that is safe."""
    sent = marks.carried(dead_letter.message.headers)
    headers = {name: value for name, value in sent.items() if not name.startswith("x-")}
    origin = {marks.EXCHANGE: dead_letter.exchange, marks.KEY: dead_letter.key}
    replays = marks.count(dead_letter.message.headers.get(REPLAYS)) + 1
    await publisher.publish(
        Envelope(
            exchange="",
            routing_key=dead_letter.queue,
            body=dead_letter.message.body,
            type=dead_letter.type,
            correlation_id=dead_letter.message.correlation_id or "",
            headers={**headers, **origin, REPLAYS: replays},
        )
    )
    await dead_letter.message.ack()


async def waiting(publisher: Publisher, kinds: Collection[topology.Kind]) -> dict[str, int]:
    """How many messages wait in each service's queues of these kinds; services without any are left out."""
    counts: Counter[str] = Counter()
    channel = await publisher.link.channel()
    try:
        for queue in topology.queues():
            if queue.kind in kinds:
                counts[queue.service] += (await channel.check_queue(queue.name)).messages
    finally:
        await channel.close()
    return {service: count for service, count in counts.items() if count}
