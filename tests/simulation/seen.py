"""What customers were shown of their tickets, and when: a checker finds out whether it was ever true."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.replies import TicketLine, TicketPage

_ZONE = ZoneInfo("America/Sao_Paulo")
LATITUDE = timedelta(seconds=12)
"""Clocks differ, and what was on its way when quiet hours began arrives."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look of a customer's, asked for at `at` and answered at `until`."""

    customer_id: str
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one look showed of one ticket; `entries` are (moment, type) of its timeline, None where it was a list."""

    visit: Visit
    protocol: str
    status: str
    phase: str | None
    defect_found: str | None
    entries: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """A customer has quiet hours since then, from `begins` to `ends` in the provider's zone."""

    since: float
    customer_id: str
    begins: str
    ends: str

    def covers(self, at: float) -> bool:
        """Whether they had begun and not ended by this moment, a while apart from both."""
        if at < self.since + LATITUDE.total_seconds():
            return False
        local = (datetime.fromtimestamp(at + shift, _ZONE) for shift in (-LATITUDE.total_seconds(), 0, 60))
        return all(self._holds(f"{moment:%H:%M}") for moment in local)

    def _holds(self, clock: str) -> bool:
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


@dataclass(slots=True)
class Seen:
    """Every glimpse, in the order in which they were answered."""

    glimpses: list[Glimpse] = field(default_factory=list)
    sleeps: list[Sleep] = field(default_factory=list)
    """The last choice of each customer counts."""

    missing: list[tuple[Visit, str]] = field(default_factory=list)
    """Protocols that somebody had just been shown, and that they were refused."""

    def listed(self, visit: Visit, lines: Iterable[TicketLine]) -> None:
        """Note the lines of a list."""
        self.glimpses += [Glimpse(visit, one.protocol, one.status, one.phase, one.defect_found) for one in lines]

    def refused(self, visit: Visit, protocol: str) -> None:
        """Note that a ticket wasn't there for its customer."""
        self.missing.append((visit, protocol))

    def read(self, visit: Visit, page: TicketPage) -> None:
        """Note one ticket's page."""
        entries = tuple((one.at.isoformat(), one.type) for one in page.timeline)
        self.glimpses.append(Glimpse(visit, page.protocol, page.status, page.phase, page.defect_found, entries))


@dataclass(frozen=True, slots=True)
class Arrived:
    """Something reached a customer: a mail by its notification's id, a push message by its topic.

    `durable` are the ids of all events that documents held at that moment.
    """

    at: float
    name: str
    customer_id: str
    durable: frozenset[str]
