"""The app's inbox: what is in it, and how it is turned page by page (R16)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.notifier import InboxDue


class MalformedCursor(Exception):
    """A cursor that no page of ours ended with."""

    field = "cursor"


class Undated(Exception):
    """An item that doesn't tell when what it tells of happened."""


class UnknownNotification(Exception):
    """There is no such item in this customer's inbox."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message in a customer's inbox; `at` is when what it tells of happened."""

    id: UUID
    at: datetime
    type: str
    title: str
    body: str
    ticket_id: str | None = None
    protocol: str | None = None
    evaluation_id: str | None = None
    read: bool = False

    @classmethod
    def of(cls, due: InboxDue, *, title: str, body: str) -> "Item":
        """The item that `due` asks for. Raises: Undated."""
        facts = due.facts
        try:
            at = datetime.fromisoformat(facts["occurred_at"]).astimezone(UTC)
        except (KeyError, ValueError, OverflowError) as error:
            raise Undated(due.notification_id) from error
        return cls(
            id=due.notification_id,
            at=at,
            type=due.template,
            title=title,
            body=body,
            ticket_id=due.ticket_id,
            protocol=facts.get("protocol"),
            evaluation_id=facts.get("evaluation_id"),
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next begins with what is older."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        """What the app gives back for the next page."""
        text = f"{self.at.astimezone(UTC).isoformat()}|{self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor that was given out as `text`. Raises: MalformedCursor."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            at, _, item = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition("|")
            return cls(datetime.fromisoformat(at).astimezone(UTC), UUID(item))
        except (ValueError, OverflowError, binascii.Error) as error:
            raise MalformedCursor("Este cursor não é válido: recomece pela primeira página.") from error


def listing(items: list[Item], *, unread: int, limit: int) -> dict[str, object]:
    """The answer to the app: `items` holds one more than `limit` where there is a next page."""
    shown = items[:limit]
    more = len(items) > limit
    return {
        "items": [_shown(item) for item in shown],
        "unread": unread,
        "next_cursor": str(Cursor(shown[-1].at, shown[-1].id)) if more else None,
    }


def _shown(item: Item) -> dict[str, object]:
    return {
        "id": str(item.id),
        "at": item.at.isoformat(),
        "type": item.type,
        "title": item.title,
        "body": item.body,
        "ticket_id": item.ticket_id,
        "protocol": item.protocol,
        "evaluation_id": item.evaluation_id,
        "read": item.read,
    }
