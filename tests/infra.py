"""The real broker and the real database of a test run, which all its workers share."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote, urlsplit

import httpx2
import pymongo
from pymongo.errors import PyMongoError

from tests.choosing import NowhereError, Way, chosen
from tests.embedded import Embedded

# How a worker of pytest-xdist learns the addresses: environment variables pass to it by themselves.
ADDRESSES = "ATENDO_TEST_INFRA"
_PATIENCE = timedelta(seconds=150)
_PAUSE = timedelta(milliseconds=100)


class InfraError(Exception):
    """The broker or the database didn't come up: no test that needs it may pass or be skipped."""


class Parts(Protocol):
    """A broker and a database that are ours to start and to end."""

    @property
    def place(self) -> str:
        """By what another process of this run finds the same parts."""

    def start_broker(self) -> tuple[str, str]:
        """Start a RabbitMQ without waiting for it, and return where AMQP and the management API will be."""

    def start_database(self) -> str:
        """Start a MongoDB without waiting for it, and return where it will be."""

    def has_ended(self) -> bool:
        """Tell whether something that this process started has ended by itself."""

    def end_of_log(self, part: str) -> str:
        """The end of the log of `RabbitMQ` or `MongoDB`."""

    def stop(self) -> None:
        """Leave nothing behind."""


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
        return httpx2.Client(base_url=self.management_url, auth=self._user, timeout=60)


@dataclass(slots=True)
class Infra:
    """Starts each part when it is first asked for; `AMQP_URL` and `MONGO_URL` name parts to use instead."""

    owner: bool = True
    _addresses: dict[str, str] = field(default_factory=dict)
    _way: Way | None = None
    _parts: Parts | None = None

    def start(self) -> None:
        """Start everything at once without waiting, and tell the workers where it will be. Raises: NowhereError."""
        self._start_broker()
        self._start_database()
        given = {"way": self.way, "place": self._parts.place if self._parts else ""}
        os.environ[ADDRESSES] = json.dumps(self._addresses | given)

    @property
    def way(self) -> Way:
        """Where parts of ours come from in this run. Raises: NowhereError."""
        if self._way is None:
            self._way = chosen()
        return self._way

    def broker(self) -> Broker:
        """Return the broker, ready for use. Raises: NowhereError, InfraError."""
        self._start_broker()
        broker = Broker(self._addresses["amqp"], self._addresses["management"])
        self._wait("RabbitMQ", broker.ready)
        return broker

    def mongo_url(self) -> str:
        """Return the address of the database, ready for use. Raises: NowhereError, InfraError."""
        self._start_database()
        url = self._addresses["mongo"]
        self._wait("MongoDB", lambda: _is_served(url))
        return url

    def stop(self) -> None:
        """End what was started here."""
        if self.owner and self._parts is not None:
            self._parts.stop()

    def _start_broker(self) -> None:
        if "amqp" in self._addresses:
            return
        given = os.environ.get("AMQP_URL")
        if given:
            guess = f"http://{urlsplit(given).hostname}:15672"
            amqp, management = given, os.environ.get("AMQP_MANAGEMENT_URL", guess)
        else:
            amqp, management = self._own().start_broker()
        self._addresses |= {"amqp": amqp, "management": management}

    def _start_database(self) -> None:
        if "mongo" not in self._addresses:
            self._addresses["mongo"] = os.environ.get("MONGO_URL") or self._own().start_database()

    def _own(self) -> Parts:
        if self._parts is None:
            self._parts = _parts_of(self.way)
        return self._parts

    def _wait(self, part: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        while not ready():
            if time.monotonic() > deadline or (self._parts and self._parts.has_ended()):
                end_of_log = self._parts.end_of_log(part) if self._parts else ""
                raise InfraError(f"{part} didn't come up; the end of its log: {end_of_log}")
            time.sleep(_PAUSE.total_seconds())


def shared_infra() -> Infra:
    """Return what the controlling process started, where this is a worker of its; else parts of our own."""
    given = os.environ.get(ADDRESSES)
    if not given:
        return Infra()
    addresses = json.loads(given)
    way, place = Way(addresses.pop("way")), addresses.pop("place")
    return Infra(owner=False, _addresses=addresses, _way=way, _parts=_parts_of(way, place) if place else None)


def _parts_of(way: Way, place: str = "") -> Parts:
    given = (place,) if place else ()
    if way is Way.EMBEDDED:
        return Embedded(*given)
    from tests.containers import Containers  # noqa: PLC0415 - Docker's client is slow to load

    return Containers(*given)


def _is_served(url: str) -> bool:
    # A container's port accepts connections before its program does.
    try:
        with pymongo.MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=500) as client:
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True


__all__ = ["ADDRESSES", "Broker", "Infra", "InfraError", "NowhereError", "Parts", "Way", "shared_infra"]
