"""How an attempt on a channel that leaves the house can end, in words that no channel owns (R19)."""

from datetime import timedelta


class Away(Exception):
    """The channel's server can't be reached, or asks to try again; it doesn't have the message.

    `retry_after` is how long it asked to be left alone; None where it didn't say.
    """

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Unconfirmed(Away):
    """The message was handed over, and the connection broke before the server answered."""


class Refused(Exception):
    """The server will never take this message; others to the same recipient may pass."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Refused):
    """The server says that this recipient can't be reached any more: the device, chat or mailbox is gone."""
