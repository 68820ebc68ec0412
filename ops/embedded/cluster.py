"""What the broker nodes and database members of a run are doing: who leads a queue, who is the primary, who is up."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import quote, urlsplit

from ops.embedded.rabbitmq import ask
from ops.embedded.replica_set import primary_of


@dataclass(frozen=True, slots=True)
class Cluster:
    """The members of one run, each by its label: `rabbitmq`, `rabbitmq-2`, …, `mongod`, `mongod-2`, ….

    `addresses` is what `run.json` says under that name: each part's address by its label. A single broker or database
    is a cluster of one.
    """

    addresses: Mapping[str, str]

    @classmethod
    def of_run(cls, state_file: Path) -> Self:
        """Return the cluster that a `run.json` tells of."""
        return cls(json.loads(state_file.read_text())["addresses"])

    @property
    def nodes(self) -> tuple[str, ...]:
        """The labels of all broker nodes, up or down."""
        return tuple(label for label in self.addresses if label.split("-")[0] == "rabbitmq")

    @property
    def members(self) -> tuple[str, ...]:
        """The labels of all database members, up or down."""
        return tuple(label for label in self.addresses if label.split("-")[0] == "mongod")

    async def leader_of(self, queue: str, *, vhost: str = "/") -> str | None:
        """Return which node leads a quorum queue; None while nobody does."""
        found = await self._queue(queue, vhost)
        leader = str(found.get("leader"))
        return self._label(leader) if leader in found.get("online", []) else None

    async def replicas_of(self, queue: str, *, vhost: str = "/") -> set[str]:
        """Return which nodes have a living replica of a quorum queue."""
        return {self._label(name) for name in (await self._queue(queue, vhost)).get("online", [])}

    async def running(self) -> set[str]:
        """Return which nodes the majority's broker says are running."""
        nodes = await self._ask("nodes")
        return {self._label(node["name"]) for node in nodes or [] if node["running"]}

    async def node_of(self, connection: str) -> str | None:
        """Return which node serves the connection of this name, as in `tickets publishes`; the broker tells it late."""
        for one in await self._ask("connections") or []:
            if one.get("client_properties", {}).get("connection_name") == connection:
                return self._label(one["node"])
        return None

    async def primary(self) -> str | None:
        """Return which member takes writes; None during an election."""
        for label in self.members:
            if await primary_of(self._address(label)) == self._address(label):
                return label
        return None

    def _label(self, node: str) -> str:
        host = node.partition("@")[2]
        return next((one for one in self.nodes if urlsplit(self.addresses[one]).hostname == host), self.nodes[0])

    def _address(self, label: str) -> str:
        return urlsplit(self.addresses[label]).netloc

    async def _queue(self, name: str, vhost: str) -> dict[str, Any]:
        return await self._ask(f"queues/{quote(vhost, safe='')}/{quote(name, safe='')}") or {}

    async def _ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what the first node that answers says; None where none does, or there is no such thing."""
        for label in self.nodes:
            try:
                return await asyncio.to_thread(ask, f"http://{self._address(label).rpartition('@')[2]}", path)
            except (URLError, OSError, ValueError):
                continue
        return None
