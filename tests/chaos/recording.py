"""How messages of MK are noted once the broker has them, and mails when they come."""

from contracts import mk
from contracts.message import Message
from tests.chaos.history import Registered, Said, now
from tests.smtp import Received


def published(message: Message, *, times: int) -> Said:
    """The record of a message about a ticket that was published so often."""
    body = message.model_dump(mode="json")
    identity = str(message.event_id), message.occurred_at.isoformat(), str(body["ticket_id"])
    return Said(now(), message.type_name(), *identity, body, times)


def registered(saved: mk.PersonGroupSaved) -> Registered:
    """The record of what was saved of a person group."""
    return Registered(
        now(), saved.person_group_id, str(saved.event_id), saved.occurred_at.isoformat(), str(saved.process)
    )


class Arrivals(list[Received]):
    """Mails, and when each one came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def append(self, mail: Received) -> None:
        """Take one more."""
        self.times.append(now())
        super().append(mail)
