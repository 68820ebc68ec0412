"""Sends commands at a steady rate, whatever happens to the product: customers' contacts and ratings, MK's messages."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import BrokerDown, Publisher, Unroutable
from contracts.message import Message
from tests.chaos import story
from tests.chaos.app import App
from tests.chaos.expected import ticket_of
from tests.chaos.history import History, Unsure, Wrote, now
from tests.chaos.provider import SECTORS, Customer, two_versions
from tests.chaos.recording import published, registered
from tests.chaos.stand_ins import StandIns

_AT_ONCE = 150
"""Commands in flight: an outage holds the rest back, as a provider's own systems would."""

_A_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Driver:
    """Every random choice comes from `rng`; `done` is told of each finished command."""

    app: App
    publisher: Publisher
    history: History
    customers: dict[str, Customer]
    rng: Random
    reached: StandIns
    done: Callable[[str], None] = lambda _: None
    _asked: dict[str, str] = field(default_factory=dict)
    _planned: list[Message] = field(default_factory=list)
    _in_chats: set[str] = field(default_factory=set)
    _tickets: int = 0
    _groups: int = 0
    _running: set["asyncio.Task[None]"] = field(default_factory=set)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def drive(self, commands: int, *, rate: float) -> None:
        """Send so many commands, at most `rate` a second, and wait until each has its outcome."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number in range(commands):
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            await self._room.acquire()
            name, command = self._next(number)
            task = asyncio.create_task(self._run(name, command))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        await self._finish()

    async def _finish(self) -> None:
        # contacts still have MK go on with their tickets
        while self._running or self._planned:
            for message in self._planned:
                self._running.add(asyncio.create_task(self._announce(message)))
            self._planned.clear()
            finished, self._running = self._running, set()
            await asyncio.gather(*finished)

    async def _run(self, name: str, command: Coroutine[Any, Any, None]) -> None:
        try:
            await command
        finally:
            self._room.release()
            self.done(name)

    def _next(self, number: int) -> tuple[str, Coroutine[Any, Any, None]]:
        chance = self.rng.random()
        if self._planned and chance < 0.5:
            # taken out of order: MK's events may arrive in any
            message = self._planned.pop(self.rng.randrange(len(self._planned)))
            return "MK message", self._announce(message)
        if chance < 0.58:
            if self.rng.random() < 0.4:
                return "evaluation", self._answer_in_chats()
            return "evaluation", self._rate(self.rng.choice(list(self.customers)))
        if chance < 0.7:
            return "MK message", self._open(self.rng.choice(list(self.customers)))
        if chance < 0.73:
            return "MK message", self._register()
        return "contact", self._write(number, self.rng.choice(list(self.customers)), self.rng.choice(list(SECTORS)))

    async def _write(self, number: int, customer_id: str, sector_id: str) -> None:
        taps = 2 if self.rng.random() < 0.1 else 1
        wrote = await self.app.write(
            customer_id, sector_id, key=f"contact-{number}", text=f"Contato {number}", taps=taps
        )
        if wrote.acknowledged and SECTORS[sector_id].generates_ticket and self.rng.random() < 0.5:
            await self._go_on(wrote)

    async def _go_on(self, wrote: Wrote) -> None:
        # operators act on what was received, which is later than the receipt
        while not await self.app.is_received(wrote.customer_id, wrote.contact_id):  # noqa: ASYNC110 - HTTP has no event
            await asyncio.sleep(_A_SECOND.total_seconds())
        level, after = SECTORS[wrote.sector_id].level, datetime.now(UTC) + _A_SECOND
        self._planned += story.steps(self.rng, ticket_of(wrote.contact_id), level, after=after)

    async def _open(self, customer_id: str) -> None:
        self._tickets += 1
        at = datetime.now(UTC)
        opening = story.opening(self.rng, f"mk-{self._tickets}", customer_id, at=at)
        self._planned += story.steps(self.rng, opening.ticket_id, opening.notification_level, after=at)
        await self._announce(opening)

    async def _register(self) -> None:
        # both at once, so that two replicas receive them at once
        self._groups += 1
        versions = two_versions(f"grupo-{self._groups}")
        await asyncio.gather(*(self._publish(one) for one in self.rng.sample(versions, len(versions))))
        for one in versions:
            self.history.note(registered(one))

    async def _announce(self, message: Message) -> None:
        times = 2 if self.rng.random() < 0.1 else 1
        await self._publish(message, times=times)
        self.history.note(published(message, times=times))

    async def _publish(self, message: Message, *, times: int = 1) -> None:
        confirmed = 0
        while confirmed < times:
            try:
                await self.publisher.publish(Envelope.of(message))
                confirmed += 1
            except (BrokerDown, Unroutable) as error:
                # MK keeps what isn't confirmed, and publishes the very same again
                self.history.note(Unsure(now(), "MK message", type(error).__name__))
                await asyncio.sleep(_A_SECOND.total_seconds())

    async def _rate(self, customer_id: str) -> None:
        for evaluation in await self.app.pending(customer_id):
            self._asked[evaluation] = customer_id
            if self.rng.random() < 0.6:
                score = self.rng.randint(1, 5)
                await self.app.rate(customer_id, evaluation, score, None if score == 5 else f"Nota {score}")
                if self.rng.random() < 0.2:
                    await self.app.rate(customer_id, evaluation, score % 5 + 1, "Mudei de ideia")
        # an old mail's button, whose question a reopening may have withdrawn since
        if self._asked and self.rng.random() < 0.5:
            evaluation, whose = self._asked.popitem()
            await self.app.rate(whose, evaluation, 5, None)

    async def _answer_in_chats(self) -> None:
        """Answer some of what the bot asks, each question once; now and then it is answered or withdrawn already."""
        asked = await self.reached.asked()
        for customer in (one for one in self.customers.values() if one.chat in asked):
            for question in asked[customer.chat or 0]:
                if question.evaluation_id not in self._in_chats and self.rng.random() < 0.4:
                    self._in_chats.add(question.evaluation_id)
                    score = self.rng.randint(1, 5)
                    self.history.note(await self.reached.answer(customer, question, score, f"Nota {score}"))
