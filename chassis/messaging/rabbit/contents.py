"""A message as its frames come in: a method, a header, as many pieces of the body as there are."""

from pamqp import commands as amqp
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from chassis.messaging.arrival import Answered, Arrival


class Content:
    """What `basic.deliver` or `basic.return` announced."""

    def __init__(self, method: amqp.Basic.Deliver | amqp.Basic.Return) -> None:
        self.method = method
        self.properties = amqp.Basic.Properties()
        self._missing = 0
        self._pieces: list[bytes] = []

    def is_whole_with(self, frame: ContentHeader | ContentBody) -> bool:
        """Take the next frame; whether it was the last."""
        if isinstance(frame, ContentHeader):
            self.properties = frame.properties
            self._missing = frame.body_size
        else:
            self._pieces.append(frame.value)
            self._missing -= len(frame.value)
        return self._missing <= 0

    def arrival(self, method: amqp.Basic.Deliver, channel: Answered) -> Arrival:
        """The message, where it was delivered."""
        properties = self.properties
        return Arrival(
            tag=method.delivery_tag or 0,
            exchange=method.exchange or "",
            routing_key=method.routing_key or "",
            body=self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces),
            type=properties.message_type or "",
            headers=properties.headers or {},
            correlation_id=properties.correlation_id or "",
            reply_to=properties.reply_to or "",
            message_id=properties.message_id or "",
            timestamp=properties.timestamp,
            redelivered=method.redelivered,
            channel=channel,
        )
