"""What the cluster of a running product is doing: whose process is whose, who leads a queue, who is the primary."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlsplit

from ops.embedded.rabbitmq import ask
from ops.embedded.replica_set import primary_of


@dataclass(frozen=True, slots=True)
class Cluster:
    """The broker nodes and database members that `run.json` tells of, numbered from 0 in its order.

    A single broker or database is a cluster of one.
    """

    state_file: Path

    def pid(self, kind: str, number: int) -> int | None:
        """Return the process of a member now, None while it is down; `kind` is `rabbitmq` or `mongod`."""
        pids = self._state()[kind]
        pid: int | None = pids[number] if isinstance(pids, list) else pids
        return pid

    def size(self, kind: str) -> int:
        """Return how many members there are, up or down."""
        pids = self._state()[kind]
        return len(pids) if isinstance(pids, list) else 1

    async def leader_of(self, queue: str, *, vhost: str = "/") -> int | None:
        """Return which node leads a queue; None while nobody does."""
        found = await self._queue(queue, vhost)
        leader = str(found.get("leader"))
        return self._number(leader) if leader in found.get("online", []) else None

    async def replicas_of(self, queue: str, *, vhost: str = "/") -> set[int]:
        """Return which nodes have a living replica of a queue."""
        return {self._number(name) for name in (await self._queue(queue, vhost)).get("online", [])}

    async def running(self) -> set[int]:
        """Return which nodes the broker says are running."""
        nodes = await self._ask("nodes")
        return {self._number(node["name"]) for node in nodes or [] if node["running"]}

    async def host_of(self, connection: str) -> int | None:
        """Return which node serves the connection of this name, as in `tickets publishes`."""
        for one in await self._ask("connections") or []:
            if one.get("client_properties", {}).get("connection_name") == connection:
                return self._number(one["node"])
        return None

    async def primary(self) -> int | None:
        """Return which member takes writes; None during an election."""
        members = [urlsplit(address).netloc for address in self._addresses("mongod")]
        for member in members:
            primary = await primary_of(member)
            if primary in members and await primary_of(primary) == primary:
                return members.index(primary)
        return None

    async def _queue(self, name: str, vhost: str) -> dict[str, Any]:
        return await self._ask(f"queues/{quote(vhost, safe='')}/{quote(name, safe='')}") or {}

    def _number(self, node: str) -> int:
        hosts = [urlsplit(address).hostname for address in self._addresses("rabbitmq")]
        return hosts.index(node.partition("@")[2]) if len(hosts) > 1 else 0

    async def _ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what the first node that answers says; None where none does, or there is no such thing."""
        for address in self._addresses("rabbitmq"):
            try:
                return await asyncio.to_thread(ask, address.replace("guest:guest@", ""), path)
            except (URLError, OSError, ValueError):
                continue
        return None

    def _addresses(self, kind: str) -> list[str]:
        addresses: dict[str, str] = self._state()["addresses"]
        return [address for label, address in addresses.items() if label.split("-")[0] == kind]

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.state_file.read_text())
        return state
