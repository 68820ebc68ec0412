"""In which order documents come."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.store.paths import at
from tests.simulation.store.values import MISSING, NULL, Document, Value, order

Order = Sequence[tuple[str, int]]
Collation = Mapping[str, Any] | None


def sorter(keys: Order, collation: Collation = None) -> Callable[[list[Document]], list[Document]]:
    """What puts documents in order; those that are equal stay as they stand. Raises: NotImplementedError."""
    if collation is not None and dict(collation) != {"locale": "pt"}:
        raise NotImplementedError(f"the collation {collation} is not simulated")

    def put_in_order(documents: list[Document]) -> list[Document]:
        for path, direction in reversed(keys):
            documents = sorted(
                documents,
                key=lambda one, path=path, direction=direction: _place(one, path, direction, collation),  # type: ignore[misc]
                reverse=direction < 0,
            )
        return documents

    return put_in_order


def _place(document: Document, path: str, direction: int, collation: Collation) -> tuple[int, Any]:
    # an array stands where its first or last element would, and an empty one before everything
    elements = [(one or [_EMPTY]) if type(one) is list else [one] for one in at(document, path)]
    places = [_order(one, collation) for some in elements for one in some] or [(NULL, 0)]
    return min(places) if direction > 0 else max(places)


_EMPTY = object()


def _order(value: Value, collation: Collation) -> tuple[int, Any]:
    if value is _EMPTY:
        return (NULL - 1, 0)
    if value is MISSING:
        return (NULL, 0)
    place = order(value)
    return (place[0], _portuguese(value)) if collation and type(value) is str else place


_BEFORE_DIGITS = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"


def _portuguese(text: str) -> tuple[Any, ...]:
    """By base characters first, then by accents, then by case, as ICU does where a language has no rules of its own."""
    apart = unicodedata.normalize("NFD", text)
    bases = [one for one in apart if not unicodedata.combining(one)]
    primary = tuple((_class(one), one.lower()) if _class(one) else (0, _mark(one)) for one in bases)
    return (primary, apart.lower(), tuple(one.isupper() for one in bases))


def _class(character: str) -> int:
    return 2 if character.isalpha() else 1 if character.isdigit() else 0


def _mark(character: str) -> str:
    place = _BEFORE_DIGITS.find(character)
    return chr(place + 1) if place >= 0 else "\0" if character.isspace() else character
