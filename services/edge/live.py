"""Customers who wait for their contact, and the events that answer them: nobody asks again and again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson

from contracts.notifier import ContactAcknowledged
from contracts.replies import ContactProgress
from contracts.tickets import TicketOpened

News = asyncio.Future[ContactProgress]


class Live:
    """Who waits in this replica, by contact."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[News]] = {}

    @contextmanager
    def following(self, contact_id: UUID) -> Iterator[News]:
        """What comes of a contact while the context lasts: done with the first event that answers."""
        key, news = str(contact_id), asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, set()).add(news)
        try:
            yield news
        finally:
            self._waiting[key].discard(news)
            if not self._waiting[key]:
                del self._waiting[key]

    def take(self, routing_key: str, body: bytes) -> None:
        """Take an event from the broker; while nobody waits it isn't even read."""
        if not self._waiting:
            return
        try:
            event: Any = orjson.loads(body)
            key = event.get("contact_id") or ""
            waiting = self._waiting.get(key, ())
            progress = _progress(routing_key, event, UUID(key)) if waiting else None
        except (ValueError, AttributeError, TypeError):
            # what can't be read is nobody's answer, and its own service's dead letter
            return
        for news in waiting:
            if progress is not None and not news.done():
                news.set_result(progress)


def _progress(routing_key: str, event: dict[str, object], contact_id: UUID) -> ContactProgress | None:
    if routing_key == TicketOpened.routing_key():
        opened = TicketOpened.model_validate(event)
        return ContactProgress(contact_id=contact_id, state="ticket_opened", protocol=opened.protocol)
    if routing_key == ContactAcknowledged.routing_key():
        acknowledged = ContactAcknowledged.model_validate(event)
        was_sent = any(receipt.outcome == "sent" for receipt in acknowledged.receipts)
        return ContactProgress(contact_id=contact_id, state="emailed" if was_sent else "received")
    return None
