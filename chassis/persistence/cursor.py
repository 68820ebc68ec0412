"""Where a page of a list ends and the next one begins, as the customer's side carries it: opaque, safe in a URL."""

import base64
import json
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class CursorMalformed(Exception):
    """No page of ours ended with this cursor."""

    field = "cursor"


def encode(at: datetime, item_id: str) -> str:
    """The cursor behind the item `item_id` of the moment `at`, which is kept to the millisecond, as it is stored."""
    place = json.dumps([(at - _EPOCH) // _MILLISECOND, item_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, str]:
    """The moment and the id of the item behind which the next page begins. Raises: CursorMalformed."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, item_id = _place(text) if text.startswith("[") else _earlier_place(text)
        sound = bool(item_id.encode())
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        sound = False
    if not sound:
        raise CursorMalformed("Este cursor não é válido: recomece pela primeira página.")
    return at, item_id


def _place(text: str) -> tuple[datetime, str]:
    milliseconds, item_id = json.loads(text)
    if type(milliseconds) is not int or not isinstance(item_id, str):
        raise TypeError(text)
    return _EPOCH + milliseconds * _MILLISECOND, item_id


def _earlier_place(text: str) -> tuple[datetime, str]:
    # the inbox of the last release gave out "2026-01-05T12:00:00+00:00|<id>"
    at, _, item_id = text.partition("|")
    return datetime.fromisoformat(at).astimezone(UTC), item_id
