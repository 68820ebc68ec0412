"""What customers and MK do, command by command."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import ClassVar
from zoneinfo import ZoneInfo

from chassis.clock import utc_now
from chassis.messaging.envelope import Envelope
from contracts import feedback
from contracts.message import ATENDO, Message, NotificationLevel
from contracts.notifier import EmailDue
from contracts.topology import REQUESTS
from tests.chaos import story
from tests.chaos.expected import ticket_of
from tests.chaos.history import Answered, History, Poisoned, now
from tests.chaos.poison import poison
from tests.chaos.provider import SECTORS, Customer, two_versions
from tests.simulation.app import App
from tests.simulation.bot_api import Chats
from tests.simulation.erp import Announcer, Mirror
from tests.simulation.leaving import Leaver
from tests.simulation.past import Past
from tests.simulation.plan import Event

_BEST = 5
_ZONE = ZoneInfo("America/Sao_Paulo")
_A_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Workload:
    """Performs commands; each draws from its own chance."""

    app: App
    mk: Announcer
    history: History
    customers: dict[str, Customer]
    chats: Chats
    mirror: Mirror
    leaver: Leaver | None = None
    past: Past | None = None
    """What an earlier release left behind, whose tickets go on."""

    _opened: set[str] = field(default_factory=set)
    _in_chats: set[str] = field(default_factory=set)

    async def perform(self, command: Event) -> None:
        """Do one thing, to its end."""
        does = self._does.get(command.kind)
        if does is not None:
            await does(self, command, command.chance())
        elif self.leaver is not None:
            await self.leaver.perform(command)

    async def _contact(self, command: Event, rng: Random) -> None:
        customer, sector = rng.choice(list(self.customers)), SECTORS[rng.choice(list(SECTORS))]
        number, taps = command.number, 2 if rng.random() < 0.2 else 1
        goes_on = rng.random() < 0.6
        wrote = await self.app.write(customer, sector.id, key=f"k{number}", text=f"Contato {number}", taps=taps)
        if wrote.acknowledged and sector.generates_ticket and goes_on:
            # operators act on what was received, which is later than the receipt
            while not await self.app.is_received(customer, wrote.contact_id):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(1.0)
            after = utc_now() + _A_SECOND
            await self._announce(rng, list(story.steps(rng, ticket_of(wrote.contact_id), sector.level, after=after)))

    async def _ticket(self, command: Event, rng: Random) -> None:
        at = utc_now()
        opening = story.opening(rng, f"mk-{command.number}", rng.choice(list(self.customers)), at=at)
        steps = list(story.steps(rng, opening.ticket_id, opening.notification_level, after=at))
        await self._announce(rng, [opening, *steps])

    async def _old_ticket(self, _command: Event, rng: Random) -> None:
        assert self.past is not None
        ticket_id, at = rng.choice(self.past.tickets), utc_now()
        messages: list[Message] = list(story.steps(rng, ticket_id, NotificationLevel.ALL, after=at))
        if ticket_id in self.past.unopened and ticket_id not in self._opened:
            self._opened.add(ticket_id)
            messages.insert(0, story.opening(rng, ticket_id, rng.choice(list(self.customers)), at=at))
        await self._announce(rng, messages)

    async def _there_and_back(self, command: Event, rng: Random) -> None:
        customer = rng.choice(list(self.customers))
        await self._announce(rng, story.there_and_back(f"mk-again-{command.number}", customer, at=utc_now()))

    async def _announce(self, rng: Random, messages: list[Message]) -> None:
        # mostly in their order, as an ERP does; now and then all at once, or in any
        if rng.random() < 0.3:
            rng.shuffle(messages)
        at_once = rng.random() < 0.3
        announced = []
        for message in messages:
            work = self.mk.announce(message, times=2 if rng.random() < 0.1 else 1)
            if at_once:
                announced.append(work)
            else:
                await work
                await asyncio.sleep(rng.uniform(0.0, 1.5))
        await asyncio.gather(*announced)

    async def _register(self, command: Event, _rng: Random) -> None:
        await self.mk.register(two_versions(f"grupo-{command.number}"))

    async def _rate(self, _command: Event, rng: Random) -> None:
        customer = rng.choice(list(self.customers))
        for evaluation in await self.app.pending(customer):
            if rng.random() < 0.7:
                score = rng.randint(1, _BEST)
                await self.app.rate(customer, evaluation, score, None if score == _BEST else f"Nota {score}")
                if rng.random() < 0.3:
                    await self.app.rate(customer, evaluation, score % _BEST + 1, "Mudei de ideia")
        # an old message's button, whose question a reopening may have withdrawn since
        if asked := self._asked():
            old = rng.choice(asked)
            await self.app.rate(old.customer_id, str(old.evaluation_id), _BEST, None)

    async def _rate_by_link(self, _command: Event, rng: Random) -> None:
        if asked := self._asked():
            chosen = rng.choice(asked)
            token = chosen.link.rpartition("/")[2]
            await self.app.rate_by_link(str(chosen.evaluation_id), token, rng.randint(1, _BEST))

    def _asked(self) -> list[feedback.EvaluationRequested]:
        return [one for one in self.mirror.asked() if one.customer_id in self.customers]

    async def _answer_in_chat(self, _command: Event, rng: Random) -> None:
        for customer in (one for one in self.customers.values() if one.chat and one.chat not in self.chats.blocked):
            for question in self.chats.asked(customer.chat or 0):
                if question.evaluation_id not in self._in_chats and rng.random() < 0.6:
                    self._in_chats.add(question.evaluation_id)
                    score = rng.randint(1, _BEST)
                    self.chats.press(customer.chat or 0, question, score)
                    comment = None if score == _BEST else f"Nota {score}"
                    if comment:
                        self.chats.write(customer.chat or 0, comment)
                    self.history.note(Answered(now(), question.evaluation_id, customer.id, score, comment))

    async def _look(self, _command: Event, rng: Random) -> None:
        customer = rng.choice(list(self.customers))
        for status in ("pending", "closed"):
            shown = await self.app.tickets(customer, status)
            for line in shown[:2]:
                # again and again, as whoever waits for news
                for _ in range(4):
                    await self.app.ticket(customer, line.protocol)
                    await asyncio.sleep(rng.uniform(0.0, 6.0))

    async def _sleep(self, _command: Event, rng: Random) -> None:
        local = utc_now().astimezone(_ZONE)
        begins, ends = local - timedelta(minutes=rng.randint(0, 120)), local + timedelta(minutes=rng.randint(2, 240))
        sleeper = rng.choice([one.id for one in self.customers.values() if one.has_device])
        await self.app.prefer(sleeper, f"{begins:%H:%M}", f"{ends:%H:%M}")

    async def _poison(self, command: Event, rng: Random) -> None:
        mark = f"mark-{command.number}"
        envelope, services = poison(rng, mark)
        await self.mk.insist(_by_an_exchange(envelope), mark)
        self.history.note(Poisoned(now(), mark, services))

    _does: ClassVar[dict[str, Callable[["Workload", Event, Random], Awaitable[None]]]] = {
        "contact": _contact,
        "ticket": _ticket,
        "old ticket": _old_ticket,
        "there and back": _there_and_back,
        "register": _register,
        "rate": _rate,
        "rate by link": _rate_by_link,
        "answer in chat": _answer_in_chat,
        "look": _look,
        "sleep": _sleep,
        "poison": _poison,
    }


def _by_an_exchange(envelope: Envelope) -> Envelope:
    # whoever has rights of its own writes no queue directly
    if envelope.exchange:
        return envelope
    if envelope.routing_key == "notifier.email":
        return replace(envelope, exchange=ATENDO, routing_key=EmailDue.routing_key())
    return replace(envelope, exchange=REQUESTS)
