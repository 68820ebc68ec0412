"""Publishes that wait for the broker's word, by the numbers that the broker counts them with."""

import asyncio
from itertools import takewhile

from chassis.messaging.link import LinkLost, Nacked, Returned


class Confirms:
    """Those of one channel. The broker counts its publishes from one, and confirms many at once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._published = 0
        self._waiting: dict[int, tuple[asyncio.Future[None], str]] = {}
        self._by_message: dict[str, asyncio.Future[None]] = {}

    def expect(self, message_id: str) -> "asyncio.Future[None]":
        """What is done with the confirm of the publish that leaves now: set, or Nacked, Returned or LinkLost."""
        confirm = self._loop.create_future()
        self._published += 1
        self._waiting[self._published] = confirm, message_id
        self._by_message[message_id] = confirm
        return confirm

    def confirmed(self, number: int, *, multiple: bool, kept: bool) -> None:
        """Take `basic.ack`, or `basic.nack` where it isn't kept; `multiple` is for all until this number too."""
        numbers = list(takewhile(number.__ge__, self._waiting)) if multiple else [number]
        for one in numbers:
            confirm, message_id = self._waiting.pop(one, (None, ""))
            self._by_message.pop(message_id, None)
            # done where it was returned, or nobody waits any more
            if confirm is not None and not confirm.done():
                confirm.set_result(None) if kept else confirm.set_exception(Nacked())

    def returned(self, message_id: str, routing_key: str) -> None:
        """Take `basic.return`; the confirm comes behind it."""
        confirm = self._by_message.get(message_id)
        if confirm is not None and not confirm.done():
            confirm.set_exception(Returned(routing_key))

    def end(self, why: str) -> None:
        """Nothing is confirmed any more."""
        for confirm, _ in self._waiting.values():
            if not confirm.done():
                confirm.set_exception(LinkLost(why))
        self._waiting.clear()
        self._by_message.clear()
