"""One connection: its channels, its frames on their way, and how it is lost."""

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any

from tests.simulation.broker.channel import SimChannel
from tests.simulation.broker.pipe import Act, Pipe
from tests.simulation.broker.reading import described

if TYPE_CHECKING:
    from tests.simulation.broker.broker import Broker
    from tests.simulation.broker.link import SimLink


class Connection:
    """From its handshake to its loss; a link has one after the other.

    `frames` counts what was sent either way, also what got lost.
    """

    def __init__(self, broker: "Broker", link: "SimLink", name: str) -> None:
        self.broker = broker
        self.context: Context = link.context
        self.name = name
        self.frames = 0
        self.cut_at: int | None = None
        self.is_severed = False
        """Nothing more gets through, though neither side may know it yet."""

        self.is_blocked = False
        self.is_held_to_broker = False
        self.is_held_to_client = False
        self.channels: list[SimChannel] = []
        self._link: SimLink | None = link
        self._has_ended_at_broker = False
        self._opened = 0
        self._control = Pipe(self, channel=0, to_broker=False)
        self._giving_up: list[asyncio.TimerHandle] = []

    def open_channel(self, prefetch: int) -> SimChannel:
        """A new channel; its first frames ask for confirms and for the prefetch."""
        self._opened += 1
        channel = SimChannel(self, number=self._opened, prefetch=prefetch)
        self.channels.append(channel)
        return channel

    def forget(self, channel: SimChannel) -> None:
        """Have a channel no more that is over on both sides."""
        # a client that gave up first leaves its session to the broker, which has yet to end it
        if channel in self.channels and channel.session.is_over:
            self.channels.remove(channel)

    @property
    def pipes(self) -> list[Pipe]:
        """Every way of every channel, in the order of their opening."""
        ways = [way for channel in self.channels for way in (channel.session.to_broker, channel.session.to_client)]
        return [self._control, *ways]

    def count_frame(self) -> None:
        """One frame more was sent; at the chosen one, the connection is cut."""
        self.frames += 1
        if self.frames == self.cut_at:
            self.is_severed = True
            self.broker.loop.call_soon(self.cut, context=self.broker.context)

    def holds(self, pipe: Pipe) -> bool:
        """Whether what is on its way by this pipe doesn't get on."""
        if pipe.to_broker:
            return self.is_blocked or self.is_held_to_broker
        return self.is_held_to_client

    def note(self, pipe: Pipe, act: Act, carried: Any, *, lost: bool = False) -> None:  # noqa: ANN401 - as in a frame
        """Report a frame to whoever traces, as it arrives or is lost."""
        if self.broker.trace is not None:
            way = f"{self.name} {pipe.channel} {'>' if pipe.to_broker else '<'}"
            self.broker.trace(f"{way} {described(act, carried)}{' LOST' if lost else ''}")

    def block(self) -> None:
        """Take nothing more from this client, and let it know."""
        if not self.is_blocked:
            self.is_blocked = True
            self._control.send(self._blocked)

    def unblock(self) -> None:
        """Take from it again."""
        if self.is_blocked:
            self.is_blocked = False
            self._control.send(self._unblocked)
            self.resume()

    def _blocked(self, _: None) -> None:
        if self._link is not None:
            self._link.is_blocked = True

    def _unblocked(self, _: None) -> None:
        if self._link is not None:
            self._link.is_blocked = False

    def resume(self) -> None:
        """Have go on what was held."""
        for pipe in self.pipes:
            if not self.holds(pipe):
                pipe.resume()

    def hold(self, *, to_broker: bool, to_client: bool) -> None:
        """Let nothing through these ways; each side gives up after it missed the other's heartbeats."""
        self.is_held_to_broker |= to_broker
        self.is_held_to_client |= to_client
        if not self._giving_up:
            after, later = self.broker.missed_heartbeats, self.broker.loop.call_later
            self._giving_up = [
                later(after(), self.end_at_broker, context=self.broker.context),
                later(after(), self.end_at_client, context=self.context),
            ]

    def release(self) -> None:
        """Let everything through again. A side that gave up the connection doesn't come back to it."""
        self.is_held_to_broker = self.is_held_to_client = False
        if self.is_severed:
            return
        for timer in self._giving_up:
            timer.cancel()
        self._giving_up = []
        self.resume()

    def cut(self) -> None:
        """Lose it now: of the frames on their way, on each way the first few arrive yet, by chance."""
        self.is_severed = True
        if not self._has_ended_at_broker:
            self._drain(to_broker=True)
            self.end_at_broker()
        if self._link is not None:
            self.broker.loop.call_soon(self._cut_at_client, context=self.context)

    def _cut_at_client(self) -> None:
        if self._link is not None:
            self._drain(to_broker=False)
            self.end_at_client()

    def _drain(self, *, to_broker: bool) -> None:
        for pipe in self.pipes:
            if pipe.to_broker is to_broker:
                pipe.drain(0 if self.holds(pipe) else self.broker.chance.randint(0, len(pipe)))

    def end_at_broker(self) -> None:
        """The broker is rid of it: exclusive queues are gone, and what wasn't answered is back in its queue."""
        if self._has_ended_at_broker:
            return
        self._has_ended_at_broker = self.is_severed = True
        for channel in list(self.channels):
            channel.session.end()
        self.broker.ended(self)

    def end_at_client(self) -> None:
        """The client comes to know that it is lost."""
        self.is_severed = True
        link, self._link = self._link, None
        if link is not None:
            link.lost(self)

    def fall_silent(self) -> None:
        """The broker missed the client's heartbeats; the client comes to know as soon as it takes a step."""
        self.broker.context.copy().run(self.end_at_broker)
        self.broker.loop.call_soon(self.end_at_client, context=self.context)

    def close(self) -> None:
        """The client ends it: all that it sent arrives yet, unless it is held."""
        self._link = None
        self.broker.context.copy().run(self._end_in_order)

    def _end_in_order(self) -> None:
        if not self.is_severed:
            self.is_severed = True
            for pipe in self.pipes:
                if pipe.to_broker and not self.holds(pipe):
                    pipe.drain(len(pipe))
        self.end_at_broker()

    def abandon(self) -> None:
        """The client is no more: nothing of its is called again, and the broker comes to know at once."""
        self._link = None
        for pipe in self.pipes:
            if not pipe.to_broker:
                pipe.drain(0)
        self.broker.context.copy().run(self.cut)
