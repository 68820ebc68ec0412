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
    fields: dict[str, object] = {}
    if dataclasses.is_dataclass(record):
        fields = {one.name: getattr(record, one.name) for one in dataclasses.fields(record)}
    if isinstance(record, Said):
        fields["level"] = record.body.get("notification_level")
    return f"{type(record).__name__.lower():8} " + " ".join(
        f"{name}={value}" for name, value in fields.items() if name not in _LEFT_OUT and value not in {None, ""}
    )
