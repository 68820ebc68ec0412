"""What the last release (v0.1) still sends and left behind. To be removed once no v0.1 runs and its queues are empty.

v0.1 reported each mail of R11 by itself, about a `ContactReceived` by its id. Nobody sends that to contacts any more,
but such messages may wait in its queue, on its ladder or among its dead letters, and a notifier of v0.1 may run beside
this release during a rolling upgrade. So they are handled until v0.3, with three things that serve them alone:
`Contact.received_event`, its index, and `Contacts.id_of_received`.
"""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from contracts import contacts, notifier
from contracts.message import Cause, Message
from services.contacts.domain.contact import Contact, Outcome, changing, with_mail
from services.contacts.errors import UnknownContact
from services.contacts.ports import Contacts

Reported = notifier.NotificationSent | notifier.NotificationSkipped | notifier.NotificationFailed


class RetiredHandlers:
    """The handlers of what v0.1's notifier reported."""

    def __init__(self, contacts: Contacts) -> None:
        self.contacts = contacts

    @property
    def routes(self) -> tuple[tuple[type[Message], Callable[[Any], Awaitable[None]]], ...]:
        """Each retired message with its handler."""
        return (
            (notifier.NotificationSent, self.on_notification_sent),
            (notifier.NotificationSkipped, self.on_notification_skipped),
            (notifier.NotificationFailed, self.on_notification_failed),
        )

    async def on_notification_sent(self, event: notifier.NotificationSent) -> None:
        """Note that a mail of R11 went out."""
        await self._note(event, "sent")

    async def on_notification_skipped(self, event: notifier.NotificationSkipped) -> None:
        """Note that a mail of R11 had nowhere to go."""
        await self._note(event, "skipped")

    async def on_notification_failed(self, event: notifier.NotificationFailed) -> None:
        """Note that a mail of R11 was given up."""
        await self._note(event, "failed")

    async def _note(self, event: Reported, outcome: Outcome) -> None:
        if event.channel != "email" or event.about.type != contacts.ContactReceived.type_name():
            return
        contact_id = await self.contacts.id_of_received(event.about.event_id)
        if contact_id is None:
            return
        with contextlib.suppress(UnknownContact):
            noting = changing(lambda contact: with_mail(contact, event.recipient, outcome))
            await self.contacts.update(contact_id, noting, cause=event)


def named_by_its_event(contact: Contact, command: Cause) -> Contact:
    """The contact with the id of its `ContactReceived`, by which a notifier of v0.1 reports on it."""
    return replace(contact, received_event=received_event(command.event_id))


def received_event(request_id: UUID) -> UUID:
    """The id of the `ContactReceived` that a request leads to, as `Message.caused_by` makes it."""
    return uuid5(request_id, f"{contacts.ContactReceived.type_name()}:0")
