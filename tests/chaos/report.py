"""What a run was and what came of it, as Markdown for the repository and as tables for the terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.machine import Machine
from tests.chaos.checker import Verdict
from tests.chaos.evidence import Evidence
from tests.chaos.history import (
    AT_POINT,
    KILL,
    Answered,
    Fault,
    History,
    Poisoned,
    Rated,
    Registered,
    Said,
    Unsure,
    Wrote,
)

_SHOWN = 20
"""Violations of one property that are written out."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run and its findings."""

    seed: int
    cluster: int
    commands: int
    rate: float
    driven_for: timedelta
    rested_after: timedelta
    hastened: int
    commit: str
    machine: Machine
    history: History
    evidence: Evidence
    verdicts: list[Verdict]

    @property
    def is_clean(self) -> bool:
        """Whether every property holds."""
        return not any(verdict.violations for verdict in self.verdicts)


Rows = list[tuple[str, ...]]


def tables(run: Run) -> list[tuple[str, Rows]]:
    """Every table as title and rows, the first row its head."""
    return [
        ("The run", _run(run)),
        ("Faults", _counted("fault", map(_fault, run.history.of(Fault)))),
        ("Commands", _commands(run)),
        ("Attempts whose outcome nobody knew, sent again", _counted("attempt", _unsure(run))),
        ("What was left behind", _left(run)),
        ("Properties", _properties(run)),
    ]


def _runs(runs: Sequence[Run]) -> Rows:
    return [
        ("seed", "nodes and members", "commands sent", "faults", "dead letters", "violations"),
        *(
            (
                str(run.seed),
                str(run.cluster),
                str(sum(int(sent) for _, sent, _ in _commands(run)[1:])),
                str(len(run.history.of(Fault))),
                str(len(run.evidence.dead)),
                str(sum(len(verdict.violations) for verdict in run.verdicts)),
            )
            for run in runs
        ),
    ]


def _run(run: Run) -> Rows:
    return [
        ("what", "value"),
        ("seed", str(run.seed)),
        ("commit", run.commit),
        ("broker nodes and database members", str(run.cluster)),
        ("commands sent", f"{run.commands}, at most {run.rate:g} a second, in {run.driven_for}"),
        ("came to rest after", str(run.rested_after)),
        ("retries brought forward at the end", f"{run.hastened}, from the rungs of 2 min and more"),
        ("machine", run.machine.text),
        ("violations", str(sum(len(verdict.violations) for verdict in run.verdicts))),
    ]


def _counted(what: str, names: Iterable[str]) -> Rows:
    counts = Counter(names)
    return [
        (what, "times"),
        *((name, str(times)) for name, times in counts.most_common()),
        ("all", str(counts.total())),
    ]


def _fault(fault: Fault) -> str:
    if fault.kind != AT_POINT:
        return fault.kind
    _, _, place = fault.target.partition(" ")
    return f"{AT_POINT}: {place}" if place else KILL


def _unsure(run: Run) -> Iterable[str]:
    return (f"{one.what}: {one.why}" for one in run.history.of(Unsure))


def _commands(run: Run) -> Rows:
    wrote, said, rated = run.history.of(Wrote), run.history.of(Said), run.history.of(Rated)
    rows = [
        ("contact", len(wrote), sum(one.acknowledged for one in wrote)),
        ("evaluation", len(rated), sum(one.acknowledged for one in rated)),
        ("evaluation in a chat", len(run.history.of(Answered)), len(run.history.of(Answered))),
        *((f"MK's {kind}", times, times) for kind, times in sorted(Counter(one.type for one in said).items())),
        ("MK's PersonGroupSaved.v1, two at once", len(run.history.of(Registered)), len(run.history.of(Registered))),
        ("undecodable message", len(run.history.of(Poisoned)), len(run.history.of(Poisoned))),
    ]
    return [("command", "sent", "acknowledged"), *((name, str(sent), str(taken)) for name, sent, taken in rows)]


def _left(run: Run) -> Rows:
    evidence = run.evidence
    states = Counter(f"{one['channel']}: {one['state']}" for one in evidence.deliveries)
    repeated = len(evidence.mails) - len({(mail.message_id, mail.recipient) for mail in evidence.mails})
    return [
        ("what", "count"),
        ("contacts", str(len(evidence.contacts))),
        ("tickets", str(len(evidence.tickets))),
        ("evaluations", str(len(evidence.evaluations))),
        *((name, str(count)) for name, count in sorted(states.items())),
        ("mails taken", str(len(evidence.mails))),
        ("mails taken once more, with the same Message-ID", str(repeated)),
        ("dead letters", str(len(evidence.dead))),
    ]


def _properties(run: Run) -> Rows:
    return [
        ("property", "promise", "violations"),
        *((verdict.name, verdict.promise, str(len(verdict.violations))) for verdict in run.verdicts),
    ]


def markdown(runs: Sequence[Run]) -> str:
    """The report of some runs as a page."""
    violations = sum(len(verdict.violations) for run in runs for verdict in run.verdicts)
    seeds = ", ".join(str(run.seed) for run in runs)
    made = "make chaos" if all(run.cluster == 1 for run in runs) else "make chaos CLUSTER=3"
    lines = ["# Chaos report", "", f"Written by `{made}`. Seeds: {seeds}. Violations: {violations}.", ""]
    lines += [
        "What the properties promise stands in `tests/chaos/`; that each of them can fail, in its planted bugs.",
        "",
    ]
    lines += [*_as_markdown(_runs(runs)), ""]
    for run in runs:
        lines += [f"## Seed {run.seed}", ""]
        for title, rows in tables(run):
            lines += [f"### {title}", "", *_as_markdown(rows), ""]
        lines += [f"- {name}: {violation}" for name, violation in _violations(run)]
    return "\n".join(lines).rstrip() + "\n"


def _as_markdown(rows: Rows) -> list[str]:
    head, *body = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return [head, "|" + "---|" * len(rows[0]), *body]


def _violations(run: Run) -> Iterator[tuple[str, str]]:
    for verdict in run.verdicts:
        yield from ((verdict.name, violation) for violation in verdict.violations[:_SHOWN])


def show(run: Run, console: Console) -> None:
    """Print it."""
    for title, rows in tables(run):
        table = Table(*rows[0], title=title, title_justify="left")
        for row in rows[1:]:
            table.add_row(*row)
        console.print(table)
    for name, violation in _violations(run):
        console.print(f"[red]{name}[/]: ", Text(violation), highlight=False, soft_wrap=True)
    console.print("No violation." if run.is_clean else "The product broke its word.", style="bold")
