"""The history of a seed, each record a readable line as well where somebody reads along."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.history import History, Said

_LEFT_OUT = {"at", "until", "body", "request_id"}


@dataclass(slots=True)
class Noting(History):
    """`line` gets each record as it comes."""

    line: Callable[[str], None] | None = None

    def note(self, record: object) -> None:
        """Keep one record."""
        History.note(self, record)
        if self.line is not None:
            self.line(short(record))


def short(record: object) -> str:
    """A record in a line."""
    is_one = dataclasses.is_dataclass(record) and not isinstance(record, type)
    fields = dataclasses.asdict(record) if is_one else {}
    more = {"level": record.body.get("notification_level")} if isinstance(record, Said) else {}
    shown = {**fields, **more}
    return f"{type(record).__name__.lower():8} " + " ".join(
        f"{name}={value}" for name, value in shown.items() if name not in _LEFT_OUT and value not in {None, ""}
    )
