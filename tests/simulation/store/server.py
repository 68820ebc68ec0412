"""The store that all replicas share: its databases, and what befalls it as a whole."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chassis.clock import utc_now
from tests.simulation.store.faults import Faults
from tests.simulation.store.table import Done, Table
from tests.simulation.store.values import Document, copied

if TYPE_CHECKING:
    from tests.simulation.store.link import Link

Trace = Callable[[str], None]


class Store:
    """A replica set: one server that takes writes, some that follow it.

    Chance and the loop's time decide everything. `clock` is what documents expire by. `trace` receives a line for each
    request that is carried out, answered or lost, if it is set.
    """

    def __init__(
        self, chance: random.Random, *, clock: Callable[[], datetime] = utc_now, faults: Faults | None = None
    ) -> None:
        self.chance = chance
        self.clock = clock
        self.faults = faults or Faults()
        self.trace: Trace | None = None
        self.tables: dict[tuple[str, str], Table] = {}
        self.is_present = True
        self.is_stalled = False
        self._links: dict[str, Link] = {}
        self._journal: list[Done] = []
        self._confirmed = 0

    # what it holds

    def table(self, database: str, collection: str) -> Table:
        """A collection, made where it is asked for first."""
        found = self.tables.get((database, collection))
        if found is None:
            found = Table(f"{database}.{collection}", self._journal, self.clock)
            self.tables[database, collection] = found
        return found

    def databases(self) -> dict[str, dict[str, list[Document]]]:
        """Everything: copies of the documents, by database and collection, for a checker."""
        found: dict[str, dict[str, list[Document]]] = {}
        for database, collection in self.tables:
            found.setdefault(database, {})[collection] = self.documents(database, collection)
        return found

    def documents(self, database: str, collection: str) -> list[Document]:
        """Copies of a collection's documents, in the order in which they were inserted."""
        table = self.table(database, collection)
        table.sweep()
        return [copied(one) for one in table.documents.values()]

    # what happens to it

    def leave(self) -> None:
        """From now on no server takes writes; what is on its way is lost, or its answer is."""
        self.is_present = False
        self._break()

    def come_back(self) -> None:
        """A server takes writes again."""
        self.is_present = True
        for link in self._links.values():
            link.reconsider()

    def fail_over(self, lasts: float) -> None:
        """Another server is to take writes, `lasts` seconds from now.

        It may lack the latest writes: those that no majority had, which nobody was promised and nobody has read.
        """
        self.leave()
        lost = self.chance.randint(0, len(self._journal))
        for done in reversed(self._journal[len(self._journal) - lost :]):
            done.undo()
        self.confirm()
        asyncio.get_running_loop().call_later(lasts, self.come_back)

    def stall(self) -> None:
        """No other server follows any more: what is written is written, and not answered until it is `resume`d."""
        self.is_stalled = True

    def resume(self) -> None:
        """The others follow again."""
        self.is_stalled = False
        for link in self._links.values():
            link.answer_stalled()

    def cut(self, name: str) -> None:
        """Separate a replica from the store, by its client's name."""
        self.link(name).cut()

    def mend(self, name: str) -> None:
        """Join a replica to the store again."""
        self.link(name).mend()

    def _break(self) -> None:
        for link in self._links.values():
            link.break_off()

    # for those who carry out requests

    def link(self, name: str) -> "Link":
        """The connection of a replica's clients."""
        from tests.simulation.store.link import Link  # noqa: PLC0415 - each knows the other

        found = self._links.get(name)
        if found is None:
            found = self._links[name] = Link(self, name)
        return found

    def is_unlucky(self) -> bool:
        """Whether a write of a bulk is refused for no reason of its own."""
        share = self.faults.refused_writes
        return bool(share) and self.chance.random() < share

    def position(self) -> int:
        """How far has been written."""
        return self._confirmed + len(self._journal)

    def confirm(self, position: int | None = None) -> None:
        """What was written until then is a majority's: no failover takes it back."""
        number = len(self._journal) if position is None else position - self._confirmed
        if number > 0:
            del self._journal[:number]
            self._confirmed += number

    def names(self, database: str) -> Sequence[str]:
        """The collections of a database that hold anything or have an index."""
        return [
            name for (of, name), table in self.tables.items() if of == database and (table.documents or table.indexes)
        ]
