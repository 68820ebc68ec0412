"""A channel for what is asked of the broker now and then: opened by the first question, and kept for the next."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.messaging.link import Channel
from chassis.messaging.publisher import Publisher


class KeptChannel:
    """Lends its channel to one question at a time; another that is asked meanwhile gets one of its own."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._idle: Channel | None = None

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Channel]:
        """A channel for one question; kept afterwards, unless it raised. Raises: LinkLost."""
        channel = self._take() or await self._open()
        try:
            yield channel
        except BaseException:
            # what an error of the broker's ended, or a late answer could yet confuse
            await channel.close()
            raise
        if self._idle is None:
            self._idle = channel
        else:
            await channel.close()

    def _take(self) -> Channel | None:
        channel, self._idle = self._idle, None
        return channel

    async def _open(self) -> Channel:
        channel = await self._publisher.link.channel()
        channel.on_close(lambda: self._forget(channel))
        return channel

    def _forget(self, channel: Channel) -> None:
        if self._idle is channel:
            self._idle = None
