"""Exchanges and queues, and what happens in them by itself."""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.simulation.broker.dying import UNSTORED_AGAIN_AFTER, dead_letter
from tests.simulation.broker.exchange import Exchange
from tests.simulation.broker.message import Entry, Message
from tests.simulation.broker.queue import Queue
from tests.simulation.broker.refusal import LOCKED, NOT_FOUND, PRECONDITION_FAILED, Refusal

LOOKS_FOR_UNUSED_WITHIN = 5.0
"""Seconds between two looks of a quorum queue at whether it is still used."""


class VirtualHost:
    """All that was declared. `user` is the connection that asks, which may have queues of its own."""

    def __init__(self, chance: random.Random, clock: Callable[[], datetime]) -> None:
        self.exchanges = {
            f"amq.{kind}": Exchange(f"amq.{kind}", kind=kind) for kind in ("topic", "direct", "fanout", "headers")
        }
        self.queues: dict[str, Queue] = {}
        self._chance = chance
        self._clock = clock

    def exchange(self, name: str) -> Exchange:
        """An exchange by name. Raises: Refusal."""
        found = self.exchanges.get(name)
        if found is None:
            raise Refusal(NOT_FOUND, f"no exchange {name}")
        return found

    def queue(self, name: str, *, user: object) -> Queue:
        """A queue by name. Raises: Refusal."""
        found = self.queues.get(name)
        if found is None:
            raise Refusal(NOT_FOUND, f"no queue {name}")
        if found.owner is not None and found.owner is not user:
            raise Refusal(LOCKED, f"queue {name} is another connection's own")
        return found

    def declare_exchange(self, name: str) -> None:
        """Have a durable topic exchange. Raises: Refusal."""
        if name not in self.exchanges:
            self.exchanges[name] = Exchange(name)
        elif self.exchanges[name].kind != "topic":
            raise Refusal(PRECONDITION_FAILED, f"exchange {name} is of another kind")

    def declare_queue(
        self, name: str, arguments: Mapping[str, Any], *, durable: bool, exclusive: bool, user: object
    ) -> None:
        """Have a queue. Raises: Refusal."""
        owner = user if exclusive else None
        if name not in self.queues:
            queue = Queue(name, arguments, durable=durable, owner=owner, bury=self._bury)
            self.queues[name] = queue
            if queue.expires is not None:
                self._look_for_use(queue, queue.expires)
            return
        found = self.queue(name, user=user)
        found.used_at = asyncio.get_running_loop().time()
        if (found.arguments, found.durable, found.owner) != (arguments, durable, owner):
            raise Refusal(PRECONDITION_FAILED, f"queue {name} was declared otherwise")

    def bind(self, queue: str, exchange: str, key: str, *, user: object) -> None:
        """Bind a queue. Raises: Refusal."""
        found = self.queue(queue, user=user)
        self.exchange(exchange).bind(key, found)

    def unbind(self, queue: str, exchange: str, key: str, *, user: object) -> None:
        """Take a binding away, where it is. Raises: Refusal."""
        found = self.queue(queue, user=user)
        self.exchange(exchange).unbind(key, found)

    def route(self, message: Message) -> tuple[Queue, ...]:
        """The queues that take a message. Raises: Refusal."""
        if message.exchange:
            return self.exchange(message.exchange).route(message.routing_key)
        found = self.queues.get(message.routing_key)
        return () if found is None else (found,)

    def delete_queue(self, name: str) -> None:
        """Delete a queue with all in it; its consumers get a Basic.Cancel."""
        queue = self.queues.pop(name)
        for exchange in self.exchanges.values():
            exchange.forget(queue)
        self.cancel_consumers(queue)
        queue.end()

    def cancel_consumers(self, queue: Queue) -> None:
        """End every consumer of a queue with a Basic.Cancel; what they hold can still be answered."""
        for consumer in list(queue.consumers):
            queue.remove(consumer)
            consumer.session.drop(consumer)

    def restart(self) -> None:
        """Lose what isn't durable."""
        for queue in list(self.queues.values()):
            if queue.durable:
                queue.restart()
            else:
                self.delete_queue(queue.name)

    def _bury(self, queue: Queue, entry: Entry, reason: str) -> None:
        if "x-dead-letter-exchange" in queue.arguments:
            self._store(queue, dead_letter(entry.message, queue, reason, at=self._clock()))

    def _store(self, queue: Queue, message: Message) -> None:
        try:
            queues = self.route(message)
        except Refusal:
            queues = ()
        taken = [target.take(message) for target in queues]
        if queue.keeps_the_dead and not (taken and all(taken)) and not queue.is_gone:
            queue.dying += 1
            asyncio.get_running_loop().call_later(UNSTORED_AGAIN_AFTER, self._store_again, queue, message)

    def _store_again(self, queue: Queue, message: Message) -> None:
        queue.dying -= 1
        self._store(queue, message)

    def _look_for_use(self, queue: Queue, after: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(after + self._chance.uniform(0, LOOKS_FOR_UNUSED_WITHIN), self._expire, queue, loop)

    def _expire(self, queue: Queue, loop: asyncio.AbstractEventLoop) -> None:
        if queue.is_gone or queue.expires is None:
            return
        unused = 0.0 if queue.consumers or queue.leaving else loop.time() - queue.used_at
        if unused >= queue.expires:
            self.delete_queue(queue.name)
        else:
            self._look_for_use(queue, queue.expires - unused)
