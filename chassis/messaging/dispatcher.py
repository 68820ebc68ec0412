"""How a message is handled: parsed, tried, retried later or laid with the dead letters, and only then acknowledged."""

import asyncio
import random
import time
from datetime import timedelta
from typing import Any

from aio_pika.abc import AbstractIncomingMessage, HeadersType
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from pydantic_core import to_jsonable_python

from chassis.clock import Clock
from chassis.messaging import envelope as headers
from chassis.messaging.envelope import Delivery, Envelope
from chassis.messaging.middleware.kill_switch import KillSwitch
from chassis.messaging.publisher import BrokerDown, NotOurs, Publisher, Unroutable
from chassis.messaging.registry import Handle, Registry, Route, Unreadable
from chassis.messaging.replying import FAILED, reply_to
from chassis.observability import tracing
from chassis.observability.logging import Log, where
from chassis.observability.metrics import Metrics
from chassis.persistence.documents import Conflict
from chassis.persistence.mongo import is_away, is_unstorable
from contracts.message import Message
from contracts.requests import Problem, Reply, Request
from contracts.topology import RETRY, RETRY_LADDER, Queue, dead_key, rung

IN_PLACE = (timedelta(milliseconds=100), timedelta(milliseconds=400), timedelta(milliseconds=1200))
"""Waits between the tries at one delivery; together under two seconds."""

RACES = 25
"""How often a lost race is run again, at once, before it counts as a failure."""

PATIENT_RUNG = 2
"""What waits for a reference climbs no higher on the ladder than this rung (2 min)."""

_AS_IT_SHOULD = frozenset({"done", "refused"})


