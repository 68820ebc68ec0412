"""Whether a document is what a query asks for."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.store.errors import bad_value
from tests.simulation.store.paths import at, candidates
from tests.simulation.store.values import MISSING, Document, Value, equal, order, rank

Query = Mapping[str, Any]


def matches(document: Document, query: Query) -> bool:
    """Whether a canonical query matches. Raises: NotImplementedError for an operator that isn't simulated."""
    for field, condition in query.items():
        if field[:1] == "$":
            if not _logical(field)(document, condition):
                return False
        elif not _field(document, field, condition):
            return False
    return True


def is_condition(value: Value) -> bool:
    """Whether it holds operators, and isn't a value to be equal to."""
    return type(value) is dict and next(iter(value), "")[:1] == "$"


def _field(document: Document, path: str, condition: Value) -> bool:
    if is_condition(condition):
        return _holds(document, path, condition)
    if "." not in path:
        found = document.get(path, MISSING)
        if type(found) is not list:
            return _same(found, condition)
    return any(_same(one, condition) for one in candidates(document, path))


def _holds(document: Document, path: str, condition: Query) -> bool:
    found: list[Value] | None = None
    for operator, wanted in condition.items():
        if operator == "$elemMatch":
            if not any(_has_element(one, wanted) for one in at(document, path)):
                return False
            continue
        if operator == "$options":
            raise NotImplementedError("$options of $regex is not simulated")
        if found is None:
            found = candidates(document, path)
        if not _operator(operator)(found, wanted):
            return False
    return True


def _has_element(found: Value, wanted: Query) -> bool:
    if type(found) is not list:
        return False
    if is_condition(wanted):
        return any(element_holds(one, wanted) for one in found)
    return any(type(one) is dict and matches(one, wanted) for one in found)


def element_holds(element: Value, condition: Query) -> bool:
    """Whether operators hold for one value by itself, as those of `$pull` do for an array's element."""
    return _holds({"element": element}, "element", condition)


def _same(found: Value, wanted: Value) -> bool:
    if found is MISSING:
        return wanted is None
    return equal(found, wanted)


def _any_same(found: list[Value], wanted: Value) -> bool:
    return any(_same(one, wanted) for one in found)


def _any_in(found: list[Value], wanted: Value) -> bool:
    if type(wanted) is not list:
        raise bad_value("$in needs an array")
    return any(_any_same(found, one) for one in wanted)


def _compared(holds: Callable[[Any, Any], bool]) -> Callable[[list[Value], Value], bool]:
    def compare(found: list[Value], wanted: Value) -> bool:
        kind, place = rank(wanted), order(wanted)
        return any(rank(one) == kind and holds(order(one), place) for one in found)

    return compare


_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "null": (type(None),), "array": (list,), "object": (dict,)}


def _typed(found: list[Value], wanted: Value) -> bool:
    if wanted not in _TYPES:
        raise NotImplementedError(f"$type {wanted!r} is not simulated")
    return any(type(one) in _TYPES[wanted] for one in found)


def _exists(found: list[Value], wanted: Value) -> bool:
    return any(one is not MISSING for one in found) is bool(wanted)


def _regex(found: list[Value], wanted: Value) -> bool:
    pattern = re.compile(wanted)
    return any(type(one) is str and pattern.search(one) is not None for one in found)


def _not(found: list[Value], wanted: Query) -> bool:
    if not is_condition(wanted):
        raise bad_value("$not needs a regex or a document")
    return not all(_operator(operator)(found, value) for operator, value in wanted.items())


_OPERATORS: dict[str, Callable[[list[Value], Value], bool]] = {
    "$eq": _any_same,
    "$ne": lambda found, wanted: not _any_same(found, wanted),
    "$in": _any_in,
    "$nin": lambda found, wanted: not _any_in(found, wanted),
    "$lt": _compared(lambda one, other: bool(one < other)),
    "$lte": _compared(lambda one, other: bool(one <= other)),
    "$gt": _compared(lambda one, other: bool(one > other)),
    "$gte": _compared(lambda one, other: bool(one >= other)),
    "$exists": _exists,
    "$type": _typed,
    "$regex": _regex,
    "$not": _not,
}


def _operator(name: str) -> Callable[[list[Value], Value], bool]:
    if name not in _OPERATORS:
        raise NotImplementedError(f"the query operator {name} is not simulated")
    return _OPERATORS[name]


_LOGICAL: dict[str, Callable[[Document, list[Query]], bool]] = {
    "$or": lambda document, ways: any(matches(document, one) for one in ways),
    "$and": lambda document, ways: all(matches(document, one) for one in ways),
    "$nor": lambda document, ways: not any(matches(document, one) for one in ways),
}


def _logical(name: str) -> Callable[[Document, list[Query]], bool]:
    if name not in _LOGICAL:
        raise NotImplementedError(f"the query operator {name} is not simulated")
    return _LOGICAL[name]
