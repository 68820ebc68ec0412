"""Hands a message to its handler, and carries out what `recoverability` decides after a failure."""

import asyncio
import random

from pydantic_core import to_jsonable_python

from chassis.clock import Clock
from chassis.http import problems
from chassis.messaging.actions import Actions
from chassis.messaging.attempt import Attempt
from chassis.messaging.envelope import Delivery
from chassis.messaging.faults import Fault, Faults
from chassis.messaging.link import LinkLost
from chassis.messaging.middleware import End, Outcome
from chassis.messaging.middleware.broker_alarm import BrokerAlarm
from chassis.messaging.middleware.kill_switch import KillSwitches
from chassis.messaging.publisher import BrokerDown
from chassis.messaging.recoverability import Action, DeadLetter, Delay, Refuse, RetryNow, decide
from chassis.messaging.registry import Registry
from chassis.messaging.unconfirmed import collecting
from chassis.observability.logging import Log, where
from contracts.rpc import Reply, Request
from contracts.topology import RETRY_LADDER


class Dispatcher:
    """The one place where errors become retries, dead letters or answers."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        registry: Registry,
        faults: Faults,
        *,
        actions: Actions,
        switches: KillSwitches,
        alarm: BrokerAlarm,
        clock: Clock,
        log: Log,
    ) -> None:
        self._registry = registry
        self._faults = faults
        self._actions = actions
        self._switches = switches
        self._alarm = alarm
        self._clock = clock
        self._log = log

    async def receive(self, delivery: Delivery) -> Outcome:
        """Handle one delivery to its end: acknowledged when all it led to is safe, given back otherwise."""
        attempt = Attempt(delivery)
        try:
            end: End = "ignored" if self._registry.ignores(delivery) else await self._handle(attempt)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave a message in nobody's hand
            self._log.error("not handled", handler=attempt.handler, error=type(error).__name__, where=where(error))
            await asyncio.sleep(random.uniform(0.1, 0.5))
            end = "failed" if delivery.kind == "queries" else "returned"
        return Outcome(_settled(delivery, end), attempt.handler)

    async def _handle(self, attempt: Attempt) -> End:
        while True:
            try:
                await self._try(attempt)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises, the policy has an answer
                queue = attempt.delivery.queue
                is_held = self._switches.is_open(queue)
                failure = attempt.failure(error, self._faults, held=is_held, now=self._clock())
                action = decide(failure)
                if not isinstance(action, RetryNow):
                    self._switches.note(queue, failure.fault)
                    return await self._carry_out(action, failure.fault, error, attempt)
                await asyncio.sleep(action.after.total_seconds() * random.uniform(0.8, 1.2))
                await self._alarm.wait()
            else:
                self._switches.note(attempt.delivery.queue, None)
                return "done"

    async def _try(self, attempt: Attempt) -> None:
        with collecting() as unconfirmed:
            try:
                result = await attempt.run(self._registry, now=self._clock())
                if isinstance(attempt.message, Request):
                    # what it led to is durable: whoever asked need not wait until the broker has it
                    await self._actions.reply(attempt.delivery, Reply(ok=to_jsonable_python(result)))
            except Exception:
                # what a failure is to become, a retry or its end, comes after what was begun
                await unconfirmed.settle()
                raise
            await unconfirmed.settle()

    async def _carry_out(self, action: Action, fault: Fault, error: Exception, attempt: Attempt) -> End:
        match action:
            case Refuse(problem) if problem is not problems.UNAVAILABLE:
                await self._actions.reply(attempt.delivery, Reply(problem=problem))
                return "refused"
            case Refuse(problem):
                self._report(fault, error, attempt)
                await self._actions.reply(attempt.delivery, Reply(problem=problem))
                return "failed"
            case DeadLetter(reason):
                if reason == "retries_exhausted":
                    self._report(fault, error, attempt)
                return await self._give_up(reason, error, attempt)
            case Delay(rung, waiting):
                if not waiting:
                    self._report(fault, error, attempt)
                await self._actions.delay(attempt.delivery, RETRY_LADDER[rung], waiting=waiting)
                return "retried"
        self._report(fault, error, attempt)
        return "returned"

    def _report(self, fault: Fault, error: Exception, attempt: Attempt) -> None:
        if fault is Fault.OUTAGE:
            self._log.warning("waits out an outage", handler=attempt.handler, error=type(error).__name__)
        else:
            self._log.error("handler failed", handler=attempt.handler, error=type(error).__name__, where=where(error))

    async def _give_up(self, reason: str, error: Exception, attempt: Attempt) -> End:
        if attempt.route is not None and attempt.route.given_up is not None:
            try:
                await attempt.route.given_up(attempt.message)
            except BrokerDown:
                raise
            except Exception as failure:  # noqa: BLE001 - a message isn't given up before its handler could note it
                if self._faults.of(failure, attempt.route, patient=False) is not Fault.PERMANENT:
                    return await self._carry_out(Delay(len(RETRY_LADDER) - 1), Fault.TRANSIENT, failure, attempt)
        await self._actions.dead_letter(attempt.delivery, reason=reason, error=error, handler=attempt.handler)
        problem = attempt.problem(error)
        if problem is not None:
            await self._actions.reply(attempt.delivery, Reply(problem=problem))
        return "dead"


def _settled(delivery: Delivery, end: End) -> End:
    if delivery.message is None:
        return end
    try:
        if end == "returned":
            delivery.message.give_back()
        else:
            delivery.message.ack()
    except LinkLost:
        # the broker delivers it again; what was done is found done
        return "returned"
    return end
