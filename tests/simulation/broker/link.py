"""A link as its client has it: `chassis.messaging.link.Link`, which comes back after its connection is lost."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING

from chassis.messaging.link import LinkLost
from tests.simulation.broker.channel import SimChannel

if TYPE_CHECKING:
    from tests.simulation.broker.broker import Broker
    from tests.simulation.broker.connection import Connection

RECONNECT_AFTER = 1.0
"""Seconds between two attempts to come back."""


class SimLink:
    """One connection after the other, until it is closed."""

    def __init__(self, broker: "Broker", name: str) -> None:
        self.name = name
        self.context = copy_context()
        """In which all of the client's callbacks run: that of whoever connected."""

        self.is_blocked = False
        self._broker = broker
        self._connection: Connection | None = broker.accept(self)
        self._returns: list[Callable[[], None]] = []
        self._retry: asyncio.TimerHandle | None = None
        self._is_over = False

    @property
    def is_open(self) -> bool:
        """Whether it is there now."""
        return self._connection is not None

    @property
    def connection(self) -> "Connection | None":
        """The connection of now, None while it is lost."""
        return self._connection

    def on_return(self, callback: Callable[[], None]) -> None:
        """Have `callback` called each time when it is back after it was lost."""
        self._returns.append(callback)

    async def channel(self, *, prefetch: int = 0) -> SimChannel:
        """Open a channel. Raises: LinkLost."""
        if self._connection is None:
            raise LinkLost("the connection is lost")
        channel = self._connection.open_channel(prefetch)
        await channel.open()
        return channel

    async def close(self) -> None:
        """Close it for good."""
        connection = self._end()
        if connection is None:
            return
        connection.close()
        for channel in list(connection.channels):
            channel.lost("the connection was closed")

    def _end(self) -> "Connection | None":
        self._is_over = True
        if self._retry is not None:
            self._retry.cancel()
        connection, self._connection = self._connection, None
        return connection

    def abandon(self) -> None:
        """Be over, and nobody is called: the process that had it is gone."""
        connection = self._end()
        if connection is not None:
            connection.abandon()

    def lost(self, connection: "Connection") -> None:
        """Its connection is lost: its channels are over, and it comes back when it can."""
        if self._connection is not connection:
            return
        self._connection = None
        self.is_blocked = False
        self._come_back_after(self._broker.chance.uniform(0, RECONNECT_AFTER))
        for channel in list(connection.channels):
            channel.lost("the connection is lost")

    def _come_back_after(self, seconds: float) -> None:
        self._retry = self._broker.loop.call_later(seconds, self._come_back, context=self.context)

    def _come_back(self) -> None:
        if self._is_over:
            return
        try:
            self._connection = self._broker.accept(self)
        except ConnectionError:
            self._come_back_after(RECONNECT_AFTER)
            return
        for callback in self._returns:
            callback()
