"""What goes on in the services, for customers who wait for their contact or look on: nobody asks again and again."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson

from contracts.notifier import ContactAcknowledged, NotificationSent
from contracts.replies import ContactProgress
from contracts.tickets import TicketOpened
from services.edge.frames import Frame
from services.edge.streams import Streams

News = asyncio.Future[ContactProgress]

_OF_TICKETS = f"{TicketOpened.publisher}."


class Live:
    """Who waits in this replica, by contact, and who looks on."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.on_ticket: Callable[[str], None] = lambda _: None
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
        """Take an event from the broker; while nobody is there it isn't even read."""
        if not self._waiting and not self.streams:
            return
        try:
            event: Any = orjson.loads(body)
            self._answer(routing_key, event)
            self._show(routing_key, event)
        except (ValueError, AttributeError, TypeError):
            # what can't be read is nobody's answer, and its own service's dead letter
            return

    def _answer(self, routing_key: str, event: dict[str, Any]) -> None:
        key = event.get("contact_id") or ""
        waiting = self._waiting.get(key, ())
        progress = _progress(routing_key, event, UUID(key)) if waiting else None
        for news in waiting:
            if progress is not None and not news.done():
                news.set_result(progress)

    def _show(self, routing_key: str, event: dict[str, Any]) -> None:
        customer_id = event.get("customer_id")
        if not isinstance(customer_id, str) or customer_id not in self.streams:
            return
        if routing_key == NotificationSent.routing_key():
            sent = NotificationSent.model_validate(event)
            if sent.item is not None:
                self.streams.put(customer_id, Frame.of_item(sent.item, at=sent.occurred_at))
        elif routing_key.startswith(_OF_TICKETS):
            self.on_ticket(customer_id)


def _progress(routing_key: str, event: dict[str, object], contact_id: UUID) -> ContactProgress | None:
    if routing_key == TicketOpened.routing_key():
        opened = TicketOpened.model_validate(event)
        return ContactProgress(contact_id=contact_id, state="ticket_opened", protocol=opened.protocol)
    if routing_key == ContactAcknowledged.routing_key():
        acknowledged = ContactAcknowledged.model_validate(event)
        was_sent = any(receipt.outcome == "sent" for receipt in acknowledged.receipts)
        return ContactProgress(contact_id=contact_id, state="emailed" if was_sent else "received")
    return None
