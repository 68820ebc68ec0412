"""What the notifier may refuse, and what may go wrong on the way out."""

from datetime import datetime

from chassis.persistence.cursor import CursorMalformed
from services.notifier.deliver.channels.outcomes import Away
from services.notifier.deliver.devices import DeviceNotFound, DeviceRefused


class UnknownNotification(Exception):
    """There is no such item in this customer's inbox."""


class UnknownTicket(Exception):
    """No event came of a ticket with this protocol."""


class UnknownContact(Exception):
    """No event came of this contact."""


class PushNotSetUp(Exception):
    """The provider has no key or account for devices of this kind."""


class NoLongerACustomer(Exception):
    """The customer was erased: nothing more is kept of them (R27)."""


class AlreadySent(Exception):
    """It was sent, and nobody said that it is to go out twice."""


class NothingToSend(Exception):
    """It isn't to be sent, or what it says was erased."""


STATUS: dict[type[Exception], int] = {
    CursorMalformed: 422,
    UnknownNotification: 404,
    UnknownTicket: 404,
    UnknownContact: 404,
    PushNotSetUp: 404,
    NoLongerACustomer: 404,
    DeviceNotFound: 404,
    DeviceRefused: 422,
    AlreadySent: 409,
    NothingToSend: 409,
}
"""The HTTP status of each refusal."""


class Unwritable(Exception):
    """The facts that a message came with are not those that its text needs."""


class UnknownTemplate(Unwritable):
    """Nobody has written what such a message should say."""


class Undated(Unwritable):
    """An item that doesn't say when what it is about happened."""


class MailServerAway(Exception):
    """The mail server can't be reached, or asks to try again later; it doesn't have the mail."""


class OutcomeUnknown(MailServerAway):
    """The connection broke after the mail was handed over and before the server said whether it has it."""


class MailRefused(Exception):
    """The mail server will never take this mail; `by_mailbox` where it takes none at all for the address (R19)."""

    def __init__(self, reason: str, *, by_mailbox: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.by_mailbox = by_mailbox


class ClaimedElsewhere(Exception):
    """Somebody else is sending this very message, or was a moment ago."""


class AskedToWait(Exception):
    """It is not to be sent before that moment: a server asked for that, or the customer wants to sleep."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until.isoformat()}")
        self.until = until


def moment_of(error: AskedToWait) -> datetime:
    """Before when it is not to be sent."""
    return error.until


PERMANENT = (Unwritable,)
"""No retry can cure these."""

OUTAGES = (MailServerAway, ClaimedElsewhere, Away, AskedToWait)
"""Waited out."""
