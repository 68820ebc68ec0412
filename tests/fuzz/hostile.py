"""What comes from outside with no good intent: texts, values, JSON, and our own examples, bent out of shape."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"

TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\r\nBcc: x@y.example",
        "\n.\n",
        "$where",
        "$",
        "a.b",
        "__proto__",
        "'; drop",
        "\u202eabc",
    ),
    *("\ud800", "\udfff\ud800", "\ufeff", "\u2028", "👩‍👩‍👧", "ﷺ", "é" * 300, "%00%ff", "../../etc/passwd", "{{7*7}}"),
    *("<script>alert(1)</script>", "=?utf-8?b?AA==?=", "a@b", "a@b.example", "x" * 129, "x" * 5000, "true", "1e999"),
)
MOMENTS = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z"),
    *("0002-01-01T00:00:00+14:00", "9998-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
    *("2026-01-05T12:00:00", "2026-01-05", "2026-W02-1", "2026-01-05T24:00:00Z", "2026-01-05T12:00:60Z", "12:00"),
)
NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 1e308, -0.0, 0.5, 1e-400)
ODD: tuple[object, ...] = (None, True, False, [], {}, [[]], {"": ""}, float("nan"), float("inf"), float("-inf"))

Json = object


def texts() -> SearchStrategy[str]:
    """Strings of every kind, surrogates and controls included."""
    return st.one_of(st.sampled_from(TEXTS), st.text(st.characters(), max_size=40))


def values() -> SearchStrategy[Json]:
    """One JSON value where another was expected."""
    return st.one_of(
        texts(),
        st.sampled_from([*MOMENTS, *NUMBERS]),
        st.sampled_from(ODD).map(copy.copy),
        st.integers(),
        st.floats(),
        st.integers(1, 400).map(_nested),
    )


def _nested(depth: int) -> Json:
    value: Json = []
    for turn in range(depth):
        value = [value] if turn % 2 else {"a": value}
    return value


def _places(value: Json) -> Iterator[tuple[list[Json] | dict[str, Json], int | str]]:
    items: Iterator[tuple[int | str, Json]] = iter(())
    if isinstance(value, dict):
        items = iter(list(value.items()))
    elif isinstance(value, list):
        items = iter(list(enumerate(value)))
    for key, inner in items:
        yield value, key  # type: ignore[misc]
        yield from _places(inner)


@cache
def examples(folder: str) -> tuple[str, ...]:
    """The golden examples of one publisher, or of `requests`."""
    return tuple(path.read_text() for path in sorted((EXAMPLES / folder).glob("*.json")))


@st.composite
def bent(draw: DrawFn, original: SearchStrategy[str]) -> bytes:
    """An example with fields dropped, replaced, doubled or nested; sometimes cut, sometimes not JSON any more."""
    value = json.loads(draw(original))
    for _ in range(draw(st.integers(0, 4))):
        _bend(draw, value)
    written = _written(value)
    match draw(st.integers(0, 19)):
        case 0:
            return written[: draw(st.integers(0, len(written)))]
        case 1:
            at = draw(st.integers(0, len(written)))
            return written[:at] + draw(st.binary(min_size=1, max_size=4)) + written[at:]
        case 2:
            # the same name twice, the later one bent
            return written[:-1] + b"," + _written(draw(st.dictionaries(texts(), values(), max_size=3)))[1:]
    return written


def _bend(draw: DrawFn, value: Json) -> None:
    places = list(_places(value))
    if not places:
        return
    within, key = draw(st.sampled_from(places))
    match draw(st.integers(0, 3)):
        case 0:
            del within[key]  # type: ignore[arg-type]
        case 1 if isinstance(within, dict):
            within[draw(texts())] = within[key]  # type: ignore[index]
        case _:
            within[key] = draw(values())  # type: ignore[index]


def _written(value: Json) -> bytes:
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # a lone surrogate has no bytes in UTF-8; as an escape it can be sent all the same
        return json.dumps(value).encode()


def bodies(*folders: str) -> SearchStrategy[bytes]:
    """A message's body: mostly an example bent, sometimes any JSON, sometimes any bytes."""
    ours = st.sampled_from([text for folder in folders for text in examples(folder)])
    return st.one_of(bent(ours), bent(ours), bent(ours), values().map(_written), st.binary(max_size=64))
