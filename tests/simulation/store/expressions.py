"""Expressions of aggregation, as far as updates by pipeline and the figures use them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.store.values import MISSING, NULL, Document, Value, equal, is_number, order, rank

Variables = Mapping[str, Value]


def evaluated(expression: Value, document: Document, variables: Variables | None = None) -> Value:
    """What an expression gives for a document; MISSING where it leads nowhere.

    Raises: NotImplementedError for an operator that isn't simulated.
    """
    known = variables if variables is not None else {"ROOT": document}
    return _evaluated(expression, document, known)


def _evaluated(expression: Value, document: Document, known: Variables) -> Value:
    if type(expression) is str and expression[:1] == "$":
        return _path(expression, document, known)
    if type(expression) is list:
        return [_or_null(_evaluated(one, document, known)) for one in expression]
    if type(expression) is not dict:
        return expression
    name = next(iter(expression), "")
    if name[:1] != "$":
        made = {field: _evaluated(one, document, known) for field, one in expression.items()}
        return {field: value for field, value in made.items() if value is not MISSING}
    if name not in _OPERATORS or len(expression) != 1:
        raise NotImplementedError(f"the expression {name} is not simulated")
    return _OPERATORS[name](expression[name], document, known)


def _path(expression: str, document: Document, known: Variables) -> Value:
    if not expression.startswith("$$"):
        return _inside(document, expression[1:].split("."))
    name, *inner = expression[2:].split(".")
    if name not in known:
        raise NotImplementedError(f"the variable $${name} is not simulated")
    return _inside(known[name], inner)


def _inside(value: Value, names: Sequence[str]) -> Value:
    for place, name in enumerate(names):
        if type(value) is list:
            found = [_inside(one, names[place:]) for one in value if type(one) is dict]
            return [one for one in found if one is not MISSING]
        if type(value) is not dict:
            return MISSING
        value = value.get(name, MISSING)
    return value


def _or_null(value: Value) -> Value:
    return None if value is MISSING else value


def _is_true(value: Value) -> bool:
    return value is not MISSING and value is not None and value is not False and not (is_number(value) and value == 0)


def _literal(given: Value, _document: Document, _known: Variables) -> Value:
    return given


def _if_null(given: Value, document: Document, known: Variables) -> Value:
    value = MISSING
    for one in given:
        value = _evaluated(one, document, known)
        if value is not MISSING and value is not None:
            return value
    return value


def _cond(given: Value, document: Document, known: Variables) -> Value:
    if type(given) is not list:
        raise NotImplementedError("$cond is simulated with a list alone")
    condition, then, otherwise = given
    return _evaluated(then if _is_true(_evaluated(condition, document, known)) else otherwise, document, known)


def _and(given: Value, document: Document, known: Variables) -> bool:
    return all(_is_true(_evaluated(one, document, known)) for one in given)


def _filter(given: Value, document: Document, known: Variables) -> Value:
    if given.keys() != {"input", "cond"}:
        raise NotImplementedError("$filter is simulated with `input` and `cond` alone")
    array = _evaluated(given["input"], document, known)
    if type(array) is not list:
        return None
    return [one for one in array if _is_true(_evaluated(given["cond"], document, {**known, "this": one}))]


def _concat_arrays(given: Value, document: Document, known: Variables) -> Value:
    made: list[Value] = []
    for one in given:
        array = _evaluated(one, document, known)
        if type(array) is not list:
            return None
        made += array
    return made


def _merge_objects(given: Value, document: Document, known: Variables) -> Document:
    made: Document = {}
    for one in given:
        value = _evaluated(one, document, known)
        if type(value) is dict:
            made |= value
    return made


def _compared(holds: Callable[[Any, Any], bool]) -> "_Operator":
    def compare(given: Value, document: Document, known: Variables) -> bool:
        one, other = (_evaluated(side, document, known) for side in given)
        return holds(_place(one), _place(other))

    return compare


def _place(value: Value) -> tuple[int, Any]:
    # what is missing comes before null here
    return (NULL - 1, 0) if value is MISSING else order(value)


def _ne(given: Value, document: Document, known: Variables) -> bool:
    one, other = (_evaluated(side, document, known) for side in given)
    return not (one is other or (rank(one) == rank(other) and MISSING not in (one, other) and equal(one, other)))


def _date_to_string(given: Value, document: Document, known: Variables) -> Value:
    if given.keys() != {"date", "timezone", "format"} or given["format"] != "%Y-%m-%d":
        raise NotImplementedError("$dateToString is simulated for days of a time zone alone")
    moment = _evaluated(given["date"], document, known)
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(ZoneInfo(given["timezone"])).strftime("%Y-%m-%d")


_Operator = Callable[[Value, Document, Variables], Value]

_OPERATORS: dict[str, _Operator] = {
    "$literal": _literal,
    "$ifNull": _if_null,
    "$cond": _cond,
    "$and": _and,
    "$filter": _filter,
    "$concatArrays": _concat_arrays,
    "$mergeObjects": _merge_objects,
    "$lte": _compared(lambda one, other: bool(one <= other)),
    "$gt": _compared(lambda one, other: bool(one > other)),
    "$ne": _ne,
    "$dateToString": _date_to_string,
}


def changed_by_pipeline(document: Document, stages: Sequence[Mapping[str, Any]]) -> Document:
    """What `$set` and `$replaceWith` make of a document. Raises: NotImplementedError for any other stage."""
    for stage in stages:
        ((name, given),) = stage.items()
        if name == "$set":
            made = {field: evaluated(value, document) for field, value in given.items()}
            if any("." in field for field in made):
                raise NotImplementedError("dotted fields of a pipeline's $set are not simulated")
            document = {**document, **{field: value for field, value in made.items() if value is not MISSING}}
        elif name == "$replaceWith":
            made = evaluated(given, document)
            document = {"_id": document["_id"], **made} if "_id" in document else dict(made)
        else:
            raise NotImplementedError(f"the stage {name} of an update is not simulated")
    return document
