"""The one table: what was measured of ours, of the floor and of the peers, for a terminal and as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line; a target is the most that ours should be, or the least, and may be meant of the ratio to the floor."""

    part: str
    name: str
    ours: float
    unit: str = ""
    floor: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)
    target: float | None = None
    at_least: bool = False
    of_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours ÷ the floor's, where there is a floor."""
        return self.ours / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """Whether the target is met; empty where there is none."""
        measured = self.ratio if self.of_ratio else self.ours
        if self.target is None or measured is None:
            return ""
        is_met = measured >= self.target if self.at_least else measured <= self.target
        return "met" if is_met else "missed"

    @property
    def aim(self) -> str:
        """The target as it is read."""
        if self.target is None:
            return ""
        return f"{'÷ floor ' if self.of_ratio else ''}{'≥' if self.at_least else '≤'} {self.target:g}"

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


def figure_of(document: Mapping[str, Any]) -> Figure:
    """What `Figure.document` made."""
    return Figure(**{name: document[name] for name in Figure.__slots__ if name in document})


def table(figures: Sequence[Figure]) -> Table:
    """For a terminal."""
    peers = _peers(figures)
    shown = Table(box=None, pad_edge=False)
    for number, title in enumerate(_head(peers)):
        shown.add_column(title, justify="right" if number > 1 else "left")
    part = ""
    for one in figures:
        if one.part != part:
            part = one.part
            shown.add_row(f"[bold]{part}[/]")
        colour = {"met": "green", "missed": "red"}.get(one.verdict, "default")
        *cells, verdict = _cells(one, peers)
        shown.add_row(*cells, f"[{colour}]{verdict}[/]")
    return shown


def markdown(figures: Sequence[Figure]) -> str:
    """For a page."""
    peers = _peers(figures)
    head = _head(peers)
    lines = [_line(head), "|---|---|" + "---:|" * (len(head) - 2)]
    part = ""
    for one in figures:
        if one.part != part:
            part = one.part
            lines.append(_line([f"**{part}**", *[""] * (len(head) - 1)]))
        lines.append(_line(_cells(one, peers)))
    return "\n".join(lines)


def written(value: float | None) -> str:
    """A figure with as many digits as mean something."""
    hundred, ten = 100, 10
    if value is None:
        return ""
    if value == int(value) or value >= hundred:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= ten else f"{value:.2f}"


def _peers(figures: Iterable[Figure]) -> list[str]:
    return list(dict.fromkeys(name for one in figures for name in one.peers))


def _head(peers: Sequence[str]) -> list[str]:
    return ["measured", "", "Atendo", "floor", "÷ floor", *peers, "target"]


def _cells(one: Figure, peers: Sequence[str]) -> list[str]:
    others = [written(one.peers.get(name)) for name in peers]
    target = f"{one.aim} {one.verdict}".strip()
    return [one.name, one.unit, written(one.ours), written(one.floor), written(one.ratio), *others, target]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
