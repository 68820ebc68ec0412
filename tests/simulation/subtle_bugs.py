"""Bugs that hide between two awaits, in a race or behind a crash, each planted by a function of its own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from pymongo import ReplaceOne

from chassis.messaging.arrival import Arrival
from chassis.messaging.envelope import Envelope
from chassis.messaging.link import LinkLost
from chassis.messaging.middleware.kill_switch import KillSwitch
from chassis.persistence import batching
from chassis.persistence.documents import Documents, Snapshots
from chassis.persistence.outbox import Outbox, Sweeper
from contracts.message import identified
from services.feedback import store as feedback
from services.feedback.store import MongoEvaluations
from services.notifier.decide.handlers import DecisionHandlers
from services.notifier.decide.quiet_hours import QuietHours
from services.notifier.deliver.chat.polling import Polling
from services.notifier.deliver.store import MongoDeliveries
from services.tickets.store import MongoTickets
from tests.chaos.planting import swap


def bulk_error_misread(stack: ExitStack) -> None:
    """Take the errors of a bulk in their order, not by the index that each names."""

    def make(_answers: Any) -> Any:  # noqa: ANN401 - a function
        def in_order(writes: Sequence[object], details: Mapping[str, Any]) -> list[bool | Exception]:
            errors = [batching._answer(error) for error in details["writeErrors"]]  # noqa: SLF001 - the real reading
            return [*errors, *([True] * (len(writes) - len(errors)))]

        return in_order

    swap(stack, batching, "_answers", make)


def lost_race_is_success(stack: ExitStack) -> None:
    """Answer a write that somebody else was faster than as done."""
    swap(stack, batching, "_answer", lambda answer: lambda error: answer(error) or True)


def cleared_unconfirmed(stack: ExitStack) -> None:
    """Take events out of the outbox whose publish came to its end, however it ended."""

    def make(_note: Any) -> Any:  # noqa: ANN401 - a method
        def careless(self: Outbox, sent: Any, collection: str, document_id: object, event_id: UUID) -> None:  # noqa: ANN401
            if not sent.cancelled():
                sent.exception()
            self._published[collection].append((document_id, event_id))

        return careless

    swap(stack, Outbox, "_note_sent", make)


def acks_those_before(stack: ExitStack) -> None:
    """Acknowledge with a message all that were delivered before it."""

    def make(_ack: Any) -> Any:  # noqa: ANN401 - a method
        def greedy(self: Arrival) -> None:
            channel: Any = self.channel
            if channel.is_closed:
                raise LinkLost("the channel is over")
            channel._send(channel.session.acked_up_to, self.tag)  # noqa: SLF001 - `multiple` is no part of the link

        return greedy

    swap(stack, Arrival, "ack", make)


def checked_before_an_await(stack: ExitStack) -> None:
    """Look whether a version is newer, and replace what is there afterwards."""

    def make(_save: Any) -> Any:  # noqa: ANN401 - a method
        async def racing(self: Snapshots, document_id: str, state: Mapping[str, Any], *, told: Any) -> bool:  # noqa: ANN401
            found = await self.find(document_id)
            if found and (found["occurred_at"], found["event_id"]) > (told.occurred_at, told.event_id):
                return False
            stamp = {"occurred_at": told.occurred_at, "event_id": told.event_id}
            await self.collection.bulk_write([ReplaceOne({"_id": document_id}, {**state, **stamp}, upsert=True)])
            return True

        return racing

    swap(stack, Snapshots, "save", make)


def offset_saved_first(stack: ExitStack) -> None:
    """Confirm a chat's updates before they are taken."""

    def make(updates: Any) -> Any:  # noqa: ANN401 - a method
        async def hasty(self: Polling) -> Any:  # noqa: ANN401 - what it gives
            found = await updates(self)
            if found:
                await self._offsets.save(max(int(one["update_id"]) for one in found))
            return found

        return hasty

    swap(stack, Polling, "_updates", make)


def reopening_unseen(stack: ExitStack) -> None:
    """Ask about a closing without looking whether a reopening came before it."""

    async def none(*_: object) -> list[object]:
        return []

    swap(stack, MongoEvaluations, "reopenings", lambda _: none)


