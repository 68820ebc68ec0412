"""What a benchmark found: one table for people, and the same as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from bench.figures import Spread, median
from bench.machine import Machine
from bench.mailing import Mailing
from bench.measuring import PATH, Capacity, Latency
from bench.startup import Start

CAVEAT = (
    "Everything, the load generator and the mail sink included, shares these cores with whatever else runs here: "
    "read the ratios to the floor before the absolute figures."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; a target is the most that it should be, or the least."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the target is met; empty where there is none."""
        if self.target is None:
            return ""
        is_met = self.value >= self.target if self.at_least else self.value <= self.target
        return "met" if is_met else "missed"


@dataclass(slots=True)
class Findings:
    """All that was measured in one run; of several rounds and starts the median is shown, and all are kept."""

    per_second: int
    burst: int
    latency: Latency
    ours: Sequence[Capacity]
    floor: Sequence[Capacity]
    idle_memory: Mapping[str, float]
    later_memory: Mapping[str, float]
    starts: Mapping[str, Sequence[Start]]
    imports: Mapping[str, float] = field(default_factory=dict)
    mailing: Mapping[str, Sequence[Mailing]] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """The figures in the order in which they are read."""
        return [*self._latencies(), *self._capacities(), *self._mailings(), *self._idling()]

    def _latencies(self) -> Iterator[Row]:
        yield from _spread(f"POST /v1/contacts answered, {self.per_second}/s", self.latency.answers, p99=50)
        yield from _spread("POST → both e-mails handed over", self.latency.mails, p50=60, p99=250)
        yield Row("posts turned away (503) and sent again", self.latency.turned_away, "", 0)
        yield Row("the generator's own lateness p99", self.latency.lateness.p99, "ms")

    def _capacities(self) -> Iterator[Row]:
        burst = f"burst of {self.burst}"
        yield from _beside(f"{burst}: contacts/s until both mails", burst, _rate(self.ours), _rate(self.floor))
        path = "CPU per contact, contacts + tickets + notifier"
        yield from _beside(path, path, _path_cpu(self.ours), _path_cpu(self.floor), unit="ms")
        for name in (*PATH, "edge", "feedback", "mk", "rabbitmq", "mongod"):
            yield Row(f"CPU per contact, {name}", _cpu(self.ours, name), "ms")
        for name in (*PATH, "rabbitmq", "mongod"):
            yield Row(f"the floor's CPU per contact, {name}", _cpu(self.floor, name), "ms")

    def _mailings(self) -> Iterator[Row]:
        for kind, rounds in self.mailing.items():
            per_second, cpu = median([one.per_second for one in rounds]), median([one.cpu_ms for one in rounds])
            yield Row(f"mails/s of one notifier, {kind}", per_second, "/s", 250, at_least=True)
            yield Row(f"its CPU per mail, {kind}", cpu, "ms", 1.3)

    def _idling(self) -> Iterator[Row]:
        for name, megabytes in self.idle_memory.items():
            # MK's stand-in is no service of ours
            yield Row(f"resident at rest, {name}", megabytes, "MB", None if name == "mk" else 90)
        for name, megabytes in self.later_memory.items():
            yield Row(f"resident after the load, {name}", megabytes, "MB")
        for name, starts in self.starts.items():
            yield Row(f"start until ready, {name}", median([one.ready for one in starts]), "s", 2)
            yield Row(f"its processor time, {name}", median([one.cpu for one in starts]), "s")
        for name, seconds in self.imports.items():
            yield Row(f"Python and imports alone, {name}", seconds, "s")


def _beside(title: str, short: str, ours: float, floor: float, *, unit: str = "/s") -> Iterator[Row]:
    yield Row(title, ours, unit)
    yield Row(f"{short}: the floor's", floor, unit)
    yield Row(f"{short}: ours / floor", ours / floor, "")


def _rate(runs: Sequence[Capacity]) -> float:
    return median([one.per_second for one in runs])


def _path_cpu(runs: Sequence[Capacity]) -> float:
    return median([one.path_cpu_ms for one in runs])


def _cpu(runs: Sequence[Capacity], name: str) -> float:
    return median([one.cpu_ms[name] for one in runs])


def _spread(name: str, spread: Spread, *, p50: float | None = None, p99: float | None = None) -> Iterator[Row]:
    yield Row(f"{name} p50", spread.p50, "ms", p50)
    yield Row(f"{name} p99", spread.p99, "ms", p99)
    yield Row(f"{name} max", spread.max, "ms")


def table(rows: Sequence[Row]) -> Table:
    """Return the table that is shown."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("figure")
    for title in ("target", "measured"):
        shown.add_column(title, justify="right")
    shown.add_column("")
    for row in rows:
        colour = {"met": "green", "missed": "red"}.get(row.verdict, "default")
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g} {row.unit}"
        shown.add_row(row.name, target, f"{_written(row.value)} {row.unit}", f"[{colour}]{row.verdict}[/]")
    return shown


def _written(value: float) -> str:
    hundred = 100
    return f"{value:.0f}" if value >= hundred else f"{value:.2f}"


def document(findings: Findings, machine: Machine, command: str) -> dict[str, Any]:
    """Return the same as JSON, with every round and every start."""
    return {
        "machine": asdict(machine),
        "command": command,
        "caveat": CAVEAT,
        "figures": [{**asdict(row), "verdict": row.verdict} for row in findings.rows()],
        "rounds": {"ours": [asdict(one) for one in findings.ours], "floor": [asdict(one) for one in findings.floor]},
        "starts": {name: [asdict(one) for one in starts] for name, starts in findings.starts.items()},
    }
