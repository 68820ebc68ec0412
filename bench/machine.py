"""Says on what a benchmark ran: figures mean nothing without it."""

import asyncio
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aio_pika
from pymongo import MongoClient


@dataclass(frozen=True, slots=True)
class Machine:
    """The hardware and the versions; `load` is how many processes wanted to run in the minute before."""

    processor: str
    cores: int
    kernel: str
    python: str
    rabbitmq: str
    mongod: str
    load: float

    @classmethod
    def look(cls, *, amqp_url: str, mongo_url: str, load: float) -> "Machine":
        """Ask the kernel, the broker and the database."""
        with MongoClient[dict[str, Any]](mongo_url) as client:
            mongod = str(client.server_info()["version"])
        return cls(
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)),
            kernel=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            rabbitmq=asyncio.run(_rabbitmq(amqp_url)),
            mongod=mongod,
            load=round(load, 2),
        )

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.hardware}, {self.versions}; load average before the start: {self.load}"

    @property
    def hardware(self) -> str:
        """What it is, and its kernel."""
        return f"{self.cores} cores of {self.processor}, {self.kernel}"

    @property
    def versions(self) -> str:
        """What runs on it."""
        return f"Python {self.python}, RabbitMQ {self.rabbitmq}, mongod {self.mongod}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


async def _rabbitmq(amqp_url: str) -> str:
    async with await aio_pika.connect(amqp_url) as connection:
        transport = connection.transport
        properties = getattr(transport.connection, "server_properties", {}) if transport else {}
    version = properties.get("version", "unknown")
    return version.decode() if isinstance(version, bytes) else str(version)
