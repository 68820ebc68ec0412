"""What a dotted path leads to in a document, through the arrays on its way."""

from collections.abc import Iterator

from tests.simulation.store.values import MISSING, Document, Value


def at(document: Document, path: str) -> list[Value]:
    """What stands at a path's ends: several where arrays are on its way, MISSING where a document lacks it."""
    if "." not in path:
        return [document.get(path, MISSING)]
    outer, _, inner = path.partition(".")
    if outer not in document:
        return [MISSING]
    found = document[outer]
    if type(found) is dict:
        return at(found, inner)
    return list(_ends(found, inner.split("."), 0))


def candidates(document: Document, path: str) -> list[Value]:
    """What a condition on a path looks at: what stands there, and where that is an array, each of its elements."""
    found = at(document, path)
    if any(type(one) is list for one in found):
        found = [inner for one in found for inner in ((one, *one) if type(one) is list else (one,))]
    return found


def _ends(value: Value, names: list[str], place: int) -> Iterator[Value]:
    if place == len(names):
        yield value
    elif type(value) is dict:
        yield from _ends(value.get(names[place], MISSING), names, place + 1)
    elif type(value) is list:
        if names[place].isdigit():
            index = int(names[place])
            yield from _ends(value[index] if index < len(value) else MISSING, names, place + 1)
        for one in value:
            if type(one) is dict:
                yield from _ends(one, names, place)
    else:
        yield MISSING
