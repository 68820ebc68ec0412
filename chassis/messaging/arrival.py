"""A message as a channel of the broker's delivered it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Answered(Protocol):
    """What an arrival needs of its channel: `chassis.messaging.link.Channel` has it."""

    @property
    def is_closed(self) -> bool:
        """Whether it is over: the broker delivers what wasn't answered again."""
        ...

    def ack(self, tag: int) -> None:
        """Have the broker forget a delivery; many at once are sent together."""
        ...

    def give_back(self, tag: int) -> None:
        """Have the broker deliver it again."""
        ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as a channel delivered it; `tag` is what that channel is to be answered with."""

    tag: int
    exchange: str
    routing_key: str
    body: bytes
    type: str
    headers: Mapping[str, Any]
    correlation_id: str
    reply_to: str
    message_id: str
    timestamp: datetime | None
    redelivered: bool
    channel: Answered

    def ack(self) -> None:
        """Have the broker forget it. Raises: LinkLost where the channel is gone: then it comes again."""
        self.channel.ack(self.tag)

    def give_back(self) -> None:
        """Have the broker deliver it again, to whomever. Raises: LinkLost, as above."""
        self.channel.give_back(self.tag)
