"""Every user of deploy/rabbitmq/definitions.json on a virtual host of a test's own, under names that are the test's."""

import json
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from contracts import rights
from tests.infra import Broker

RABBITMQ = Path(__file__).parents[2] / "deploy" / "rabbitmq"


@dataclass(frozen=True, slots=True)
class Login:
    """One user: where it connects, and what it says to the management API."""

    url: str
    credentials: tuple[str, str]


@contextmanager
def logins(broker: Broker, vhost_url: str, folder: Path) -> Iterator[Mapping[str, Login]]:
    """Import the definitions into a virtual host, with passwords from files in `folder`; the users go at the end."""
    vhost = vhost_url.rpartition("/")[2]
    passwords = {user.name: secrets.token_urlsafe(12) for user in rights.users()}
    for name, password in passwords.items():
        (folder / name).write_text(f"{password}\n")
    with management(broker) as client:
        renamed = _in_vhost(filled(folder), vhost)
        client.post("/api/definitions", json=renamed).raise_for_status()
        try:
            host = urlsplit(broker.url).netloc.rpartition("@")[2]
            yield {
                name: Login(f"amqp://{vhost}-{name}:{password}@{host}/{vhost}", (f"{vhost}-{name}", password))
                for name, password in passwords.items()
            }
        finally:
            for name in passwords:
                client.delete(f"/api/users/{vhost}-{name}").raise_for_status()


def filled(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The definitions with the hashes of the passwords that are in `folder`, as a broker's start makes them."""
    command = [RABBITMQ / "with-passwords", RABBITMQ / "definitions.json", folder]
    users = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    made: dict[str, list[dict[str, Any]]] = json.loads(users)
    return made


def management(broker: Broker) -> httpx2.Client:
    """The management API, for whoever may do everything."""
    owner = urlsplit(broker.url)
    credentials = (owner.username or "guest", owner.password or "guest")
    return httpx2.Client(base_url=broker.management_url, auth=credentials, timeout=120)


def _in_vhost(definitions: dict[str, list[dict[str, Any]]], vhost: str) -> dict[str, list[dict[str, Any]]]:
    # users are the whole broker's, and other tests run at the same time
    users = [{**user, "name": f"{vhost}-{user['name']}"} for user in definitions["users"]]
    there = {
        section: [{**one, "vhost": vhost} | _renamed(one, vhost) for one in some]
        for section, some in definitions.items()
        if section not in {"users", "vhosts"}
    }
    return {"users": users, **there}


def _renamed(one: dict[str, Any], vhost: str) -> dict[str, str]:
    return {"user": f"{vhost}-{one['user']}"} if "user" in one else {}
