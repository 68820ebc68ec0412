"""What has to be written so that one state becomes another: changed fields, and what lists grew by (ADR 24)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any, TypeVar

T = TypeVar("T")
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """Fields to set, and items to append to the lists that stand under their names."""

    changed: dict[str, Any] = field(default_factory=dict)
    grown: dict[str, list[Any]] = field(default_factory=dict)


def difference(before: State, after: State) -> Difference:
    """How `before` becomes `after`; fields that `after` doesn't name stay as they are."""
    found = Difference()
    for name, value in after.items():
        if name not in before:
            found.changed[name] = value
        elif before[name] == value:
            continue
        elif tail := _grown_by(before[name], value):
            found.grown[name] = tail
        else:
            found.changed[name] = value
    return found


def appended(before: Sequence[T], after: Sequence[T]) -> Sequence[T] | None:
    """What stands in `after` behind all of `before`; None where the first items aren't the very same objects.

    Looks into none of them: where a value keeps its earlier items, a long one costs no more than a short one.
    """
    is_grown = len(before) <= len(after) and all(map(is_, before, after))
    return after[len(before) :] if is_grown else None


def _grown_by(before: object, after: object) -> list[Any]:
    if not isinstance(before, list) or not isinstance(after, list) or len(after) <= len(before):
        return []
    return after[len(before) :] if after[: len(before)] == before else []
