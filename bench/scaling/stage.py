"""A broker and a database of its own, and any number of replicas of one service in front of a slow one."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from ops.embedded.layout import Layout, read_layout
from ops.embedded.part import Part
from ops.embedded.plan import Plan
from ops.embedded.ports import free_port
from ops.embedded.run_folder import RunFolder
from ops.embedded.supervisor import Supervisor

_PORTS = ("EDGE_PORT", "MK_PORT", "AMQP_PORT", "MONGO_PORT", "SMTP_PORT", "MAIL_PORT", "CHAT_PORT")
_UP_WITHIN = timedelta(seconds=90)


class StageFailed(Exception):
    """Something did not come up; the message says what."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A running broker and database, and where they are."""

    folder: RunFolder
    layout: Layout

    @property
    def addresses(self) -> dict[str, str]:
        """`AMQP_URL`, `MONGO_URL` and so on."""
        return self.layout.addresses

    @asynccontextmanager
    async def replicas(self, service: str, count: int, settings: Mapping[str, str]) -> AsyncIterator[None]:
        """Run so many replicas with these settings while it lasts. Raises: StageFailed."""
        given = {**_free_ports(), "MK_URL": "http://127.0.0.1:1", "SMTP_URL": "smtp://127.0.0.1:1"}
        given |= {name: self.addresses[name] for name in ("AMQP_URL", "MONGO_URL")}
        layout = read_layout(given, scale=f"{service}={count}")
        parts = [_with(part, settings) for part in Plan(layout, self.folder).parts() if part.name == service]
        async with _up(parts):
            yield


@asynccontextmanager
async def stage(folder: RunFolder) -> AsyncIterator[Stage]:
    """Start broker and database, stop them afterwards. Raises: StageFailed."""
    layout = read_layout(_free_ports())
    parts = [part for part in Plan(layout, folder).parts() if part.name in {"rabbitmq", "mongod"}]
    async with _up(parts):
        yield Stage(folder, layout)


@asynccontextmanager
async def _up(parts: list[Part]) -> AsyncIterator[None]:
    supervisor = Supervisor(parts, lambda _: None, patience=_UP_WITHIN)
    try:
        if late := await supervisor.start():
            raise StageFailed(f"not up: {', '.join(keeper.part.label for keeper in late)}")
        yield
    finally:
        await asyncio.shield(supervisor.stop())


def _with(part: Part, settings: Mapping[str, str]) -> Part:
    program = part.program()
    changed = dataclasses.replace(program, env={**program.env, **settings})
    return dataclasses.replace(part, program=lambda: changed)


def _free_ports() -> dict[str, str]:
    return {name: str(free_port()) for name in _PORTS}
