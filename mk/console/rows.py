"""The rows of the Painel, with names where MK knows them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from mk.console.static_files import ROOT
from mk.console.wording import LEVEL_CHIPS, ORIGINS, STATE_CHIPS, Chip
from mk.domain.listing import Line, Listed
from mk.domain.register import Names
from mk.ports import Register


@dataclass(frozen=True, slots=True)
class Row:
    """A line as a row: `key` is what its element is called by, `version` what it shows."""

    line: Line
    key: str
    version: int
    href: str
    customer: str
    sector: str
    is_changed: bool = False

    @property
    def level(self) -> Chip | None:
        """The notification level."""
        return LEVEL_CHIPS[self.line.level] if self.line.level else None

    @property
    def origin(self) -> str:
        """Where it came from."""
        return ORIGINS[self.line.origin] if self.line.origin else "—"

    @property
    def evaluation(self) -> Chip | None:
        """The state of its evaluation, unless it wasn't asked for or was answered."""
        return STATE_CHIPS.get(self.line.evaluation) if self.line.evaluation else None


async def rows(listed: Iterable[Listed], known: Register, *, changed: bool = False) -> list[Row]:
    """The rows of these lines; `changed` where they are others than the page shows."""
    listed = list(listed)
    names = await known.names(customers={one.line.customer_id for one in listed if one.line.customer_id})
    return [_row(one, names, changed=changed) for one in listed]


def _row(one: Listed, names: Names, *, changed: bool) -> Row:
    line = one.line
    return Row(
        line=line,
        key=key(line.ticket_id),
        version=one.version,
        href=address(line.ticket_id, line.protocol),
        customer=names.customers.get(line.customer_id or "", line.customer_id or "—"),
        sector=names.sectors.get(line.sector_id or "", line.sector_id or "—"),
        is_changed=changed,
    )


def key(ticket_id: str) -> str:
    """A name for an element: MK's ids may hold anything."""
    return hashlib.sha256(ticket_id.encode()).hexdigest()[:16]


def address(ticket_id: str, protocol: str | None) -> str:
    """A ticket's page; by its protocol where its id can't be a part of a path."""
    name = protocol if protocol and ("/" in ticket_id or ticket_id in {".", "..", "novo"}) else ticket_id
    return f"{ROOT}/atendimentos/{quote(name, safe='')}"
