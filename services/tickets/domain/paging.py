"""Where a page of the list of tickets ends and the next one begins (R3)."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from services.tickets.domain.ticket import Ticket

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CursorMalformed(Exception):
    """The cursor is none that this service gave out."""

    field = "cursor"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list, newest first: behind the ticket `id`, opened at `opened_at`; new tickets don't move it."""

    opened_at: datetime
    id: str

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """The place behind an opened ticket."""
        return cls(ticket.openings[0].opened_at, ticket.id)

    def cursor(self) -> str:
        """The place as the customer's side carries it: opaque, safe in a URL; to the millisecond, as it is stored."""
        milliseconds = (self.opened_at - _EPOCH) // timedelta(milliseconds=1)
        return base64.urlsafe_b64encode(json.dumps([milliseconds, self.id]).encode()).decode()

    @classmethod
    def read(cls, cursor: str) -> Self:
        """The place that a cursor stands for. Raises: CursorMalformed."""
        try:
            milliseconds, ticket_id = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
            place = cls(_EPOCH + timedelta(milliseconds=milliseconds), ticket_id)
            sound = place.cursor() == cursor and bool(ticket_id.encode())
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            sound = False
        if not sound:
            raise CursorMalformed("O cursor não é válido: recomece da primeira página.")
        return place
