"""Draws the chart of a run as SVG: what each did a second, what a contact cost it, and how long answers took."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 880, 26, 190, 90, 64
_BAR = 16
_COLOURS = ("#2563eb", "#60a5fa", "#93c5fd", "#f59e0b", "#16a34a")
_OURS, _OTHERS = "#2563eb", "#94a3b8"
_FONT = "font-family='Liberation Sans, Arial, Helvetica, sans-serif'"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, of one piece or of several on end; `note` stands behind it."""

    label: str
    pieces: Sequence[float]
    note: str
    is_ours: bool = False

    @property
    def length(self) -> float:
        """All pieces together."""
        return sum(self.pieces)


@dataclass(frozen=True, slots=True)
class Panel:
    """Some bars on one scale; `names` are those of the pieces where there are several."""

    title: str
    bars: Sequence[Bar]
    names: Sequence[str] = ()

    @property
    def height(self) -> int:
        """In pixels."""
        return 40 + ROW * len(self.bars) + (ROW if self.names else 0) + 14


def svg(panels: Sequence[Panel], *, title: str, lines: Sequence[str]) -> str:
    """The picture; `lines` stand under it: machine, versions, caveats."""
    body, top = [], TOP
    for panel in panels:
        body += list(_panel(panel, top))
        top += panel.height
    for number, line in enumerate(lines):
        body.append(_text(16, top + 16 + 16 * number, line, size=11, colour="#475569"))
    height = top + 24 + 16 * len(lines)
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' role='img'>",
            f"<title>{escape(title)}</title>",
            f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
            _text(16, 34, title, size=20, weight="bold"),
            *body,
            "</svg>",
            "",
        ]
    )


def size_of(picture: str) -> tuple[int, int]:
    """The width and height of a picture of ours, in pixels."""
    values: Mapping[str, str] = dict(
        part.split("=") for part in picture.partition(">")[0].replace("'", "").split() if part.count("=") == 1
    )
    return int(values["width"]), int(values["height"])


def _panel(panel: Panel, top: int) -> Iterator[str]:
    yield _text(16, top + 18, panel.title, size=14, weight="bold")
    longest = max((bar.length for bar in panel.bars), default=0) or 1
    for number, bar in enumerate(panel.bars):
        yield from _bar(bar, top + 34 + ROW * number, (WIDTH - LEFT - RIGHT) / longest)
    if panel.names:
        yield from _legend(panel.names, top + 34 + ROW * len(panel.bars))


def _bar(bar: Bar, top: int, scale: float) -> Iterator[str]:
    yield _text(LEFT - 10, top + 13, bar.label, size=13, weight="bold" if bar.is_ours else "normal", anchor="end")
    left = float(LEFT)
    for number, piece in enumerate(bar.pieces):
        alone = _OURS if bar.is_ours else _OTHERS
        colour = alone if len(bar.pieces) == 1 else _COLOURS[number % len(_COLOURS)]
        yield f"<rect x='{left:.1f}' y='{top}' width='{piece * scale:.1f}' height='{_BAR}' fill='{colour}'/>"
        left += piece * scale
    yield _text(left + 6, top + 13, bar.note, size=12, colour="#334155")


def _legend(names: Sequence[str], top: int) -> Iterator[str]:
    for number, name in enumerate(names):
        left = LEFT + 120 * number
        yield f"<rect x='{left}' y='{top + 2}' width='12' height='12' fill='{_COLOURS[number % len(_COLOURS)]}'/>"
        yield _text(left + 18, top + 13, name, size=12, colour="#334155")


def _text(  # noqa: PLR0913 - keyword-only after three
    x: float, y: float, text: str, *, size: int, weight: str = "normal", colour: str = "#0f172a", anchor: str = "start"
) -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    return f"<text {place} {_FONT} font-size='{size}' font-weight='{weight}' fill='{colour}'>{escape(text)}</text>"
