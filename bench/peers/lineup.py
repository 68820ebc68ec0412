"""Which peers there are: how a worker of each is started, and what a contact looks like in its queue."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from bench.burst import Command
from ops.embedded.plan import ROOT

ROLES = ("contacts", "tickets", "notifier")
ENVIRONMENT = ROOT / "var" / "peers"

CELERY_THREADS, DRAMATIQ_THREADS = 16, 8

Contact = dict[str, str]


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer; `argv` begins behind the environment's Python."""

    name: str
    argv: Callable[[str], tuple[str, ...]]
    command: Callable[[Contact], Command]
    note: str

    def queue(self, role: str) -> str:
        """The queue that a role's worker consumes."""
        return f"{self.name.lower()}.{role}"


def _celery_argv(role: str) -> tuple[str, ...]:
    pool = ("--pool", "threads", "--concurrency", str(CELERY_THREADS))
    quiet = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
    node = ("--queues", f"celery.{role}", "--hostname", f"{role}@bench")
    return ("-m", "celery", "--app", "bench.peers.celery_app", "worker", *pool, *quiet, *node)


def _dramatiq_argv(role: str) -> tuple[str, ...]:
    one = ("--processes", "1", "--threads", str(DRAMATIQ_THREADS))
    return ("-m", "dramatiq", "bench.peers.dramatiq_app", *one, "--queues", f"dramatiq.{role}")


def _faststream_argv(role: str) -> tuple[str, ...]:
    return ("-m", "bench.peers.faststream_app", role)


def _celery_command(contact: Contact) -> Command:
    task = _id_of(contact)
    body = json.dumps([[contact], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    headers = (("lang", "py"), ("task", "peers.contacts"), ("id", task), ("root_id", task))
    return Command(body.encode(), correlation_id=task, headers=headers)


def _dramatiq_command(contact: Contact) -> Command:
    message = {
        "queue_name": "dramatiq.contacts",
        "actor_name": "receive",
        "args": [contact],
        "kwargs": {},
        "options": {},
        "message_id": _id_of(contact),
        "message_timestamp": 0,
    }
    return Command(json.dumps(message).encode())


def _faststream_command(contact: Contact) -> Command:
    return Command(json.dumps(contact).encode())


def _id_of(contact: Contact) -> str:
    return str(uuid5(NAMESPACE_OID, contact["id"]))


PEERS = (
    Peer("Celery", _celery_argv, _celery_command, f"a role is a process, {CELERY_THREADS} threads, prefetch 64"),
    Peer(
        "dramatiq", _dramatiq_argv, _dramatiq_command, f"a role is a process, {DRAMATIQ_THREADS} threads, prefetch 16"
    ),
    Peer("FastStream", _faststream_argv, _faststream_command, "a role is a process on uvloop, prefetch 64"),
)


def python(environment: Path = ENVIRONMENT) -> Path | None:
    """The Python that the peers run on, or None where they were not installed."""
    interpreter = environment / "bin" / "python"
    return interpreter if (environment / "installed.txt").exists() and interpreter.exists() else None


def versions(environment: Path = ENVIRONMENT) -> dict[str, str]:
    """The version of each peer as its lock has it; nothing where they were not installed."""
    if python(environment) is None:
        return {}
    locked = (environment / "installed.txt").read_text()
    found = {name: re.search(rf"^{name.lower()}==(\S+)", locked, re.MULTILINE) for name in (one.name for one in PEERS)}
    return {name: one[1] for name, one in found.items() if one}
