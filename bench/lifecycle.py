"""The life of tickets: what MK publishes of them, through tickets and notifier, with push and chat on.

Of ten tickets four notify their customers of nothing, four of start and end, two of everything.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import MongoClient

from bench import steps
from bench.burst import burst
from bench.mails import Unsound
from bench.product import Product
from bench.provider import customer_id
from bench.reaching import PEOPLE
from bench.waiting import until

LEVELS = ("none",) * 4 + ("start_end",) * 4 + ("all",) * 2
MESSAGES = 5
"""What MK publishes of each ticket."""

_SENT = {"none": 0, "start_end": 2, "all": 5}
"""Messages to each of a customer's channels (R15)."""

_WITHIN = timedelta(minutes=5)
_LOOK_EVERY = timedelta(milliseconds=100)
_CHANNELS = ["push", "telegram"]


@dataclass(frozen=True, slots=True)
class Lived:
    """MK's messages a second until the notifier had decided on the last, and until all was sent; ms of each service."""

    per_second: float
    sent_per_second: float
    cpu_ms: dict[str, float]


def measure(product: Product, *, tickets: int) -> Lived:
    """Have so many tickets opened, worked on and closed. Raises: Unsound, BurstFailed, TookTooLong."""
    run = secrets.token_hex(4)
    levels = {f"bench-life-{run}-{number:06}": LEVELS[number % len(LEVELS)] for number in range(tickets)}
    commands = [
        *(
            steps.opened(ticket, customer_id(number % PEOPLE), level=level)
            for number, (ticket, level) in enumerate(levels.items())
        ),
        *(does(ticket) for does in _STEPS for ticket in levels),
    ]
    wanted = {"applied": MESSAGES * tickets, "sent": 2 * sum(_SENT[level] for level in levels.values())}
    product.settle()
    before = product.cpu()
    with burst(product.addresses["AMQP_URL"], steps.QUEUE, commands) as began:
        mongo_url, ids = product.addresses["MONGO_URL"], list(levels)
        until(
            lambda: steps.applied(mongo_url, "notifier.tickets", ids) >= wanted["applied"],
            within=_WITHIN,
            what="the notifier has handled all",
            pause=_LOOK_EVERY,
        )
        handled = time.monotonic()
        until(
            lambda: _sent(mongo_url, ids) >= wanted["sent"],
            within=_WITHIN,
            what="all was sent by push and chat",
            pause=_LOOK_EVERY,
        )
        ended = time.monotonic()
    product.settle()
    used = {name: (spent - before[name]) * 1000 / len(commands) for name, spent in product.cpu().items()}
    found = {"applied": steps.applied(mongo_url, "notifier.tickets", ids), "sent": _sent(mongo_url, ids)}
    if found != wanted:
        raise Unsound(f"tickets' lives came out as {found} instead of {wanted}")
    return Lived(len(commands) / (handled - began), len(commands) / (ended - began), used)


_STEPS = (steps.ordered, lambda ticket: steps.phase(ticket, 1), steps.given_to, steps.closed)


def _sent(mongo_url: str, ids: list[str]) -> int:
    wanted = {"ticket_id": {"$in": ids}, "channel": {"$in": _CHANNELS}, "state": "sent"}
    with MongoClient[dict[str, Any]](mongo_url) as client:
        return client["notifier"]["deliveries"].count_documents(wanted)
