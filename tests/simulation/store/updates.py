"""What an update makes of a document: a new one, which shares with the old one what it doesn't change."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.simulation.store.errors import (
    BAD_VALUE,
    CONFLICTING_UPDATE,
    IMMUTABLE_FIELD,
    Refused,
    bad_value,
)
from tests.simulation.store.expressions import changed_by_pipeline
from tests.simulation.store.operators import OPERATORS, Operator
from tests.simulation.store.queries import is_condition
from tests.simulation.store.values import MISSING, Document, Value, equal

Change = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""Operators by name, or a pipeline; of canonical values."""

_EVERY = "$[]"


def check(change: Change) -> None:
    """Look at a change as the server does before it looks for a document.

    Raises: OperationFailure, NotImplementedError for an operator that isn't simulated.
    """
    if isinstance(change, Mapping):
        for name, fields in change.items():
            if name not in OPERATORS and name != "$setOnInsert":
                raise NotImplementedError(f"the update operator {name} is not simulated")
            if not isinstance(fields, Mapping):
                raise bad_value(f"Modifiers operate on fields but we found type {type(fields).__name__}")


Plan = Sequence[tuple[str, Operator, Value, bool]]
"""What is done to which field, in order; True for what an insertion alone does."""


def planned(change: Mapping[str, Any]) -> Plan:
    """What operators do, in the order of their fields' names, as the server does it.

    Raises: Refused where two would change the same, or something and what is in it.
    """
    steps: dict[str, tuple[str, Operator, Value, bool]] = {}
    for name, fields in change.items():
        only_inserting = name == "$setOnInsert"
        operator = OPERATORS["$set" if only_inserting else name]
        for path, value in fields.items():
            if path in steps:
                raise _conflict(path)
            steps[path] = (path, operator, value, only_inserting)
    names = sorted(steps)
    if any("." in name for name in names):
        _check_nested(names)
    return [steps[name] for name in names]


def changed(document: Document, plan: Plan, *, inserts: bool = False) -> Document:
    """The document after what is planned. Raises: Refused."""
    new = dict(document)
    for path, operator, value, only_inserting in plan:
        if only_inserting and not inserts:
            continue
        if "." in path:
            _change_inside(new, path.split("."), operator, value)
        else:
            _change_field(new, path, operator, value)
    return _with_its_id(new, document)


def changed_in_stages(document: Document, stages: Sequence[Mapping[str, Any]]) -> Document:
    """The document after a pipeline. Raises: Refused, NotImplementedError."""
    return _with_its_id(changed_by_pipeline(document, stages), document)


def _with_its_id(new: Document, document: Document) -> Document:
    if "_id" in document and new.get("_id") is not document["_id"] and not equal(new.get("_id"), document["_id"]):
        message = "Performing an update on the path '_id' would modify the immutable field '_id'"
        raise Refused(IMMUTABLE_FIELD, message)
    return new


def _check_nested(names: Iterable[str]) -> None:
    known = set(names)
    for name in known:
        parts = name.split(".")
        for length in range(1, len(parts)):
            if (outer := ".".join(parts[:length])) in known:
                raise _conflict(outer)


def _conflict(path: str) -> Refused:
    return Refused(CONFLICTING_UPDATE, f"Updating the path '{path}' would create a conflict at '{path}'")


def _change_field(new: Document, name: str, operator: Operator, value: Value) -> None:
    made = operator(new.get(name, MISSING), value, name)
    if made is not MISSING:
        new[name] = made
    elif name in new:
        del new[name]


def _change_inside(holder: Document, names: list[str], operator: Operator, value: Value) -> None:
    """Change what is deeper in a document whose outermost level is ours already."""
    name, *others = names
    if not others:
        _change_field(holder, name, operator, value)
        return
    inner = holder.get(name, MISSING)
    if others[0] == _EVERY:
        holder[name] = _every_changed(inner, name, others[1:], operator, value)
    elif type(inner) is list:
        holder[name] = _element_changed(inner, others, operator, value)
    elif inner is MISSING:
        made: Document = {}
        _change_inside(made, others, operator, value)
        if made:
            holder[name] = made
    elif type(inner) is dict:
        holder[name] = made = dict(inner)
        _change_inside(made, others, operator, value)
    elif operator is not OPERATORS["$unset"]:
        raise Refused(28, f"Cannot create field '{others[0]}' in element {{{name}: {inner}}}")


def _every_changed(found: Value, name: str, names: list[str], operator: Operator, value: Value) -> list[Value]:
    if found is MISSING:
        raise Refused(BAD_VALUE, f"The path '{name}' must exist in the document in order to apply array updates.")
    if type(found) is not list:
        raise Refused(BAD_VALUE, f"Cannot apply array updates to non-array element {name}: {found}")
    return [_inside(one, names, operator, value) for one in found]


def _element_changed(found: list[Value], names: list[str], operator: Operator, value: Value) -> list[Value]:
    if not names[0].isdigit():
        raise Refused(28, f"Cannot create field '{names[0]}' in an array")
    index = int(names[0])
    if index >= len(found):
        raise NotImplementedError("no change beyond an array's end is simulated")
    return [_inside(one, names[1:], operator, value) if place == index else one for place, one in enumerate(found)]


def _inside(element: Value, names: list[str], operator: Operator, value: Value) -> Value:
    if not names:
        return operator(element, value, _EVERY)
    if type(element) is not dict:
        raise Refused(28, f"Cannot create field '{names[0]}' in element {{0: {element}}}")
    made = dict(element)
    _change_inside(made, names, operator, value)
    return made


def inserted_by(query: Mapping[str, Any], *, only_id: bool = False) -> Document:
    """What an upsert begins with: the fields that its query names by one value, `_id` among them."""
    found: Document = {}
    named: list[str] = []
    for path, value in sorted(_equalities(query), key=lambda one: one[0]):
        if only_id and path != "_id":
            continue
        if any(path == one or path.startswith(f"{one}.") for one in named):
            raise Refused(54, f"cannot infer query fields to set, path '{path}' is matched twice")
        named.append(path)
        _change_inside(found, path.split("."), OPERATORS["$set"], value)
    return {"_id": found.pop("_id"), **found} if "_id" in found else found


def _equalities(query: Mapping[str, Any]) -> Iterable[tuple[str, Value]]:
    for path, condition in query.items():
        if path == "$and" or (path == "$or" and len(condition) == 1):
            for one in condition:
                yield from _equalities(one)
        elif path[:1] == "$":
            continue
        elif not is_condition(condition):
            yield path, condition
        elif "$eq" in condition:
            yield path, condition["$eq"]
        elif "$in" in condition and len(condition["$in"]) == 1:
            yield path, condition["$in"][0]


def replaced(document: Document, replacement: Document) -> Document:
    """The replacement under the document's `_id`. Raises: Refused where it has another one."""
    if "_id" in replacement and "_id" in document and not equal(replacement["_id"], document["_id"]):
        raise Refused(IMMUTABLE_FIELD, "After applying the update, the (immutable) field '_id' was found to be altered")
    if "_id" in document:
        return {"_id": document["_id"], **replacement}
    return dict(replacement)
