"""The app's inbox: what is in it, and how it is turned page by page (R16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from chassis.persistence import cursor
from chassis.persistence.cursor import CursorMalformed
from contracts.replies import Inbox, InboxItem
from services.notifier.decide.notices import Notice
from services.notifier.errors import Undated


def item_of(notice: Notice, *, title: str, body: str) -> InboxItem:
    """The item that a notice asks for; `at` is when what it is about happened. Raises: Undated."""
    facts = notice.facts
    try:
        return InboxItem(
            id=notice.id,
            at=datetime.fromisoformat(facts["occurred_at"]).astimezone(UTC),
            type=notice.template,
            title=title,
            body=body,
            ticket_id=notice.ticket_id,
            protocol=facts.get("protocol"),
            evaluation_id=facts.get("evaluation_id"),
            read=False,
        )
    except (KeyError, ValueError, OverflowError) as error:
        # years 1 and 9999 are no moments either, which the item itself refuses
        raise Undated(notice.id) from error


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the next begins with what is older."""

    at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place that was given out as a cursor. Raises: CursorMalformed."""
        at, item = cursor.decode(text)
        try:
            return cls(at, UUID(item))
        except ValueError as error:
            raise CursorMalformed("Este cursor não é válido: recomece pela primeira página.") from error


def page(items: Sequence[InboxItem], *, unread: int, limit: int) -> Inbox:
    """The answer to the app: `items` holds one more than `limit` where there is a next page."""
    shown = list(items[:limit])
    more = len(items) > limit
    return Inbox(
        items=shown, unread=unread, next_cursor=cursor.encode(shown[-1].at, str(shown[-1].id)) if more else None
    )
