"""Counts what something costs: every message, by the broker's own trace, and every operation in the database."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
from aio_pika.abc import AbstractIncomingMessage
from pymongo import monitoring

from tests.infra import Broker
from tests.system import System

Cost = Counter[tuple[str, str]]
"""How often, by what and where."""

_TRACE = "amq.rabbitmq.trace"
_OWN_NAME = re.compile(r"(edge\.[a-z]+)\.?.*")
"""A queue that an edge replica names after itself."""

_BY_THE_CLOCK = ({"outbox.at"}, {"outbox.at", "_id"}, {"due_at"}, {"_id", "migrated"})
"""What is looked for by filters on these fields is looked for by the clock, whatever happens meanwhile."""


class Messages:
    """Every message that is published on a virtual host, as (routing key, the queues it reaches)."""

    def __init__(self) -> None:
        self._published: list[tuple[str, str]] = []

    async def listen(self, system: System, broker: Broker) -> None:
        """Count from now on."""
        vhost = urlsplit(system.environment["amqp_url"]).path.lstrip("/")
        _trace(broker, vhost)
        channel = await system.connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(_TRACE, "publish.#")
        await queue.consume(self._receive, no_ack=True)

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        headers: Mapping[str, Any] = message.headers
        reached = sorted({_plain(str(queue)) for queue in headers["routed_queues"]})
        # the test's own queues listen too
        queues = ", ".join(queue for queue in reached if not queue.startswith("amq"))
        self._published.append((_plain(str(headers["routing_keys"][0])), queues))

    def begin(self) -> None:
        """Forget what was counted so far."""
        self._published.clear()

    @property
    def cost(self) -> Cost:
        """What was counted since."""
        return Counter(self._published)


def _trace(broker: Broker, vhost: str) -> None:
    of_broker = urlsplit(broker.url)
    user = of_broker.username or "guest", of_broker.password or "guest"
    with httpx2.Client(base_url=broker.management_url, auth=user, timeout=20) as client:
        client.put(f"/api/vhosts/{quote(vhost, safe='')}", json={"tracing": True}).raise_for_status()


def _plain(name: str) -> str:
    return _OWN_NAME.sub(r"\1", name)


class Operations(monitoring.CommandListener):
    """Every operation in databases of one prefix, as (command, database.collection).

    What the chassis gathers into one command counts for each document, as it would cost alone: how much is gathered
    hangs on the moment. Clearing an outbox, which goes in bulk and off the path, is left out, and so are the notifier's
    figures, which are kept every two seconds whatever they are of.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._counted: Cost = Counter()

    def begin(self) -> None:
        """Forget what was counted so far."""
        self._counted.clear()

    @property
    def cost(self) -> Cost:
        """What was counted since."""
        return +self._counted

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count a command, as the driver sends it."""
        collection = event.command.get(event.command_name)
        if event.database_name.startswith(self._prefix) and collection != "figures":
            database = event.database_name.removeprefix(self._prefix)
            times = _operations(event.command_name, event.command)
            self._counted[event.command_name, f"{database}.{collection}"] += times

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Count nothing more."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Count nothing less."""


def _operations(name: str, command: Mapping[str, Any]) -> int:
    if name == "update":
        return sum(not _clears(one["u"]) for one in command["updates"])
    if name == "find":
        wanted = command.get("filter", {})
        if is_by_the_clock(command):
            return 0
        return len(wanted["_id"]["$in"]) if isinstance(wanted.get("_id"), Mapping) else 1
    return len(command.get({"insert": "documents", "delete": "deletes"}.get(name, ""), [None]))


def is_by_the_clock(command: Mapping[str, Any]) -> bool:
    """Whether a command is a look that a service has by the clock."""
    return any(set(command.get("filter", {})) == fields for fields in _BY_THE_CLOCK)


def _clears(change: Any) -> bool:  # noqa: ANN401 - a change, or the stages of one
    return isinstance(change, Mapping) and set(change) == {"$pull"} and set(change["$pull"]) == {"outbox"}


def table(cost: Cost) -> str:
    """A cost as the tests write it: one line for each message or operation, in the order of the alphabet."""
    return "\n".join(f"{times} {what} → {where or 'nobody'}" for (what, where), times in sorted(cost.items()))
