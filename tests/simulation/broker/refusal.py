"""What closes a channel from the broker's side, by its code in AMQP."""

from chassis.messaging.link import LinkLost, NotAllowed, NotThere

NOT_FOUND = 404
LOCKED = 405
PRECONDITION_FAILED = 406


class Refusal(Exception):
    """The broker refuses what a channel asked for, and closes it; `code` is AMQP's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code

    def as_error(self) -> Exception:
        """What whoever asked gets raised."""
        if self.code == NOT_FOUND:
            return NotThere(str(self))
        return NotAllowed(str(self)) if self.code in {LOCKED, PRECONDITION_FAILED} else LinkLost(str(self))
