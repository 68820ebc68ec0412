"""MK as the services see it: it publishes until the broker has confirmed, and mirrors what it is sent."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import BrokerDown, Publisher, Unroutable
from chassis.service import Service
from chassis.settings import Settings
from contracts import contacts, feedback, mk
from contracts.message import Message
from mk.domain import ticket as tickets
from mk.domain.ticket import EVENTS, Ticket
from tests.chaos.evidence import Document
from tests.chaos.history import History, Unsure, now
from tests.chaos.recording import published, registered


@dataclass(slots=True)
class Mirror:
    """Every ticket as its events show it; durable, and the same whichever replica took an event."""

    tickets: dict[str, Ticket] = field(default_factory=dict)

    async def on_event(self, event: Message) -> None:
        """Take an event into its ticket's history, once."""
        self._take(event)

    def _take(self, event: Message) -> None:
        ticket_id = tickets.ticket_id_of(event)
        if ticket_id is not None:
            self.tickets[ticket_id] = tickets.take(self.tickets.get(ticket_id) or Ticket(ticket_id), event)

    def begin_with(self, events: Iterable[Message]) -> None:
        """Know all this already."""
        for event in events:
            if event.type_name() in EVENTS:
                self._take(event)

    def asked(self) -> list[feedback.EvaluationRequested]:
        """Every request for an evaluation so far, with the link that leads to it."""
        return [event for one in self.tickets.values() for event in one.events(feedback.EvaluationRequested)]

    def documents(self) -> list[Document]:
        """As MK's stand-in stores them, as far as the checker looks."""
        return [
            {
                "_id": one.id,
                "protocol": one.protocol,
                "status": one.status,
                "story": [{"type": event.type_name(), "body": event.model_dump(mode="json")} for event in one.history],
            }
            for one in self.tickets.values()
        ]


def build(settings: Settings, mirror: Mirror) -> Service:
    """One replica of what listens for MK."""
    service = Service("mk", settings)
    for event in EVENTS.values():
        service.on(event, mirror.on_event)

    async def forget(_event: Message) -> None:
        return

    for other in (mk.CustomerErased, contacts.ContactReceived):
        service.on(other, forget)
    return service


@dataclass(slots=True)
class Announcer:
    """Publishes for MK, which keeps what isn't confirmed and publishes the very same again."""

    publisher: Publisher
    history: History
    rng: Random
    begun: dict[str, float] = field(default_factory=dict)
    """When each message was first on its way to the broker, by its event's id."""

    async def announce(self, message: Message, *, times: int = 1) -> None:
        """Publish what concerns a ticket, so many times."""
        await self.publish(message, times=times)
        self.history.note(published(message, times=times))

    async def register(self, versions: Iterable[mk.PersonGroupSaved]) -> None:
        """Publish versions of one person group, all at once."""
        listed = list(versions)
        await asyncio.gather(*(self.publish(one) for one in self.rng.sample(listed, len(listed))))
        for one in listed:
            self.history.note(registered(one))

    async def publish(self, message: Message, *, times: int = 1) -> None:
        """Publish until the broker has confirmed it so many times."""
        await self.insist(Envelope.of(message), str(message.event_id), times=times)

    async def insist(self, envelope: Envelope, name: str, *, times: int = 1) -> None:
        """The same for any envelope."""
        self.begun.setdefault(name, now())
        confirmed = 0
        while confirmed < times:
            try:
                await self.publisher.publish(envelope)
                confirmed += 1
            except (BrokerDown, Unroutable) as error:
                self.history.note(Unsure(now(), "MK message", type(error).__name__))
                await asyncio.sleep(self.rng.uniform(0.5, 1.5))
