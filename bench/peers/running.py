"""Runs a peer: its three workers, one burst of contacts, and what that took."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aio_pika
import aio_pika.exceptions
from pymongo import MongoClient

from bench import processes
from bench.peers.lineup import ENVIRONMENT, ROLES, Peer, python
from bench.waiting import until
from ops.embedded.plan import ROOT
from ops.embedded.process import Program, stop, tail

DATABASE = "peers"
_UP_WITHIN = timedelta(seconds=60)
_STOP_WITHIN = timedelta(seconds=15)
_LOOK_EVERY = timedelta(milliseconds=200)


class PeerFailed(Exception):
    """A worker of a peer ended; the message says what its log says."""


@dataclass(frozen=True, slots=True)
class Places:
    """What a peer works on, and where its workers write their logs."""

    amqp_url: str
    mongo_url: str
    smtp_port: int
    logs: Path


@dataclass(frozen=True, slots=True)
class Workers:
    """One running worker a role."""

    pids: dict[str, int]

    def cpu(self) -> dict[str, float]:
        """The processor time so far of each role, its workers' children included, in seconds."""
        return {role: processes.cpu_seconds(processes.family(pid)) for role, pid in self.pids.items()}

    def megabytes(self) -> dict[str, float]:
        """The resident memory of each role, its workers' children included."""
        return {
            role: sum(processes.resident_megabytes(one) for one in processes.family(pid))
            for role, pid in self.pids.items()
        }


@contextmanager
def workers(peer: Peer, places: Places, *, interpreter: Path | None = None) -> Iterator[Workers]:
    """Run one worker a role on queues of their own, by the peers' Python or a given one, and leave nothing behind.

    Raises: PeerFailed, TookTooLong.
    """
    interpreter = interpreter or python()
    if interpreter is None:
        raise PeerFailed(f"{peer.name} is not installed in {ENVIRONMENT}")
    _clean(peer, places)
    with ExitStack() as stack:
        stack.callback(_clean, peer, places)
        programs = {role: _program(interpreter, peer, role, places) for role in ROLES}
        running = {role: program.start() for role, program in programs.items()}
        for process in running.values():
            stack.callback(stop, process, grace=_STOP_WITHIN)
        # all are asked at once, and waited for one after another
        for process in running.values():
            stack.callback(process.terminate)

        def all_consume() -> bool:
            for role, process in running.items():
                if process.poll() is not None:
                    raise PeerFailed(f"{peer.name}'s {role} ended: {tail(programs[role].log)}")
            return all(asyncio.run(_consumers(places.amqp_url, peer.queue(role))) for role in ROLES)

        until(all_consume, within=_UP_WITHIN, what=f"{peer.name} consumes", pause=_LOOK_EVERY)
        yield Workers({role: process.pid for role, process in running.items()})


def _program(interpreter: Path, peer: Peer, role: str, places: Places) -> Program:
    settings = {
        "AMQP_URL": places.amqp_url,
        "MONGO_URL": places.mongo_url,
        "SMTP_PORT": str(places.smtp_port),
        "PYTHONPATH": str(ROOT),
    }
    log = places.logs / f"{peer.name.lower()}-{role}.log"
    return Program((str(interpreter), *peer.argv(role)), log, settings, ROOT)


async def _consumers(amqp_url: str, queue: str) -> int:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        try:
            declared = await channel.declare_queue(queue, passive=True)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            return 0
        return declared.declaration_result.consumer_count or 0


def _clean(peer: Peer, places: Places) -> None:
    asyncio.run(_delete(places.amqp_url, [peer.queue(role) for role in ROLES]))
    with MongoClient[dict[str, object]](places.mongo_url) as client:
        client.drop_database(DATABASE)


async def _delete(amqp_url: str, queues: Sequence[str]) -> None:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        for queue in queues:
            for name in (queue, f"{queue}.DQ", f"{queue}.XQ"):
                await channel.queue_delete(name)
