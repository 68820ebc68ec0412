"""The broker's definitions, ready to import: the topology and its users, from the contracts alone; no password."""

import json
from typing import Any

from contracts import rights, topology

VHOST = "/"
Definition = dict[str, Any]


def definitions() -> dict[str, list[Definition]]:
    """Everything in RabbitMQ's own form, as 3.10 and 4.x read it.

    Queues of queries are left out: they go away when unused, and their service brings them back (ADR 5). A user without
    a password can't log in: `deploy/rabbitmq/with-passwords` fills the hashes in.
    """
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(user) for user in rights.users()],
        "permissions": [_permission(user) for user in rights.users()],
        "topic_permissions": [_topic(user, topic) for user in rights.users() for topic in user.topics],
        "exchanges": [_exchange(name) for name in topology.EXCHANGES],
        "queues": [_queue(queue) for queue in _lasting()],
        "bindings": [_binding(queue, *binding) for queue in _lasting() for binding in queue.bindings],
    }


def written() -> str:
    """The file: one definition a line, so that a difference shows what changed."""
    sections = (
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(one)}" for one in some) + "\n  ]"
        for name, some in definitions().items()
    )
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _lasting() -> list[topology.Queue]:
    return [queue for queue in topology.queues() if queue.kind != "queries"]


def _user(user: rights.User) -> Definition:
    return {
        "name": user.name,
        "password_hash": "",
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": list(user.tags),
        "limits": {},
    }


def _permission(user: rights.User) -> Definition:
    return {
        "user": user.name,
        "vhost": VHOST,
        "configure": user.configure,
        "write": user.write,
        "read": user.read,
    }


def _topic(user: rights.User, topic: rights.Topic) -> Definition:
    return {
        "user": user.name,
        "vhost": VHOST,
        "exchange": topic.exchange,
        "write": topic.write,
        "read": topic.read,
    }


def _exchange(name: str) -> Definition:
    return {
        "name": name,
        "vhost": VHOST,
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(queue: topology.Queue) -> Definition:
    return {
        "name": queue.name,
        "vhost": VHOST,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(queue.arguments),
    }


def _binding(queue: topology.Queue, exchange: str, pattern: str) -> Definition:
    return {
        "source": exchange,
        "vhost": VHOST,
        "destination": queue.name,
        "destination_type": "queue",
        "routing_key": pattern,
        "arguments": {},
    }