def opening_not_awaited(stack: ExitStack) -> None:
    """Join a ticket's opening to its contact only where the contact came first."""

    def make(open_for: Any) -> Any:  # noqa: ANN401 - a method
        async def impatient(self: DecisionHandlers, contact_id: UUID, event: Any) -> None:  # noqa: ANN401 - an event
            if await self.contacts.find(contact_id) is not None:
                await open_for(self, contact_id, event)

        return impatient

    swap(stack, DecisionHandlers, "_open_for", make)


def switch_stays_open(stack: ExitStack) -> None:
    """Hold a queue's consumer for good once its database was away."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    swap(stack, KillSwitch, "recover", lambda _: never)


def lease_for_ever(stack: ExitStack) -> None:
    """Leave a mail to whoever began to send it, however long ago."""

    def make(claim: Any) -> Any:  # noqa: ANN401 - a method
        async def patient(self: MongoDeliveries, due: Any, **of: Any) -> Any:  # noqa: ANN401 - as above
            self._lease = timedelta(days=365)
            return await claim(self, due, **of)

        return patient

    swap(stack, MongoDeliveries, "claim", make)


def lease_unchecked(stack: ExitStack) -> None:
    """Send what somebody else is sending at this moment."""

    def make(claim: Any) -> Any:  # noqa: ANN401 - a method
        async def rude(self: MongoDeliveries, due: Any, *, handed_over: bool, now: Any) -> Any:  # noqa: ANN401 - as above
            return await claim(self, due, handed_over=handed_over, now=now + timedelta(hours=1))

        return rude

    swap(stack, MongoDeliveries, "_claim_again", make)


def one_collection_swept(stack: ExitStack) -> None:
    """Sweep the first of a service's collections alone."""

    def make(sweep: Any) -> Any:  # noqa: ANN401 - a method
        async def narrow(self: Sweeper, **of: Any) -> int:  # noqa: ANN401 - as above
            outbox = self._outbox
            everything = outbox._collections  # noqa: SLF001 - what it goes through
            outbox._collections = dict(list(everything.items())[:1])  # noqa: SLF001 - as above
            try:
                return int(await sweep(self, **of))
            finally:
                outbox._collections = everything  # noqa: SLF001 - as above

        return narrow

    swap(stack, Sweeper, "sweep", make)


def stale_cache(stack: ExitStack) -> None:
    """Show a ticket as this replica saw it first, for as long as it lives."""

    def make(read: Any) -> Any:  # noqa: ANN401 - a method
        async def cached(self: MongoTickets, protocol: str) -> Any:  # noqa: ANN401 - a ticket
            kept: dict[str, Any] = self.__dict__.setdefault("kept", {})
            if protocol not in kept:
                kept[protocol] = await read(self, protocol)
            return kept[protocol]

        return cached

    swap(stack, MongoTickets, "with_protocol", make)


def timer_read_twice(stack: ExitStack) -> None:
    """Decide what the clock brings on what stood a moment ago, whatever somebody else made of it since."""

    def make(_update: Any) -> Any:  # noqa: ANN401 - a method
        async def stale(self: MongoEvaluations, evaluation_id: UUID, decide: Callable[..., Any]) -> None:
            documents = self._documents
            kept = feedback._load(await documents.find(evaluation_id) or {})  # noqa: SLF001 - its own way
            evaluation, emitted = decide(kept.evaluation)
            if evaluation == kept.evaluation:
                return
            await asyncio.sleep(1.0)
            now = await documents.find(evaluation_id) or {}
            cause = feedback._Origin(uuid4(), kept.origin.correlation_id)  # noqa: SLF001 - its own way
            state = feedback._dump(feedback._Kept(evaluation, kept.origin))  # noqa: SLF001 - its own way
            events = identified(emitted, cause)
            await documents.commit(evaluation_id, state, version=now["version"], cause=cause, events=events)

        return stale

    swap(stack, MongoEvaluations, "update_by_clock", make)


def quiet_hours_ignored(stack: ExitStack) -> None:
    """Push to whoever sleeps."""
    swap(stack, QuietHours, "until", lambda _: lambda *_args: None)


def published_before_commit(stack: ExitStack) -> None:
    """Announce what a commit will make durable before it has."""

    def make(commit: Any) -> Any:  # noqa: ANN401 - a method
        async def early(self: Documents, document_id: object, state: Any, *, events: Any = (), **of: Any) -> bool:  # noqa: ANN401
            for event in events:
                await self._outbox._publisher.publish(Envelope.of(event))  # noqa: SLF001 - beside the outbox
            return bool(await commit(self, document_id, state, events=events, **of))

        return early

    swap(stack, Documents, "commit", make)
