"""A customer who is erased while they still write, are written to and are asked: nothing of theirs may stay (R27)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from chassis.clock import utc_now
from contracts import mk
from contracts.message import Message, NotificationLevel
from tests.chaos import story
from tests.chaos.evidence import Document, Evidence
from tests.chaos.expected import ticket_of
from tests.chaos.provider import SECTORS, Customer, message
from tests.simulation.app import App
from tests.simulation.bot_api import Chats
from tests.simulation.erp import Announcer, Mirror
from tests.simulation.plan import Event

LEAVER = Customer("cliente-que-sai", "zenaide@chaos.test", has_device=True, chat=799_999)
SECRET = "Zenaide"
"""Stands in everything that is personal, and in nothing else."""

_TEXTS = ("complaint", "description", "defect_found", "reason")
_LOOKS_EVERY = 1.0
_WAITS_FOR_ITS_TICKET = timedelta(seconds=30)


@dataclass(slots=True)
class Leaver:
    """What happens to this customer; the history of the others knows nothing of it."""

    app: App
    announcer: Announcer
    chats: Chats
    mirror: Mirror
    tickets: set[str] = field(default_factory=set)
    """The ids of all of theirs, opened or not."""

    is_erased: bool = False
    """Whether MK has begun to publish that they must go."""

    async def perform(self, command: Event) -> None:
        """Do one thing, to its end."""
        rng = command.chance()
        match command.kind:
            case "leaver writes":
                await self._write(command, rng)
            case "leaver's ticket":
                await self._ticket(command, rng)
            case "leaver rates":
                await self._rate(rng)
            case "erase":
                self.is_erased = True
                await self.announcer.publish(message(mk.CustomerErased, customer_id=LEAVER.id))

    def registered(self) -> mk.CustomerSaved:
        """What MK publishes of them at the beginning."""
        home = mk.Connection(connection_id="c-sai", label=f"Casa da {SECRET}", active=True)
        name = f"{SECRET} Quaresma"
        return message(mk.CustomerSaved, customer_id=LEAVER.id, name=name, email=LEAVER.email, connections=(home,))

    async def _write(self, command: Event, rng: Random) -> None:
        sector = SECTORS[rng.choice(list(SECTORS))]
        text = f"{SECRET} {command.number}"
        wrote = await self.app.write(LEAVER.id, sector.id, key=f"k{command.number}", text=text)
        ticket_id = ticket_of(wrote.contact_id)
        self.tickets.add(ticket_id)
        if wrote.acknowledged and sector.generates_ticket and await self._is_opened(ticket_id):
            await self._announce(list(story.steps(rng, ticket_id, sector.level, after=utc_now())))

    async def _is_opened(self, ticket_id: str) -> bool:
        # operators act on what they see; what was refused becomes no ticket
        for _ in range(round(_WAITS_FOR_ITS_TICKET.total_seconds() / _LOOKS_EVERY)):
            if ticket_id in self.mirror.tickets:
                return True
            await asyncio.sleep(_LOOKS_EVERY)
        return False

    async def _ticket(self, command: Event, rng: Random) -> None:
        if self.is_erased:
            return
        opening = story.opening(rng, f"mk-sai-{command.number}", LEAVER.id, at=utc_now())
        self.tickets.add(opening.ticket_id)
        opening = opening.model_copy(update={"notification_level": NotificationLevel.ALL})
        steps = story.steps(rng, opening.ticket_id, NotificationLevel.ALL, after=opening.occurred_at)
        closing = story.closing(rng, opening.ticket_id, at=opening.occurred_at + timedelta(seconds=4))
        await self._announce([opening, *steps, closing])

    async def _announce(self, messages: list[Message]) -> None:
        for one in messages:
            texts = {name: f"{SECRET}: {name}" for name in _TEXTS if name in type(one).model_fields}
            await self.announcer.publish(one.model_copy(update=texts))

    async def _rate(self, rng: Random) -> None:
        asked = [str(one.evaluation_id) for one in self.mirror.asked() if one.customer_id == LEAVER.id]
        for evaluation in asked:
            if rng.random() < 0.5:
                await self.app.rate(LEAVER.id, evaluation, rng.randint(1, 4), f"{SECRET} no app")
        for question in self.chats.asked(LEAVER.chat or 0):
            self.chats.press(LEAVER.chat or 0, question, rng.randint(1, 4))
            if rng.random() < 0.7:
                self.chats.write(LEAVER.chat or 0, f"{SECRET} no chat")


def without_leaver(evidence: Evidence, tickets: set[str]) -> Evidence:
    """The evidence about everybody else; `tickets` are the ids of all tickets of whoever left."""

    def others(documents: list[Document]) -> list[Document]:
        # whom the bot doesn't know any more is nobody's
        return [one for one in documents if one.get("customer_id", "") not in {LEAVER.id, None}]

    theirs = {str(one["_id"]) for one in evidence.deliveries if one["customer_id"] == LEAVER.id}
    return replace(
        evidence,
        contacts=others(evidence.contacts),
        tickets=[one for one in others(evidence.tickets) if one["_id"] not in tickets],
        notified_contacts=others(evidence.notified_contacts),
        notified_tickets=others(evidence.notified_tickets),
        deliveries=others(evidence.deliveries),
        evaluations=others(evidence.evaluations),
        mirror=[one for one in evidence.mirror if one["_id"] not in tickets],
        mails=[one for one in evidence.mails if one.message_id not in theirs],
        pushed=[one for one in evidence.pushed if one.customer_id != LEAVER.id],
        written=[one for one in evidence.written if one.chat != LEAVER.chat],
    )


def places_of(text: str, documents: dict[str, list[Document]]) -> Iterator[str]:
    """Where a text stands in documents, given by the places where they are kept."""
    for place, kept in documents.items():
        for one in kept:
            shown = repr(one)
            if text.lower() in shown.lower():
                at = shown.lower().index(text.lower())
                yield f"{place} {one.get('_id')}: …{shown[max(0, at - 120) : at + 60]}…"
