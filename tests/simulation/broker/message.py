"""A message as it was published, and its place in one queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Message:
    """What was published, with its properties. Queues share it, so nobody changes it; `expires` is in seconds."""

    exchange: str
    routing_key: str
    body: bytes
    type: str
    headers: Mapping[str, Any]
    correlation_id: str
    reply_to: str
    message_id: str
    app_id: str
    timestamp: datetime | None
    is_persistent: bool
    expires: float | None


@dataclass(slots=True)
class Entry:
    """A message in one queue: its place there, when it expires there (loop's time), how often it came back."""

    message: Message
    position: int
    expires_at: float | None
    returns: int = 0