class Dispatcher:
    """A service's way with messages: the one place where errors become retries, dead letters or answers."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self, service: str, *, publisher: Publisher, switch: KillSwitch, clock: Clock, log: Log, metrics: Metrics
    ) -> None:
        self.routes = Registry()
        self.permanent: tuple[type[Exception], ...] = ()
        self.outages: tuple[type[Exception], ...] = ()
        self._service = service
        self._publisher = publisher
        self._switch = switch
        self._clock = clock
        self._log = log
        self._metrics = metrics

    async def receive(self, queue: Queue, message: AbstractIncomingMessage) -> None:
        """Handle one delivery to its end: acknowledged when all it led to is safe, given back otherwise."""
        started = time.perf_counter()
        letter = Delivery.read(queue, message)
        if letter.published_at and not letter.attempts:
            # what comes back from the ladder was made to wait
            self._metrics.waited(letter.queue, seconds=(self._clock() - letter.published_at).total_seconds())
        with tracing.consuming(letter.queue, letter.headers) as span:
            name, outcome = await self._settle(letter, message)
            span.tell({"atendo.handler": name, "atendo.outcome": outcome}, failed=outcome not in _AS_IT_SHOULD)
            self._tell(letter, name, outcome, seconds=time.perf_counter() - started)

    async def _settle(self, letter: Delivery, message: AbstractIncomingMessage) -> tuple[str, str]:
        name, outcome = await self._handle(letter)
        try:
            await (message.nack(requeue=True) if outcome == "returned" else message.ack())
        except (AMQPError, ChannelInvalidStateError, ConnectionError):
            # the connection is gone, so the broker delivers it again; what was done is found done
            outcome = "returned"
        return name, outcome

    def _tell(self, letter: Delivery, name: str, outcome: str, *, seconds: float) -> None:
        self._metrics.count(name, outcome, seconds=seconds, exemplar=tracing.exemplar())
        self._log.info(
            "handled",
            handler=name,
            outcome=outcome,
            queue=letter.queue,
            attempts=letter.attempts,
            correlation_id=letter.correlation_id,
            ms=round(seconds * 1000, 1),
        )

    async def _handle(self, letter: Delivery) -> tuple[str, str]:
        name = "none"
        try:
            try:
                route, said = self.routes.find(letter)
            except Unreadable as unreadable:
                return name, await self._refuse_unreadable(letter, unreadable)
            name = route.name
            return name, await self._run(letter, route, said)
        except (BrokerDown, Unroutable) as error:
            self._log.warning("given back", handler=name, error=type(error).__name__)
            await asyncio.sleep(random.uniform(0.1, 0.5))
            return name, "returned"
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave a message in nobody's hand
            self._log.error("not handled", handler=name, error=type(error).__name__, where=where(error))
            await asyncio.sleep(random.uniform(0.1, 0.5))
            # given back too often, the broker lays it with the dead letters; a query has nobody who does
            return name, "dead" if letter.kind == "queries" else "returned"

    async def _run(self, letter: Delivery, route: Route, said: Message | Request[Any]) -> str:
        try:
            result = await self._try_in_place(letter, route, said)
        except (BrokerDown, Unroutable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises becomes a refusal, a retry or a dead letter
            return await self._after(error, letter, route, said)
        self._switch.saw(failed=False)
        if isinstance(said, Request):
            await self._reply(letter, Reply(ok=to_jsonable_python(result)))
        return "done"

    async def _try_in_place(self, letter: Delivery, route: Route, said: Message | Request[Any]) -> object:
        handle = self._patient_handle(letter, route)
        for wait in (*IN_PLACE, None):
            try:
                return await self._race(handle, said)
            except Exception as error:
                if is_away(error):
                    self._switch.hold("the database is away")
                if wait is None or not self._may_pass(error, route) or self._switch.is_open:
                    raise
                self._log.debug("tried in place", handler=route.name, error=type(error).__name__)
                await asyncio.sleep(wait.total_seconds() * random.uniform(0.8, 1.2))
        raise AssertionError

    def _may_pass(self, error: Exception, route: Route) -> bool:
        passes = not isinstance(error, (BrokerDown, Unroutable)) and not self._is_permanent(error)
        return passes and route.problem(error) is None

    def _is_permanent(self, error: Exception) -> bool:
        return isinstance(error, self.permanent) or is_unstorable(error)

    def _patient_handle(self, letter: Delivery, route: Route) -> Handle:
        patience = route.patience
        waited = self._clock() - letter.first_failure if letter.first_failure else timedelta(0)
        return patience.at_last if patience and waited >= patience.limit else route.handle

    async def _race(self, handle: Handle, said: Message | Request[Any]) -> object:
        for _ in range(RACES):
            try:
                return await handle(said)
            except Conflict:
                await asyncio.sleep(random.uniform(0, 0.01))
        return await handle(said)

    async def _after(self, error: Exception, letter: Delivery, route: Route, said: Message | Request[Any]) -> str:
        problem = route.problem(error)
        if problem is not None:
            self._switch.saw(failed=False)
            await self._reply(letter, Reply(problem=problem))
            return "refused"
        permanent = self._is_permanent(error)
        if permanent and letter.kind != "queries":
            return await self._give_up(letter, route, said, reason="permanent", error=error)
        waits = route.patience is not None and isinstance(error, route.patience.error)
        if not waits and not permanent:
            self._note_failure(error, route)
        if letter.kind == "queries":
            await self._reply(letter, Reply(problem=FAILED))
            return "refused"
        if self._switch.is_open and not waits:
            return "returned"
        if not waits and letter.attempts >= len(RETRY_LADDER):
            return await self._give_up(letter, route, said, reason="retries_exhausted", error=error)
        step = min(letter.attempts, PATIENT_RUNG if waits else len(RETRY_LADDER) - 1)
        return await self._retry(letter, RETRY_LADDER[step])

    def _note_failure(self, error: Exception, route: Route) -> None:
        if isinstance(error, self.outages):
            # somebody else's house is down: what doesn't need it goes on being handled
            self._log.warning("waits out an outage", handler=route.name, error=type(error).__name__)
            return
        self._log.error("handler failed", handler=route.name, error=type(error).__name__, where=where(error))
        self._switch.saw(failed=True)

    async def _give_up(
        self, letter: Delivery, route: Route, said: Message | Request[Any], *, reason: str, error: Exception
    ) -> str:
        if route.given_up is not None:
            try:
                await self._race(route.given_up, said)
            except (BrokerDown, Unroutable):
                raise
            except Exception as failure:  # noqa: BLE001 - a message isn't given up before its handler could say so
                if not self._is_permanent(failure):
                    self._note_failure(failure, route)
                    return await self._retry(letter, RETRY_LADDER[-1])
        return await self._bury(letter, reason=reason, error=error, handler=route.name)

    async def _retry(self, letter: Delivery, delay: timedelta) -> str:
        key = f"{rung(delay)}.{letter.queue}"
        await self._send_on(letter, key, letter.again(now=self._clock()))
        self._metrics.retries.labels(rung(delay)).inc()
        return "retried"

    async def _refuse_unreadable(self, letter: Delivery, error: Unreadable) -> str:
        if letter.kind != "queries":
            await self._bury(letter, reason=error.reason, error=error, handler="none")
        problem = Problem(
            status=422,
            type="urn:atendo:problem:unreadable",
            title="Unreadable",
            detail=str(error),
            errors=error.errors or None,
        )
        await self._reply(letter, Reply(problem=problem))
        return "dead"

    async def _bury(self, letter: Delivery, *, reason: str, error: Exception, handler: str) -> str:
        now = self._clock()
        marks: HeadersType = {
            **letter.again(now=now),
            headers.REASON: reason,
            headers.EXCEPTION: f"{type(error).__name__}: {error}"[:2000],
            headers.HANDLER: handler,
            headers.DIED_AT: now.isoformat(),
        }
        await self._send_on(letter, dead_key(self._service), marks)
        self._metrics.dead.labels(reason).inc()
        self._log.error("dead letter", reason=reason, handler=handler, error=type(error).__name__, key=letter.key)
        return "dead"

    async def _send_on(self, letter: Delivery, key: str, marks: HeadersType) -> None:
        await self._publisher.publish(
            Envelope(
                exchange=RETRY,
                routing_key=key,
                body=letter.body,
                type=letter.type,
                correlation_id=letter.correlation_id,
                headers=marks,
                reply_to=letter.reply_to,
            )
        )

    async def _reply(self, letter: Delivery, reply: Reply) -> None:
        if letter.reply_to is None:
            return
        try:
            await self._publisher.publish(reply_to(letter, reply))
        except NotOurs:
            self._log.warning("not answered", why="asked without an exchange for the answer", queue=letter.queue)
