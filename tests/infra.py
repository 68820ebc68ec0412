"""The real broker and the real database that a test run brings, and that all its workers share."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2

from ops.embedded.mongodb import MongoDB
from ops.embedded.ports import address_of, answers, free_port
from ops.embedded.process import Program, stop, tail
from ops.embedded.rabbitmq import RabbitMQ

# How a worker of pytest-xdist learns the addresses: environment variables pass to it by themselves.
ADDRESSES = "ATENDO_TEST_INFRA"
_PATIENCE = timedelta(seconds=50)
_PAUSE = timedelta(milliseconds=100)


class InfraError(Exception):
    """The broker or the database didn't come up: no test that needs it may pass or be skipped."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A running RabbitMQ, and its management API for virtual hosts of one test each."""

    url: str
    management_url: str

    def make_vhost(self, name: str) -> str:
        """Create a virtual host and return its AMQP address."""
        with self._client() as client:
            client.put(f"/api/vhosts/{name}").raise_for_status()
            everything = {"configure": ".*", "write": ".*", "read": ".*"}
            client.put(f"/api/permissions/{name}/{self._user[0]}", json=everything).raise_for_status()
        return f"{self.url.rstrip('/')}/{quote(name, safe='')}"

    def drop_vhost(self, name: str) -> None:
        """Delete a virtual host with all that is in it; its connections are closed."""
        with self._client() as client:
            client.delete(f"/api/vhosts/{name}").raise_for_status()

    def ready(self) -> bool:
        """Tell whether the management API answers."""
        try:
            with self._client() as client:
                return client.get("/api/whoami").is_success
        except httpx2.HTTPError:
            return False

    @property
    def _user(self) -> tuple[str, str]:
        parts = urlsplit(self.url)
        return parts.username or "guest", parts.password or "guest"

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.management_url, auth=self._user, timeout=20)


@dataclass(slots=True)
class Infra:
    """Starts each part when it is first asked for; `AMQP_URL` and `MONGO_URL` name parts to use instead."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="atendo-test-")))
    owner: bool = True
    _addresses: dict[str, str] = field(default_factory=dict)
    _processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self) -> None:
        """Start everything at once without waiting, and tell the workers where it will be."""
        self._start_broker()
        self._start_database()
        os.environ[ADDRESSES] = json.dumps(self._addresses | {"folder": str(self.folder)})

    def broker(self) -> Broker:
        """Return the broker, ready for use. Raises: InfraError."""
        self._start_broker()
        broker = Broker(self._addresses["amqp"], self._addresses["management"])
        self._wait("RabbitMQ", broker.ready, self.folder / "rabbitmq.log")
        return broker

    def mongo_url(self) -> str:
        """Return the address of the database, ready for use. Raises: InfraError."""
        self._start_database()
        url = self._addresses["mongo"]
        host, port = address_of(url, default_port=27017)
        self._wait("MongoDB", lambda: answers(host, port), self.folder / "mongod.log")
        return url

    def stop(self) -> None:
        """End what was started here, at once: nothing in it is worth a graceful end."""
        for process in self._processes:
            stop(process, grace=timedelta())
        if self.owner:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start_broker(self) -> None:
        if "amqp" in self._addresses:
            return
        given = os.environ.get("AMQP_URL")
        if given:
            guess = f"http://{urlsplit(given).hostname}:15672"
            self._addresses |= {"amqp": given, "management": os.environ.get("AMQP_MANAGEMENT_URL", guess)}
            return
        node = RabbitMQ(
            folder=self.folder / "rabbitmq",
            port=free_port(),
            management_port=free_port(),
            distribution_port=free_port(),
            log=self.folder / "rabbitmq.log",
        )
        self._launch(node.program())
        self._addresses |= {"amqp": node.url, "management": node.management_url}

    def _start_database(self) -> None:
        if "mongo" in self._addresses:
            return
        given = os.environ.get("MONGO_URL")
        if given:
            self._addresses["mongo"] = given
            return
        mongod = MongoDB(folder=self.folder / "mongod", port=free_port(), log=self.folder / "mongod.log")
        self._launch(mongod.program())
        self._addresses["mongo"] = mongod.url

    def _launch(self, program: Program) -> None:
        self._processes.append(program.start())

    def _wait(self, what: str, ready: Callable[[], bool], log: Path) -> None:
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        while not ready():
            if any(process.poll() is not None for process in self._processes) or time.monotonic() > deadline:
                raise InfraError(f"{what} didn't come up; the end of its log: {tail(log)}")
            time.sleep(_PAUSE.total_seconds())


def shared_infra() -> Infra:
    """Return what the controlling process started, where this is a worker of its; else parts of our own."""
    told = os.environ.get(ADDRESSES)
    if not told:
        return Infra()
    addresses = json.loads(told)
    return Infra(folder=Path(addresses["folder"]), owner=False, _addresses=addresses)
