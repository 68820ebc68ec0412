"""MK's stand-in as its tests start it, ask it over HTTP and listen to it on the exchange `mk`."""

import json
from pathlib import Path
from typing import Any

import httpx2
from aio_pika.abc import AbstractIncomingMessage

from chassis.service import Service
from mk.app import build
from mk.settings import Settings
from tests.system import System


async def mk_runs(system: System, folder: Path, **more: object) -> Service:
    """Start one replica, with its key in `folder`."""
    return await system.run(build, Settings, var_dir=folder, issuer="https://mk.provedor.example", **more)


def asking(app: Any) -> httpx2.AsyncClient:  # noqa: ANN401 - an ASGI application
    """Give a client of an application."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://mk")


def http(service: Service) -> httpx2.AsyncClient:
    """Give a client of its port."""
    return asking(service.http_app())


async def get(service: Service, path: str) -> Any:  # noqa: ANN401 - JSON
    """Give the JSON of a path."""
    async with http(service) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


class Listener:
    """Receives everything that is published on the exchange `mk`, with its properties."""

    def __init__(self) -> None:
        self.received: list[AbstractIncomingMessage] = []

    async def listen(self, system: System) -> None:
        """Receive from now on."""
        channel = await system.connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind("mk", "#")
        await queue.consume(self._receive, no_ack=True)

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        self.received.append(message)

    @property
    def ids(self) -> list[str]:
        """The ids of the events, in the order in which they were published."""
        return [json.loads(message.body)["event_id"] for message in self.received]
