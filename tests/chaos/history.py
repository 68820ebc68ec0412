"""What was done to the product and what it answered: records in memory, and one JSON line each on disk."""

import dataclasses
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeVar

R = TypeVar("R")

KILL, AT_POINT, STOP, CUT, BROKER, DATABASE, MAIL, POISON, ROLL, PARTITION, SILENCE, RESTART = (
    "kill -9 of a service",
    "kill -9 at a code point",
    "SIGSTOP beyond the heartbeat",
    "closing of broker connections",
    "kill -9 of the broker",
    "kill -9 of mongod",
    "kill -9 of the mail server",
    "undecodable message",
    "rolling restart",
    "partition: a machine without the others",
    "partition: a machine without anybody",
    "restart of a broker node that runs and does not serve",
)
"""The kinds of faults."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """A customer wrote to a sector. Unless `acknowledged`, nobody knows whether it arrived; `refusal` is a 4xx."""

    at: float
    request_id: str
    contact_id: str
    customer_id: str
    sector_id: str
    text: str
    acknowledged: bool
    refusal: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """MK said something about a ticket, and the broker confirmed it; `times` counts the publishes."""

    at: float
    type: str
    event_id: str
    occurred_at: str
    ticket_id: str
    body: dict[str, Any]
    times: int = 1


@dataclass(frozen=True, slots=True)
class Registered:
    """MK told of a person group, and the broker confirmed it; of several words the newest `occurred_at` counts."""

    at: float
    group_id: str
    event_id: str
    occurred_at: str
    process: str


@dataclass(frozen=True, slots=True)
class Rated:
    """A customer rated a closing; `acknowledged` answers were taken, others are unknown or came second."""

    at: float
    evaluation_id: str
    customer_id: str
    score: int
    comment: str | None
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """A customer pressed a score in the chat and, below the best one, wrote why; Telegram has both."""

    at: float
    evaluation_id: str
    customer_id: str
    score: int
    comment: str | None


@dataclass(frozen=True, slots=True)
class Poisoned:
    """Something that nobody can read was confirmed by the broker; it belongs into the dead letters of `services`."""

    at: float
    mark: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsure:
    """An attempt whose outcome nobody knows: it timed out, was cut off or was told to come again."""

    at: float
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something was broken from `at` until `until`, when it was whole again."""

    at: float
    until: float
    kind: str
    target: str


@dataclass(slots=True)
class History:
    """All of it, in the order in which it became known."""

    file: Path | None = None
    records: list[object] = field(default_factory=list)
    _open: TextIO | None = None

    def note(self, record: object) -> None:
        """Keep one record."""
        self.records.append(record)
        if self.file is None:
            return
        if self._open is None:
            self._open = self.file.open("a")
        line = {"kind": type(record).__name__, **dataclasses.asdict(record)}  # type: ignore[call-overload]
        self._open.write(json.dumps(line, default=str) + "\n")
        self._open.flush()

    def of(self, kind: type[R]) -> list[R]:
        """The records of one kind."""
        return [record for record in self.records if isinstance(record, kind)]

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()


def now() -> float:
    """The clock of every record and of the mail log: seconds since 1970."""
    return time.time()
