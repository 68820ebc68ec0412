"""What one answer to a contact waits for, each by itself on a broker and a database of its own: the machine's share.

python -m bench.round_trips
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern

from bench.figures import percentile
from bench.waiting import until
from chassis.messaging import links
from chassis.messaging.envelope import Envelope
from chassis.messaging.link import Channel
from ops.embedded.mongodb import MongoDB
from ops.embedded.ports import free_port
from ops.embedded.process import stop
from ops.embedded.rabbitmq import RabbitMQ

_TIMES = 300
_PAUSE_SECONDS = 0.02
_UP_WITHIN = timedelta(seconds=90)
_GRACE = timedelta(seconds=10)
_TEXT = b"x" * 800

Step = Callable[[int], Awaitable[object]]


@asynccontextmanager
async def _parts(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """The addresses of a broker and a database, on the disk that `var` is on."""
    rabbitmq = RabbitMQ(
        folder=folder / "rabbitmq",
        port=free_port(),
        management_port=free_port(),
        distribution_port=free_port(),
        log=folder / "rabbitmq.log",
    )
    mongod = MongoDB(folder=folder / "mongodb", port=free_port(), log=folder / "mongod.log")
    processes = [part.program().start() for part in (rabbitmq, mongod)]
    try:
        until(lambda: rabbitmq.ready() and mongod.ready(), within=_UP_WITHIN, what="broker and database come up")
        yield rabbitmq.url, mongod.url
    finally:
        for process in processes:
            stop(process, grace=_GRACE)


def _steps(collection: Any, channel: Channel, file: int) -> dict[str, Step]:  # noqa: ANN401 - the driver's
    async def sync(_: int) -> None:
        os.write(file, _TEXT)
        os.fdatasync(file)

    async def write(number: int) -> None:
        await collection.update_one({"_id": number}, {"$set": {"text": _TEXT}}, upsert=True)

    async def read(number: int) -> None:
        await collection.find_one({"_id": number})

    async def durable(_: int) -> None:
        await channel.publish(Envelope("", "durable", _TEXT, "T.v1"), app_id="bench")

    async def reply(_: int) -> None:
        await channel.publish(Envelope("", "reply", _TEXT, "T.v1", persistent=False), app_id="bench")

    return {
        "the disk's own fdatasync": sync,
        "a write, majority and journal": write,
        "a read by id": read,
        "a durable message until its confirm": durable,
        "a reply until its confirm": reply,
    }


async def _time(step: Step) -> list[float]:
    taken = []
    for number in range(_TIMES):
        began = time.perf_counter()
        await step(number)
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(_PAUSE_SECONDS)
    return taken


async def _measure(folder: Path) -> None:
    async with _parts(folder) as (amqp_url, mongo_url):
        link = await links.connect(amqp_url, name="bench")
        channel = await link.channel()
        await channel.declare_queue("durable", arguments={"x-queue-type": "quorum"})
        await channel.declare_queue("reply", durable=False, exclusive=True)
        client: Any = AsyncIOMotorClient(mongo_url)
        collection = client.bench.get_collection("texts", write_concern=WriteConcern("majority", j=True))
        with (folder / "synced").open("ab", buffering=0) as file:
            for what, step in _steps(collection, channel, file.fileno()).items():
                taken = await _time(step)
                p50, p99 = percentile(taken, 50), percentile(taken, 99)
                print(f"{what}: least {min(taken):.2f}, p50 {p50:.2f}, p99 {p99:.2f} ms", flush=True)
        client.close()
        await link.close()


def main() -> None:
    """Time each a few hundred times, one after the other, and print them."""
    print(f"load average before the start: {os.getloadavg()[0]:.2f}")
    Path("var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir="var", ignore_cleanup_errors=True) as folder:
        uvloop.run(_measure(Path(folder).resolve()))


if __name__ == "__main__":
    main()
