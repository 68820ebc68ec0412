"""What one more message costs a ticket that has a long timeline already, compared with a short one."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import aio_pika

from bench import copying, steps
from bench.burst import Command, burst, message_of
from bench.product import Product
from bench.waiting import TookTooLong, until

LENGTHS = (10, 100, 1000)
COPIES, MORE = 100, 3
"""Tickets of each length, and messages to each of them that are measured."""

_AT_ONCE = 4
"""Messages to one ticket under way: more would only race each other."""

_WITHIN = timedelta(minutes=5)
_GROWN_WITHIN = timedelta(minutes=2)
_STORED = ("tickets.tickets", "notifier.tickets")


@dataclass(slots=True)
class Template:
    """A ticket of some length that came about message by message; `copied` counts its copies so far."""

    ticket_id: str
    protocol: str
    length: int
    copied: int = 0


def template(product: Product, length: int) -> Template:
    """Have a ticket get so long. Raises: TookTooLong, BurstFailed."""
    ticket_id = f"bench-long-{secrets.token_hex(4)}-000000"
    commands = [steps.opened(ticket_id, "bench-long", level="start_end")]
    commands += [steps.phase(ticket_id, number) for number in range(1, length)]
    asyncio.run(_grow(product, ticket_id, commands))
    product.settle()
    found = copying.stored(product.addresses["MONGO_URL"], _STORED[0], ticket_id)
    return Template(ticket_id, found["protocol"], length)


async def _grow(product: Product, ticket_id: str, commands: Sequence[Command]) -> None:
    async with await aio_pika.connect(product.addresses["AMQP_URL"]) as connection, connection.channel() as channel:
        deadline = time.monotonic() + _GROWN_WITHIN.total_seconds()
        for begin in range(0, len(commands), _AT_ONCE):
            if time.monotonic() > deadline:
                within = _GROWN_WITHIN.total_seconds()
                raise TookTooLong(f"a timeline of {len(commands)} messages did not come about within {within:g} s")
            some = commands[begin : begin + _AT_ONCE]
            for number, command in enumerate(some, start=begin):
                await channel.default_exchange.publish(message_of(command, number), steps.QUEUE)
            await asyncio.to_thread(_await, product, [ticket_id], begin + len(some))


def measure(product: Product, of: Template, *, copies: int = COPIES) -> dict[str, float]:
    """Send messages to new copies of it: processor milliseconds a message of each part. Raises: TookTooLong."""
    ids = _fill(product, of, copies)
    commands = [steps.phase(one, of.length + more) for more in range(MORE) for one in ids]
    product.settle()
    before = product.cpu()
    with burst(product.addresses["AMQP_URL"], steps.QUEUE, commands):
        _await(product, ids, copies * (of.length + MORE))
    product.settle()
    return {name: (spent - before[name]) * 1000 / len(commands) for name, spent in product.cpu().items()}


def _fill(product: Product, of: Template, copies: int) -> list[str]:
    numbers = range(of.copied + 1, of.copied + copies + 1)
    of.copied += copies
    ids = [f"{of.ticket_id[:-6]}{one:06}" for one in numbers]
    for collection in _STORED:
        document = copying.stored(product.addresses["MONGO_URL"], collection, of.ticket_id)
        changes = (
            {**copying.text(of.ticket_id, ticket_id), **copying.text(of.protocol, _protocol(of, one))}
            for one, ticket_id in zip(numbers, ids, strict=True)
        )
        copying.fill(product.addresses["MONGO_URL"], collection, document, changes)
    return ids


def _protocol(of: Template, number: int) -> str:
    # of a day long past, which no ticket of today has
    return f"19{of.length:04}{number:0{len(of.protocol) - 6}}"


def _await(product: Product, ids: list[str], messages: int) -> None:
    mongo_url = product.addresses["MONGO_URL"]
    until(
        lambda: all(steps.applied(mongo_url, one, ids) >= messages for one in _STORED),
        within=_WITHIN,
        what=f"{messages} messages of {len(ids)} tickets are handled",
    )
