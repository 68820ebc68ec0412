"""Which part of a document is asked for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.store.values import Document, Value, copied

Projection = Mapping[str, Any] | Sequence[str] | None


def projected(projection: Projection) -> Callable[[Document], Document]:
    """What makes a copy of the part that is asked for.

    Raises: NotImplementedError for all but fields that are wanted, or fields that are not.
    """
    if projection is None:
        return copied
    wanted = dict(projection) if isinstance(projection, Mapping) else dict.fromkeys((*projection, "_id"), 1)
    if any(value not in {0, 1} for value in wanted.values()):
        raise NotImplementedError("expressions in a projection are not simulated")
    with_id = bool(wanted.pop("_id", 1))
    if projection and not wanted:
        return (lambda document: {"_id": copied([document["_id"]])[0]}) if with_id else _without_id
    kinds = set(wanted.values())
    if len(kinds) > 1:
        raise NotImplementedError("a projection that wants some fields and excludes others is not simulated")
    if not wanted:
        return copied
    tree = _tree(wanted)
    if kinds == {1}:
        named = {"_id": None} if with_id else {}
        return lambda document: _including(document, {**named, **tree})
    unnamed = {} if with_id else {"_id": None}
    return lambda document: _excluding(document, {**unnamed, **tree})


def _without_id(document: Document) -> Document:
    return _excluding(document, {"_id": None})


def _tree(paths: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        *outer, last = path.split(".")
        place = tree
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = None
    return tree


def _including(document: Document, tree: Mapping[str, Any]) -> Document:
    found: Document = {}
    for name, value in document.items():
        if name not in tree:
            continue
        if (inner := tree[name]) is None:
            found[name] = copied([value])[0]
        elif type(value) is dict:
            found[name] = _including(value, inner)
        elif type(value) is list:
            found[name] = _included_elements(value, inner)
    return found


def _included_elements(array: list[Value], tree: Mapping[str, Any]) -> list[Value]:
    return [
        _including(one, tree) if type(one) is dict else _included_elements(one, tree)
        for one in array
        if type(one) in {dict, list}
    ]


def _excluding(document: Document, tree: Mapping[str, Any]) -> Document:
    found: Document = {}
    for name, value in document.items():
        if name in tree:
            if (inner := tree[name]) is not None:
                found[name] = _excluded_inside(value, inner)
        else:
            found[name] = copied(value) if type(value) in {dict, list} else value
    return found


def _excluded_inside(value: Value, tree: Mapping[str, Any]) -> Value:
    if type(value) is dict:
        return _excluding(value, tree)
    if type(value) is list:
        return [_excluded_inside(one, tree) for one in value]
    return value
