"""Who must have taken in what was told, and where it shows: the one table that `atendo reconcile` goes by."""

from dataclasses import dataclass
from functools import singledispatch
from uuid import UUID

from contracts import contacts, feedback, notifier, tickets
from contracts.message import Message
from services.feedback.domain import is_asked
from services.tickets.domain.openings import ticket_of

Key = str | UUID

PUBLISHERS: dict[str, tuple[str, ...]] = {
    "contacts": ("contacts",),
    "tickets": ("tickets",),
    "feedback": ("evaluations",),
    "notifier": ("contacts", "tickets", "deliveries"),
}
"""The collections whose documents keep what they told, by service, in the order in which events flow."""


@dataclass(frozen=True, slots=True)
class Place:
    """The document of `service` in which an event leaves its id once it is taken in.

    `by_being_there` says that the document itself is the mark. `must_exist` says that the event can't make it, so that
    telling it again wouldn't help where the document is missing.
    """

    service: str
    collection: str
    key: Key
    field: str = "_id"
    by_being_there: bool = False
    must_exist: bool = False


Origin = tuple[str, str]
"""A service and a collection of its."""

ORIGINS: tuple[tuple[Origin, Origin], ...] = (
    (("notifier", "contacts"), ("contacts", "contacts")),
    (("notifier", "tickets"), ("tickets", "tickets")),
    (("mk", "tickets"), ("tickets", "tickets")),
)
"""Documents that are about a document of the same id elsewhere: where that is gone, somebody lost data."""


@singledispatch
def places(_message: Message) -> tuple[Place, ...]:
    """Where it must show that a message was taken in; nowhere, where no service keeps it."""
    return ()


@places.register
def _(message: contacts.ContactReceived) -> tuple[Place, ...]:
    mirrored = Place("mk", "contacts", str(message.contact_id), by_being_there=True)
    return Place("notifier", "contacts", message.contact_id), mirrored


@places.register
def _(message: contacts.TicketRequested) -> tuple[Place, ...]:
    return (Place("tickets", "tickets", ticket_of(message.contact_id)),)


@places.register
def _(message: tickets.TicketOpened) -> tuple[Place, ...]:
    followed = _followed(message.ticket_id)
    if message.contact_id is None:
        return followed
    shown = Place("contacts", "contacts", message.contact_id, must_exist=True)
    return shown, Place("notifier", "contacts", message.contact_id), *followed


@places.register(tickets.ServiceOrderCreated)
@places.register(tickets.PhaseChanged)
@places.register(tickets.ResponsibleAdded)
@places.register(tickets.DefectFound)
@places.register(tickets.NotificationLevelChanged)
def _(message: tickets.NotificationLevelChanged) -> tuple[Place, ...]:
    return _followed(message.ticket_id)


@places.register
def _(message: tickets.TicketReopened) -> tuple[Place, ...]:
    # release 0.1 had nobody at feedback listen to it, and named no cycle
    remembered = (Place("feedback", "reopenings", message.ticket_id),) if message.cycle is not None else ()
    return *remembered, *_followed(message.ticket_id)


@places.register
def _(message: tickets.TicketClosed) -> tuple[Place, ...]:
    # by its ticket, since evaluations of release 0.1 have other ids
    asked = (Place("feedback", "evaluations", message.ticket_id, "ticket_id"),) if is_asked(message) else ()
    return *asked, *_followed(message.ticket_id)


@places.register(feedback.EvaluationRequested)
def _(message: feedback.EvaluationRequested) -> tuple[Place, ...]:
    return _in_timeline(message.ticket_id), *_followed(message.ticket_id)


@places.register(feedback.EvaluationReminded)
def _(message: feedback.EvaluationReminded) -> tuple[Place, ...]:
    return _followed(message.ticket_id)


@places.register(feedback.EvaluationSubmitted)
def _(message: feedback.EvaluationSubmitted) -> tuple[Place, ...]:
    return _in_timeline(message.ticket_id), _mirrored(message.ticket_id)


@places.register(feedback.EvaluationExpired)
def _(message: feedback.EvaluationExpired) -> tuple[Place, ...]:
    return (_mirrored(message.ticket_id),)


@places.register(notifier.EmailDue)
@places.register(notifier.InboxDue)
def _(message: notifier.InboxDue) -> tuple[Place, ...]:
    return (Place("notifier", "deliveries", message.notification_id, by_being_there=True),)


@places.register
def _(message: notifier.ContactAcknowledged) -> tuple[Place, ...]:
    return (Place("contacts", "contacts", message.contact_id, must_exist=True),)


@places.register
def _(message: notifier.NotificationFailed) -> tuple[Place, ...]:
    return (_mirrored(message.ticket_id),) if message.ticket_id is not None else ()


def _mirrored(ticket_id: str) -> Place:
    return Place("mk", "tickets", ticket_id)


def _followed(ticket_id: str) -> tuple[Place, ...]:
    return Place("notifier", "tickets", ticket_id), _mirrored(ticket_id)


def _in_timeline(ticket_id: str) -> Place:
    return Place("tickets", "tickets", ticket_id, must_exist=True)
