"""The broker's side of a channel: what it publishes, consumes, and has not answered yet."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from chassis.messaging.link import Arrival, Depth, OnArrival
from tests.simulation.broker.message import Entry, Message
from tests.simulation.broker.pipe import Pipe
from tests.simulation.broker.refusal import PRECONDITION_FAILED, Refusal

if TYPE_CHECKING:
    from tests.simulation.broker.channel import SimChannel
    from tests.simulation.broker.connection import Connection
    from tests.simulation.broker.queue import Queue

WITHOUT_PREFETCH = 2000
"""What a quorum queue hands out at most to a consumer that named no bound."""


class Consumer:
    """One consumer of a queue; `credit` is how many more it may have now."""

    __slots__ = ("_most", "credit", "is_over", "is_ready", "no_ack", "on_arrival", "on_cancel", "queue", "session")

    def __init__(
        self, session: "Session", queue: "Queue", on_arrival: OnArrival, on_cancel: Callable[[], None], *, no_ack: bool
    ) -> None:
        self.session = session
        self.queue = queue
        self.on_arrival = on_arrival
        self.on_cancel = on_cancel
        self.no_ack = no_ack
        self._most = self.credit = session.prefetch or WITHOUT_PREFETCH
        self.is_ready = False
        self.is_over = False

    @property
    def holds(self) -> int:
        """How many it has not answered."""
        return self._most - self.credit

    def deliver(self, entry: Entry) -> None:
        """Send one message, which is held until it is answered."""
        session = self.session
        session.tag += 1
        if not self.no_ack:
            self.credit -= 1
            self.queue.unanswered += 1
            session.unanswered[session.tag] = (entry, self)
        session.to_client.send(session.channel.arrived, (self, self._arrival(entry)))

    def _arrival(self, entry: Entry) -> Arrival:
        message = entry.message
        headers = message.headers
        if entry.returns and self.queue.is_quorum:
            headers = {**headers, "x-delivery-count": entry.returns}
        return Arrival(
            self.session.tag,
            message.exchange,
            message.routing_key,
            message.body,
            message.type,
            headers,
            message.correlation_id,
            message.reply_to,
            message.message_id,
            message.timestamp,
            entry.returns > 0,
            self.session.channel,
        )


class Session:
    """What the frames of one channel do at the broker, in the order in which they arrive."""

    def __init__(self, connection: "Connection", channel: "SimChannel", *, number: int, prefetch: int) -> None:
        self.connection = connection
        self.broker = connection.broker
        self._vhost = self.broker.vhost
        self.channel = channel
        self.number = number
        self.prefetch = prefetch
        self.to_broker = Pipe(connection, channel=number, to_broker=True)
        self.to_client = Pipe(connection, channel=number, to_broker=False)
        self.tag = 0
        self.unanswered: dict[int, tuple[Entry, Consumer]] = {}
        self.consumers: list[Consumer] = []
        self.is_over = False
        self._late: dict[int, tuple[int, bool]] = {}

    def asked(self, question: tuple[Callable[..., object], tuple[Any, ...], dict[str, Any], object]) -> None:
        """Answer a question, or close the channel where it can't be."""
        if self.is_over:
            return
        method, arguments, named, answer = question
        try:
            found = method(*arguments, **named)
        except Refusal as refusal:
            self.refuse(refusal)
        else:
            self.to_client.send(self.channel.answered, (answer, found))

    def refuse(self, refusal: Refusal) -> None:
        """Close the channel with an error."""
        self.end()
        self.to_client.send(self.channel.refused, refusal)

    def published(self, frame: tuple[int, Message, bool]) -> None:
        """Route a message, and confirm it."""
        if self.is_over:
            return
        if self.broker.is_blocked:
            self.connection.block()
            self.to_broker.put_back(self.published, frame)
            return
        number, message, mandatory = frame
        try:
            queues = self._vhost.route(message)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if mandatory and not queues:
            self.to_client.send(self.channel.returned, number)
        self._put(queues, number, message)

    def _put(self, queues: "tuple[Queue, ...]", number: int, message: Message) -> None:
        taken, late = True, 0
        for queue in queues:
            if not queue.is_led:
                queue.when_led(partial(self._put_late, queue, number, message))
                late += 1
            elif not queue.take(message):
                taken = False
        if late:
            self._late[number] = late, taken
        else:
            self._confirm(number, taken=taken)

    def _put_late(self, queue: "Queue", number: int, message: Message) -> None:
        if self.is_over:
            # nobody waits for the confirm any more: the queue has it, or hasn't
            if self.broker.chance.random() < 0.5:
                queue.take(message)
            return
        late, taken = self._late.pop(number)
        taken = queue.take(message) and taken
        if late > 1:
            self._late[number] = late - 1, taken
        else:
            self._confirm(number, taken=taken)

    def _confirm(self, number: int, *, taken: bool) -> None:
        self.to_client.send(self.channel.confirmed if taken else self.channel.nacked, number)

    def acked(self, tag: int) -> None:
        """Forget a delivery."""
        if self.is_over:
            return
        found = self.unanswered.get(tag)
        if found is None:
            self.refuse(Refusal(PRECONDITION_FAILED, f"unknown delivery tag {tag}"))
        elif found[1].queue.is_led:
            del self.unanswered[tag]
            found[1].queue.settled(found[1])
        else:
            found[1].queue.when_led(partial(self._ack_late, tag))

    def _ack_late(self, tag: int) -> None:
        # where the channel ended meanwhile, the queue never came to know
        if tag in self.unanswered:
            _, consumer = self.unanswered.pop(tag)
            consumer.queue.settled(consumer)

    def given_back(self, tag: int) -> None:
        """Put a delivery back into its queue."""
        if self.is_over:
            return
        found = self.unanswered.pop(tag, None)
        if found is None:
            self.refuse(Refusal(PRECONDITION_FAILED, f"unknown delivery tag {tag}"))
            return
        entry, consumer = found
        consumer.queue.answered(consumer)
        consumer.queue.give_back([entry])

    def consuming(self, frame: tuple[str, OnArrival, Callable[[], None], bool, object]) -> None:
        """Have a queue's messages sent, after the answer."""
        if self.is_over:
            return
        name, on_arrival, on_cancel, no_ack, answer = frame
        try:
            queue = self._vhost.queue(name, user=self.connection)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        consumer = Consumer(self, queue, on_arrival, on_cancel, no_ack=no_ack)
        self.consumers.append(consumer)
        self.to_client.send(self.channel.answered, (answer, None))
        queue.add(consumer)

    def cancel(self) -> None:
        """Send no more; what was sent can still be answered."""
        for consumer in self.consumers:
            consumer.is_over = True
            consumer.queue.remove(consumer)
        self.consumers.clear()

    def depth(self, queue: str) -> Depth:
        """Look at a queue. Raises: Refusal."""
        found = self._vhost.queue(queue, user=self.connection)
        return Depth(len(found), len(found.consumers) + len(found.leaving))

    def drop(self, consumer: Consumer) -> None:
        """End a consumer from here, with a Basic.Cancel."""
        consumer.is_over = True
        self.consumers.remove(consumer)
        self.to_client.send(self.channel.cancelled, consumer)

    def close(self) -> None:
        """End as the client wants it."""
        self.end()

    def end(self) -> None:
        """Be over: what wasn't answered is back in its queue, in the order of its delivery."""
        if self.is_over:
            return
        self.is_over = True
        self.cancel()
        held: dict[Consumer, list[Entry]] = {}
        for entry, consumer in self.unanswered.values():
            held.setdefault(consumer, []).append(entry)
            consumer.queue.answered(consumer)
        self.unanswered.clear()
        for consumer, entries in held.items():
            consumer.queue.give_back(entries)
