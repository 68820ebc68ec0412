"""The operators of updates: each makes a new value of the one that is there."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.store.errors import BAD_VALUE, TYPE_MISMATCH, Refused
from tests.simulation.store.queries import element_holds, is_condition, matches
from tests.simulation.store.values import MISSING, Value, canonical, equal, is_number, order

Operator = Callable[[Value, Value, str], Value]
"""What is there, MISSING where nothing is, what the operator is given, and the field's name for an error."""


def _set(_found: Value, wanted: Value, _name: str) -> Value:
    return wanted


def _unset(_found: Value, _wanted: Value, _name: str) -> Value:
    return MISSING


def _inc(found: Value, wanted: Value, name: str) -> Value:
    if not is_number(wanted):
        raise Refused(TYPE_MISMATCH, f"Cannot increment with non-numeric argument: {{{name}: {wanted}}}")
    if found is MISSING:
        return wanted
    if not is_number(found):
        raise Refused(TYPE_MISMATCH, f"Cannot apply $inc to a value of non-numeric type: field '{name}'")
    total = found + wanted
    # a long stays one
    return type(found)(total) if type(found) is not int and isinstance(total, int) else canonical(total)


def _min(found: Value, wanted: Value, _name: str) -> Value:
    return wanted if found is MISSING or order(wanted) < order(found) else found


def _max(found: Value, wanted: Value, _name: str) -> Value:
    return wanted if found is MISSING or order(wanted) > order(found) else found


def _push(found: Value, wanted: Value, name: str) -> Value:
    array = _array(found, name, "$push")
    if type(wanted) is not dict or "$each" not in wanted:
        return [*array, wanted]
    if more := wanted.keys() - {"$each", "$slice"}:
        raise NotImplementedError(f"{sorted(more)} of $push is not simulated")
    pushed = [*array, *_each(wanted, "$push")]
    if "$slice" not in wanted:
        return pushed
    kept: int = wanted["$slice"]
    return pushed[:kept] if kept >= 0 else pushed[kept:]


def _add_to_set(found: Value, wanted: Value, name: str) -> Value:
    array = _array(found, name, "$addToSet")
    added = _each(wanted, "$addToSet") if type(wanted) is dict and "$each" in wanted else [wanted]
    made = list(array)
    for one in added:
        if not any(equal(one, other) for other in made):
            made.append(one)
    return made


def _each(wanted: Mapping[str, Any], operator: str) -> list[Value]:
    each = wanted["$each"]
    if type(each) is not list:
        raise Refused(BAD_VALUE, f"The argument to $each in {operator} must be an array")
    return each


def _pull(found: Value, wanted: Value, name: str) -> Value:
    if found is MISSING:
        return MISSING
    array = _array(found, name, "$pull")
    if is_condition(wanted):
        return [one for one in array if not element_holds(one, wanted)]
    if type(wanted) is dict:
        return [one for one in array if not (type(one) is dict and matches(one, wanted))]
    return [one for one in array if not equal(one, wanted)]


def _pull_all(found: Value, wanted: Value, name: str) -> Value:
    if found is MISSING:
        return MISSING
    return [one for one in _array(found, name, "$pullAll") if not any(equal(one, other) for other in wanted)]


def _array(found: Value, name: str, operator: str) -> list[Value]:
    if found is MISSING:
        return []
    if type(found) is not list:
        raise Refused(BAD_VALUE, f"The field '{name}' must be an array for {operator}")
    return found


OPERATORS: Mapping[str, Operator] = {
    "$set": _set,
    "$unset": _unset,
    "$inc": _inc,
    "$min": _min,
    "$max": _max,
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pull": _pull,
    "$pullAll": _pull_all,
}
