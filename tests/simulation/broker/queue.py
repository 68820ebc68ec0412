"""A queue: what waits in it and in which order, who consumes it, and when a message leaves it otherwise."""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.broker.message import Entry, Message

if TYPE_CHECKING:
    from tests.simulation.broker.session import Consumer

Bury = Callable[["Queue", Entry, str], None]
"""What is done with an entry that leaves its queue for a reason: `expired`, `delivery_limit`, `maxlen`."""


class Queue:
    """Quorum where its arguments say so, classic otherwise.

    A quorum queue delivers what came back before what it never delivered, in the order of its return; a classic one
    puts it back to where it was.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any], *, durable: bool, owner: object, bury: Bury) -> None:
        self.name = name
        self.arguments = dict(arguments)
        self.durable = durable
        self.owner = owner
        """The connection that alone may use it; None where all may."""

        self.is_quorum = self.arguments.get("x-queue-type") == "quorum"
        self.limit: int | None = self.arguments.get("x-delivery-limit") if self.is_quorum else None
        self.ttl: float | None = _seconds(self.arguments.get("x-message-ttl"))
        self.expires: float | None = _seconds(self.arguments.get("x-expires"))
        self.max_length: int | None = self.arguments.get("x-max-length")
        self.rejects_publish = self.arguments.get("x-overflow") == "reject-publish"
        self.keeps_the_dead = (
            self.is_quorum and self.rejects_publish and self.arguments.get("x-dead-letter-strategy") == "at-least-once"
        )
        """Whether what dies stays until its next queue has it."""

        self.is_full = False
        """Set by whoever wants every publish refused."""

        self.is_led = True
        """Without a leader, it takes, delivers and forgets nothing until it has one."""

        self.consumers: list[Consumer] = []
        self.leaving: list[Consumer] = []
        """Those of a quorum queue that take no more, and still have something to answer: it counts them too."""

        self.unanswered = 0
        self.dying = 0
        """Messages that died and stay until their next queue takes them."""

        self.used_at = 0.0
        self.is_gone = False
        self._ready: deque[Consumer] = deque()
        self._returned: deque[Entry] = deque()
        self._waiting: deque[Entry] = deque()
        self._position = 0
        self._deferred: list[Callable[[], None]] = []
        self._bury = bury
        self._loop = asyncio.get_running_loop()
        self._expiry: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._returned) + len(self._waiting)

    @property
    def held(self) -> int:
        """How many messages it still has: what waits, what is delivered, what died and has no place to go to."""
        return len(self) + self.unanswered + self.dying

    @property
    def entries(self) -> list[Entry]:
        """What waits, in the order in which it would be delivered."""
        return [*self._returned, *self._waiting]

    def take(self, message: Message) -> bool:
        """Keep a message, last of all, and deliver it where somebody waits; False where it is refused."""
        if self.is_full or (self.rejects_publish and self._is_over()):
            return False
        self._position += 1
        self._waiting.append(Entry(message, self._position, self._expiry_of(message)))
        self.serve()
        if self.max_length is not None and not self.rejects_publish:
            while self._is_over():
                self._bury(self, self._next(), "maxlen")
        return True

    def _is_over(self) -> bool:
        return self.max_length is not None and len(self) > self.max_length

    def _expiry_of(self, message: Message) -> float | None:
        lives = self.ttl
        if message.expires is not None and (lives is None or message.expires < lives):
            lives = message.expires
        return None if lives is None else self._loop.time() + lives

    def serve(self) -> None:
        """Deliver while there is a message and a consumer that may have one more, each in turn."""
        ready = self._ready
        while ready and self.is_led and (self._waiting or self._returned):
            entry = self._next()
            if entry.expires_at is not None and entry.expires_at <= self._loop.time():
                self._bury(self, entry, "expired")
                continue
            consumer = ready.popleft()
            consumer.is_ready = False
            consumer.deliver(entry)
            self.offer(consumer)
        if self._waiting or self._returned:
            self._watch_expiry()

    def _next(self) -> Entry:
        return self._returned.popleft() if self._returned else self._waiting.popleft()

    def offer(self, consumer: "Consumer") -> None:
        """Count a consumer among those who may have one more, behind the others, if it may."""
        if consumer.credit and not consumer.is_ready and not consumer.is_over:
            consumer.is_ready = True
            self._ready.append(consumer)

    def add(self, consumer: "Consumer") -> None:
        """Have a consumer."""
        self.consumers.append(consumer)
        self.offer(consumer)
        self.serve()

    def remove(self, consumer: "Consumer") -> None:
        """Have it no more; what it holds stays unanswered."""
        self.consumers.remove(consumer)
        if self.is_quorum and consumer.holds:
            self.leaving.append(consumer)
        if consumer.is_ready:
            consumer.is_ready = False
            self._ready.remove(consumer)
        self.used_at = self._loop.time()

    def answered(self, consumer: "Consumer") -> None:
        """Count one less that it holds; it may have another, when its turn comes."""
        self.unanswered -= 1
        consumer.credit += 1
        if consumer.is_over:
            if not consumer.holds and consumer in self.leaving:
                self.leaving.remove(consumer)
        elif not consumer.is_ready:
            consumer.is_ready = True
            self._ready.append(consumer)

    def settled(self, consumer: "Consumer") -> None:
        """Forget what a consumer acknowledged; it may have another."""
        self.answered(consumer)
        if self._waiting or self._returned:
            self.serve()

    def give_back(self, entries: list[Entry]) -> None:
        """Take back what was delivered and not acknowledged; one that came back too often leaves."""
        if self.is_gone:
            return
        for entry in entries:
            entry.returns += 1
            if self.limit is not None and entry.returns > self.limit:
                self._bury(self, entry, "delivery_limit")
            elif self.is_quorum:
                self._returned.append(entry)
            else:
                insort(self._returned, entry, key=_place)
        self.serve()

    def _watch_expiry(self) -> None:
        head = self._returned[0] if self._returned else self._waiting[0]
        if head.expires_at is None:
            return
        if self._expiry is not None:
            if self._expiry.when() <= head.expires_at:
                return
            self._expiry.cancel()
        self._expiry = self._loop.call_at(head.expires_at, self._expire)

    def _expire(self) -> None:
        due = self._expiry.when() if self._expiry else self._loop.time()
        self._expiry = None
        # only what is first expires: what stands behind it waits for it
        while self._returned or self._waiting:
            head = self._returned[0] if self._returned else self._waiting[0]
            if head.expires_at is None or head.expires_at > due:
                self._watch_expiry()
                return
            self._bury(self, self._next(), "expired")

    def when_led(self, act: Callable[[], None]) -> None:
        """Do it when there is a leader again."""
        self._deferred.append(act)

    def elect(self) -> None:
        """Have a leader again, and do what waited for one."""
        self.is_led = True
        deferred, self._deferred = self._deferred, []
        for act in deferred:
            act()
        self.serve()

    def restart(self) -> None:
        """Lose what a restart of the broker loses: a classic queue keeps persistent messages alone."""
        if not self.is_quorum:
            self._returned = deque(entry for entry in self._returned if entry.message.is_persistent)
            self._waiting = deque(entry for entry in self._waiting if entry.message.is_persistent)

    def end(self) -> None:
        """Be gone with all that it holds."""
        self.is_gone = True
        self._returned.clear()
        self._waiting.clear()
        self._ready.clear()
        if self._expiry is not None:
            self._expiry.cancel()


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _place(entry: Entry) -> int:
    return entry.position
