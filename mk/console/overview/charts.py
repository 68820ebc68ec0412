"""Where the bars of a chart stand: pure geometry in the units of its `viewBox`, drawn by `graficos.html`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# columns
LEFT, RIGHT = 44.0, 540.0
TOP, FLOOR = 22.0, 182.0
_COLUMN, _GAP = 12.0, 2.0
_LABEL_EVERY = 2

# rows
ROW_START = 40.0
_ROW, _ROW_STEP, _ROW_LENGTH = 24.0, 40.0, 330.0

# stacks
STACK_START = 96.0
_STACK_STEP, _STACK_LENGTH = 38.0, 380.0
_BETWEEN = 2.0
_LEAST = 3.0
"""Of a part that isn't nothing something is seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart, and what it stands for."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns side by side; `label` is empty where there is no room for one."""

    first: Bar
    second: Bar
    middle: float
    label: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of pairs of columns over its ticks."""

    ticks: tuple[Tick, ...]
    pairs: tuple[Pair, ...]


def columns(values: Sequence[tuple[str, int, int]]) -> Columns:
    """Pairs of columns for (label, first, second), the newest last, which always has its label."""
    top = ceiling(max((max(first, second) for _, first, second in values), default=0))
    step = (RIGHT - LEFT) / max(len(values), 1)
    pairs = []
    for place, (label, first, second) in enumerate(values):
        x = round(LEFT + place * step + (step - 2 * _COLUMN - _GAP) / 2, 1)
        has_label = (len(values) - 1 - place) % _LABEL_EVERY == 0
        pairs.append(
            Pair(
                _column(x, first, top),
                _column(x + _COLUMN + _GAP, second, top),
                round(x + _COLUMN + _GAP / 2, 1),
                label if has_label else "",
            )
        )
    ticks = tuple(Tick(_height_of(value, top), value) for value in (0, top // 2, top))
    return Columns(ticks, tuple(pairs))


def ceiling(most: int) -> int:
    """The least of 2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100, 200, … that nothing exceeds."""
    scale = 1
    while True:
        # halves are whole numbers
        for lead in (2, 4, 6, 8, 10) if scale == 1 else (2, 3, 4, 5, 6, 8, 10):
            if most <= lead * scale:
                return lead * scale
        scale *= 10


def _height_of(value: int, top: int) -> float:
    return round(FLOOR - value / top * (FLOOR - TOP), 1)


def _column(x: float, value: int, top: int) -> Bar:
    y = _height_of(value, top)
    return Bar(x, y, _COLUMN, round(FLOOR - y, 1))


@dataclass(frozen=True, slots=True)
class Row:
    """A bar on its full length, with its share of all in per cent."""

    label: int
    count: int
    percent: int
    full: Bar
    bar: Bar


def rows(counts: Sequence[tuple[int, int]]) -> tuple[Row, ...]:
    """A bar for each (label, count), the longest as long as there is room."""
    total, most = sum(count for _, count in counts), max((count for _, count in counts), default=0)
    found = []
    for place, (label, count) in enumerate(counts):
        y = 6 + place * _ROW_STEP
        width = round(count / most * _ROW_LENGTH, 1) if most else 0.0
        percent = round(100 * count / total) if total else 0
        full, bar = Bar(ROW_START, y, _ROW_LENGTH, _ROW), Bar(ROW_START, y, width, _ROW)
        found.append(Row(label, count, percent, full, bar))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Stack:
    """Bars in one line, one for each part; `end` is where the total is written."""

    label: str
    total: int
    y: float
    bars: tuple[Bar, ...]
    end: float


def stacks(parts: Sequence[tuple[str, Sequence[int]]]) -> tuple[Stack, ...]:
    """A line of bars for each (label, parts), all to one scale; a part that isn't nothing is always seen."""
    most = max((sum(counts) for _, counts in parts), default=0)
    found = []
    for place, (label, counts) in enumerate(parts):
        y = 4 + place * _STACK_STEP
        widths = [_width(count, most) for count in counts]
        starts = [STACK_START]
        for width in widths:
            starts.append(starts[-1] + (width + _BETWEEN if width else 0))
        bars = tuple(Bar(round(x, 1), y, width, _ROW) for (x, _), width in zip(pairwise(starts), widths, strict=True))
        found.append(Stack(label, sum(counts), y, bars, round(starts[-1] + 6, 1)))
    return tuple(found)


def _width(count: int, most: int) -> float:
    return max(round(count / most * _STACK_LENGTH, 1), _LEAST) if count > 0 else 0.0
