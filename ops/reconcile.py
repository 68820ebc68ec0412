"""`atendo reconcile`: what one service told and another never took in, and telling it again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from cyclopts import Parameter
from rich.progress import Progress
from rich.table import Table

from chassis.clock import utc_now
from chassis.messaging.publisher import Publisher
from chassis.persistence.outbox import Entry
from contracts import topology
from ops.console import age, console
from ops.databases import databases
from ops.dead_letters import waiting
from ops.reconcile_erasures import lapses
from ops.reconcile_search import Finding, Search
from ops.session import RefusedError, broker, visit

FOUND = 2
"""The exit code where something is missing or contradictory."""

_SHOWN = 200
_REPAIRABLE, _PUBLISHED_AGAIN, _HELD_BACK, _BY_HAND = "repairable", "told again", "held back", "by hand"

Length = Annotated[str, Parameter(help="A length of time, as 60s, 10m, 2h.")]


def reconcile(
    *,
    repair: bool = False,
    service: str | None = None,
    grace: Length = "60s",
    stuck: Length = "5m",
    force: bool = False,
) -> int:
    """Compare the services' databases and print what is missing or contradictory; exit code 2 where something is.

    With `--repair`, what a service never took in is told again, word for word; whoever knows it finds it done.
    `--service` asks what that one is missing. What was told less than `--grace` ago may still be under way. An event
    that has been in an outbox for longer than `--stuck` is shown. What may wait on a service's ladder or among its dead
    letters is held back, unless you `--force` it. A summary says what has to be mended by hand: see docs/runbook.md.
    """
    found: Counter[tuple[str, str, str]] = Counter()

    async def work() -> None:
        if service is not None and service not in topology.LISTENS:
            raise RefusedError(f"there is no service {service!r}: one of {', '.join(topology.LISTENS)}.")
        now = utc_now()
        async with broker() as publisher, databases(mk=True) as of:
            held = {} if force else await waiting(publisher, {"retry", "dead"})
            report = Report(repair=repair, service=service, held=held, counts=found)
            await _look(Search(of, now - age(grace), now - age(stuck)), report, publisher)
        report.print()

    return visit(work) or (FOUND if found else 0)


async def _look(search: Search, report: "Report", publisher: Publisher) -> None:
    with Progress(console=console(), transient=True) as progress:
        task = progress.add_task("comparing", total=await search.size())
        async for looked_at, findings in search.findings():
            progress.advance(task, looked_at)
            for finding in findings:
                entry = report.take(finding)
                if entry is not None:
                    await publisher.publish(replace(entry.outgoing, app_id=finding.publisher))
        async for findings in lapses(search.databases, before=search.before):
            for finding in findings:
                report.take(finding)


@dataclass(slots=True)
class Report:
    """What was found: all of it counted, the first of it shown."""

    repair: bool
    service: str | None
    held: Mapping[str, int]
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _shown: list[tuple[Finding, str]] = field(default_factory=list)

    def take(self, finding: Finding) -> Entry | None:
        """Count one finding, and return what is to be told again for it."""
        if self.service not in {None, finding.service}:
            return None
        outcome = self._outcome(finding)
        self.counts[finding.service, finding.problem, outcome] += 1
        if len(self._shown) < _SHOWN:
            self._shown.append((finding, outcome))
        return finding.entry if outcome == _PUBLISHED_AGAIN else None

    def _outcome(self, finding: Finding) -> str:
        if finding.entry is None:
            return _BY_HAND
        if not self.repair:
            return _REPAIRABLE
        return _HELD_BACK if finding.service in self.held else _PUBLISHED_AGAIN

    def print(self) -> None:
        """Print what was found, and what it sums up to."""
        for service, count in sorted(self.held.items()):
            print(f"{service}: {count} messages on its ladder or among its dead letters; what it lacks may be there.")
        if not self.counts:
            print("Nothing is missing.")
            return
        screen = console()
        screen.print(self._findings())
        screen.print(self._summary())

    def _findings(self) -> Table:
        table = Table("service", "about", "problem", "told", "outcome", box=None)
        for finding, outcome in self._shown:
            at = finding.at.strftime("%d/%m %H:%M:%S") if finding.at else ""
            table.add_row(finding.service, finding.subject, finding.problem, at, outcome)
        if (rest := self.counts.total() - len(self._shown)) > 0:
            table.add_row("…", f"and {rest} more")
        return table

    def _summary(self) -> Table:
        table = Table("service", "problem", "outcome", "count", box=None)
        for (service, problem, outcome), count in sorted(self.counts.items()):
            table.add_row(service, problem, outcome, str(count))
        return table
