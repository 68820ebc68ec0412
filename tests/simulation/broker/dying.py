"""How a message looks after it left a queue for another: the headers by which RabbitMQ records its deaths."""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.simulation.broker.message import Message

if TYPE_CHECKING:
    from tests.simulation.broker.queue import Queue

UNSTORED_AGAIN_AFTER = 180.0
"""Seconds after which RabbitMQ tries again to put a dead letter where it belongs, where it may not be lost."""


def dead_letter(message: Message, queue: "Queue", reason: str, *, at: datetime) -> Message:
    """What a queue publishes of a message that died in it: without its expiration, with its deaths."""
    headers = dict(message.headers)
    deaths = [dict(death) for death in headers.get("x-death", ())]
    headers["x-death"] = _with_another(deaths, _death(message, queue.name, reason, at=at))
    if "x-first-death-reason" not in headers:
        headers |= {
            "x-first-death-reason": reason,
            "x-first-death-queue": queue.name,
            "x-first-death-exchange": message.exchange,
        }
    return replace(
        message,
        exchange=queue.arguments.get("x-dead-letter-exchange", ""),
        routing_key=queue.arguments.get("x-dead-letter-routing-key", message.routing_key),
        headers=MappingProxyType(headers),
        expires=None,
    )


def _death(message: Message, queue: str, reason: str, *, at: datetime) -> dict[str, Any]:
    death: dict[str, Any] = {
        "count": 1,
        "reason": reason,
        "queue": queue,
        "time": at.replace(microsecond=0),
        "exchange": message.exchange,
        "routing-keys": [message.routing_key],
    }
    if message.expires is not None:
        death["original-expiration"] = str(round(message.expires * 1000))
    return death


def _with_another(deaths: list[dict[str, Any]], death: dict[str, Any]) -> list[dict[str, Any]]:
    # the same death again is counted, and comes first
    same = [one for one in deaths if (one["queue"], one["reason"]) == (death["queue"], death["reason"])]
    others = [one for one in deaths if one not in same]
    return [{**same[0], "count": same[0]["count"] + 1} if same else death, *others]
