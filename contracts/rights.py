"""Who may do what on the broker, as data: a user per service, one for the edge, one for MK and one for people.

None but people may write the default exchange: that puts anything into any queue, and no topic bounds it (ADR 16).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.message import ATENDO, MK
from contracts.topology import (
    COMMANDED,
    LISTENS,
    LIVE,
    QUERIED,
    REPLIES,
    REQUESTS,
    RETRY,
    RETRY_LADDER,
    Kind,
    dead_key,
    queues,
    rung,
)

NOTHING = "^$"
EVERYTHING = ".*"

EDGE = "edge"
OPS = "ops"
"""The user of the `atendo` command and of whoever looks after the product."""

REPLY_QUEUES = r"edge\.replies\.[0-9a-f-]+"
"""The edge's queues of replies, one a replica, and the keys that they are bound with."""

MK_REPLY_QUEUES = r"mk\.replies\.[0-9a-f-]+"
"""The same of MK, whose operators ask what became of notifications, and have them sent again."""

ASKED_BY_MK = ("tickets.queries", "notifier.commands", "notifier.queries")
"""What MK's operators may ask: dry runs, the ledger of notifications, and to send again what didn't arrive."""

LIVE_QUEUES = r"edge\.live\.[0-9a-f-]+"
"""The edge's queues of events for whoever waits or looks on, one a replica."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The routing keys with which a user may publish to an exchange, and may bind queues to it."""

    exchange: str
    write: str = NOTHING
    read: str = NOTHING


@dataclass(frozen=True, slots=True)
class User:
    """What one user may declare, write to and read from, as patterns of names; and their keys on each exchange."""

    name: str
    configure: str
    write: str
    read: str
    topics: tuple[Topic, ...] = ()
    tags: tuple[str, ...] = ()


def users() -> tuple[User, ...]:
    """Every user of the broker, none of them with a password."""
    services = (_service(name) for name in LISTENS if name != MK)
    return (_edge(), *services, _mk(), User(OPS, EVERYTHING, EVERYTHING, EVERYTHING, tags=("monitoring",)))


def exactly(names: Iterable[str]) -> str:
    """A pattern of these names and no other."""
    listed = "|".join(re.escape(name) for name in names)
    return f"^({listed})$" if listed else NOTHING


def _service(name: str) -> User:
    queries = _queues(name, "queries")
    return User(
        name,
        # it goes away when nobody consumes it, and the service brings it back (ADR 5)
        configure=exactly(queries),
        write=exactly((ATENDO, RETRY, REPLIES, *queries)),
        read=exactly((*_queues(name, "events", "commands", "queries", "deliveries"), REQUESTS)),
        topics=(
            Topic(ATENDO, write=rf"^{name}\."),
            Topic(RETRY, write=_ways_on(name)),
            Topic(REPLIES, write=f"^({REPLY_QUEUES}|{MK_REPLY_QUEUES})$"),
            Topic(REQUESTS, read=exactly(queries)),
        ),
    )


def _edge() -> User:
    asked = [f"{name}.commands" for name in COMMANDED] + [f"{name}.queries" for name in QUERIED]
    return User(
        EDGE,
        configure=f"^({REPLY_QUEUES}|{LIVE_QUEUES})$",
        write=f"^({REQUESTS}|{REPLY_QUEUES}|{LIVE_QUEUES})$",
        read=f"^({REPLIES}|{ATENDO}|{REPLY_QUEUES}|{LIVE_QUEUES})$",
        topics=(
            Topic(REQUESTS, write=exactly(asked)),
            Topic(REPLIES, read=f"^{REPLY_QUEUES}$"),
            Topic(ATENDO, read=exactly(message.routing_key() for message in LIVE)),
        ),
    )


def _mk() -> User:
    return User(
        MK,
        configure=f"^{MK_REPLY_QUEUES}$",
        # the exchange, and the queue of the same name, which MK may bind to whatever it wants of `atendo`
        write=f"^({MK}|{RETRY}|{REQUESTS}|{MK_REPLY_QUEUES})$",
        read=f"^({MK}|{ATENDO}|{REPLIES}|{MK_REPLY_QUEUES})$",
        topics=(
            Topic(REQUESTS, write=exactly(ASKED_BY_MK)),
            Topic(REPLIES, read=f"^{MK_REPLY_QUEUES}$"),
            Topic(MK, write=rf"^{MK}\.", read=exactly(_own_events())),
            Topic(ATENDO, read=EVERYTHING),
            Topic(RETRY, write=_ways_on(MK)),
        ),
    )


def _own_events() -> list[str]:
    return [message.routing_key() for message in LISTENS[MK] if message.exchange() == MK]


def _ways_on(service: str) -> str:
    rungs = "|".join(rung(delay) for delay in RETRY_LADDER)
    back_to = "|".join(re.escape(name) for name in _queues(service, "events", "commands", "deliveries"))
    return rf"^(({rungs})\.({back_to})|{re.escape(dead_key(service))})$"


def _queues(service: str, *kinds: Kind) -> list[str]:
    return [queue.name for queue in queues() if queue.service == service and queue.kind in kinds]
