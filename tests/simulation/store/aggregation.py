"""Pipelines over a collection, as the figures count with them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.simulation.store.expressions import evaluated
from tests.simulation.store.projections import projected
from tests.simulation.store.queries import matches
from tests.simulation.store.values import MISSING, Document, Value, is_number, key_of

Stage = Mapping[str, Any]


def aggregated(documents: Iterable[Document], stages: Sequence[Stage]) -> list[Document]:
    """What a pipeline makes of documents. Raises: NotImplementedError for a stage that isn't simulated."""
    found = list(documents)
    for stage in stages:
        ((name, given),) = stage.items()
        if name not in _STAGES:
            raise NotImplementedError(f"the stage {name} is not simulated")
        found = _STAGES[name](found, given)
    return found


def _match(documents: list[Document], given: Value) -> list[Document]:
    return [one for one in documents if matches(one, given)]


def _project(documents: list[Document], given: Value) -> list[Document]:
    return [*map(projected(given), documents)]


def _unwind(documents: list[Document], given: Value) -> list[Document]:
    if type(given) is not str:
        raise NotImplementedError("$unwind is simulated with a path alone")
    names = given[1:].split(".")
    return [_with(one, names, element) for one in documents for element in _elements(evaluated(given, one))]


def _elements(value: Value) -> list[Value]:
    if value is MISSING or value is None:
        return []
    return value if type(value) is list else [value]


def _with(document: Document, names: Sequence[str], element: Value) -> Document:
    name, *others = names
    return {**document, name: _with(document[name], others, element) if others else element}


def _group(documents: list[Document], given: Value) -> list[Document]:
    sums = {name: _summed(how) for name, how in given.items() if name != "_id"}
    groups: dict[Value, Document] = {}
    for document in documents:
        by = evaluated(given["_id"], document)
        by = None if by is MISSING else by
        group = groups.setdefault(key_of(by), {"_id": by, **dict.fromkeys(sums, 0)})
        for name, expression in sums.items():
            value = evaluated(expression, document)
            group[name] += value if is_number(value) else 0
    return list(groups.values())


def _summed(how: Value) -> Value:
    if type(how) is not dict or list(how) != ["$sum"]:
        raise NotImplementedError(f"$group is simulated with $sum alone, not {how!r}")
    return how["$sum"]


_STAGES: dict[str, Callable[[list[Document], Value], list[Document]]] = {
    "$match": _match,
    "$project": _project,
    "$unwind": _unwind,
    "$group": _group,
}
