"""What the notifier may refuse, and what may go wrong on the way out."""

from chassis.persistence.cursor import CursorMalformed


class UnknownNotification(Exception):
    """There is no such item in this customer's inbox."""


class UnknownTicket(Exception):
    """No event came of a ticket with this protocol."""


class UnknownContact(Exception):
    """No event came of this contact."""


class AlreadySent(Exception):
    """It was sent, and nobody said that it is to go out twice."""


class NothingToSend(Exception):
    """It isn't to be sent, or what it says was erased."""


STATUS: dict[type[Exception], int] = {
    CursorMalformed: 422,
    UnknownNotification: 404,
    UnknownTicket: 404,
    UnknownContact: 404,
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


PERMANENT = (Unwritable,)
"""No retry can cure these."""

OUTAGES = (MailServerAway, ClaimedElsewhere)
"""Waited out."""
