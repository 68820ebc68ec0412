"""What was seen, as rows for people."""

from collections import Counter
from collections.abc import Iterator, Mapping

from rich.table import Table

from bench.figures import Spread
from tests.overload.accounting import Account
from tests.overload.mailing import Mailing, Phase
from tests.overload.overloading import MAX_MEGABYTES, TIMES, Overload
from tests.overload.restarting import Restart

Row = tuple[str, str]


def table(title: str, rows: Iterator[Row]) -> Table:
    """Return the table that is shown."""
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    for row in rows:
        shown.add_row(*row)
    return shown


def of_overload(seen: Overload) -> Iterator[Row]:
    """Tell of an overload."""
    yield "load average before, after", f"{seen.load[0]:.1f}, {seen.load[1]:.1f}"
    yield "carried, from post to both mails", f"{seen.carries:.0f} contacts/s"
    yield f"posted, {TIMES} times that", f"{seen.per_second} contacts/s for {seen.seconds:.0f} s"
    yield "answers", _counts(seen.statuses)
    yield "without 202, or 429 and 503 with Retry-After", str(seen.untold)
    yield "202 after", _times(seen.accepted_after)
    yield "turned away after", _times(seen.turned_away_after) if seen.turned_away_after else "none was"
    yield f"most memory, less than {MAX_MEGABYTES} MB a service", _sizes(seen.megabytes)
    yield "drained after", f"{seen.drained_after.total_seconds():.0f} s"
    yield from _of_account(seen.account)


def of_restart(seen: Restart) -> Iterator[Row]:
    """Tell of a rolling restart."""
    yield "requests", str(seen.requests)
    yield "sent a second time, after", _counts(seen.first)
    yield "failed the second time, too", _counts(seen.failed)
    yield "away for", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in seen.away.items())
    yield "drained after", f"{seen.drained_after.total_seconds():.0f} s"
    yield from _of_account(seen.account)


def of_mailing(seen: Mailing) -> Iterator[Row]:
    """Tell of a mail server in trouble."""
    for phase in seen.phases:
        yield (
            f"the mail server {phase.name}" if phase.name != "as always" else "as always",
            _sentence(phase),
        )
    yield "all mails after", f"{seen.drained_after.total_seconds():.0f} s"
    yield from _of_account(seen.account)


def _sentence(phase: Phase) -> str:
    made = f"{phase.acknowledged} contacts: {phase.tickets} tickets, {phase.items} inbox items"
    return f"{made} {phase.after:.1f} s after the last; {phase.mails} of {2 * phase.acknowledged} mails"


def _of_account(found: Account) -> Iterator[Row]:
    yield "acknowledged, handled", f"{found.acknowledged}, {found.handled} in the whole run"
    yield "without a ticket, with two", f"{found.without_ticket}, {found.doubled_tickets}"
    yield "without both mails, with more", f"{found.without_mails}, {found.doubled_mails}"


def _counts(found: Mapping[int, int]) -> str:
    named = Counter({str(status or "no answer"): count for status, count in found.items()})
    return ", ".join(f"{count} with {name}" for name, count in named.most_common()) or "none"


def _times(spread: Spread) -> str:
    return f"{spread.p50:.0f} ms (p50), {spread.p99:.0f} ms (p99), {spread.max:.0f} ms at most"


def _sizes(megabytes: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {mb:.0f}" for name, mb in megabytes.items())
