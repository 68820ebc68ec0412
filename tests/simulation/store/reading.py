"""A collection as those see it who read, over one replica's connections."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.simulation.store.aggregation import aggregated
from tests.simulation.store.cursor import SimCommandCursor, SimCursor
from tests.simulation.store.indexes import Index
from tests.simulation.store.projections import Projection, projected
from tests.simulation.store.request import Request
from tests.simulation.store.sorting import Collation, Order, sorter
from tests.simulation.store.table import Table
from tests.simulation.store.values import Document, Value, canonical

if TYPE_CHECKING:
    from tests.simulation.store.client import SimDatabase

Query = Mapping[str, Any]


class ReadCollection:
    """The calls that read, and those for indexes."""

    def __init__(self, database: "SimDatabase", name: str, *, majority: bool) -> None:
        self.database = database
        self.name = name
        self.full_name = f"{database.name}.{name}"
        self._client = database.client
        self._link = database.client.link
        self._writes_as = "majority" if majority else "one"

    @property
    def table(self) -> Table:
        """Where the documents are."""
        return self._client.store.table(self.database.name, self.name)

    async def ask(
        self, perform: Callable[..., Value], *, text: Callable[[], str], retries: bool = True, mode: str = "read"
    ) -> Value:
        """One request. Raises: what the server or the driver does."""
        return await self.asked(Request(perform, text=text, retries=retries, mode=mode))

    async def asked(self, request: Request) -> Value:
        """The answer to a request. Raises: what the server or the driver does."""
        self._client.check_open()
        return await self._link.ask(request, patient=self._client.patient)

    def find(
        self,
        filter: Query | None = None,  # noqa: A002 - PyMongo's name
        projection: Projection = None,
        *,
        batch_size: int = 0,
        collation: Collation = None,
    ) -> SimCursor:
        """The documents that match."""
        cursor = SimCursor(self, canonical(dict(filter or {})), projected(projection)).batch_size(batch_size)
        return cursor.collation(collation) if collation else cursor

    async def find_one(
        self,
        filter: Query | None = None,  # noqa: A002 - PyMongo's name
        projection: Projection = None,
        *,
        sort: Order | None = None,
    ) -> Document | None:
        """The first document that matches, or None."""
        query, part = canonical(dict(filter or {})), projected(projection)
        in_order = sorter(sort) if sort else None

        def first() -> Document | None:
            if in_order is None:
                found = self.table.first(query)
                return None if found is None else part(found[1])
            ordered = in_order([one for _, one in self.table.found(query)])
            return part(ordered[0]) if ordered else None

        answer: Document | None = await self.ask(first, text=lambda: f"find_one {self.full_name} {query}")
        return answer

    async def count_documents(self, filter: Query, *, limit: int = 0, hint: str | None = None) -> int:  # noqa: A002
        """How many match; counted up to a limit."""
        query = canonical(dict(filter))

        def count() -> int:
            self.table.check_hint(hint)
            number = sum(1 for _ in self.table.found(query))
            return min(number, limit) if limit else number

        answer: int = await self.ask(count, text=lambda: f"count {self.full_name} {query}")
        return answer

    async def estimated_document_count(self) -> int:
        """How many there are."""
        answer: int = await self.ask(
            lambda: sum(1 for _ in self.table.found({})), text=lambda: f"count {self.full_name}"
        )
        return answer

    async def aggregate(self, pipeline: Sequence[Query]) -> SimCommandCursor:
        """What a pipeline makes of the documents."""
        stages = canonical([dict(stage) for stage in pipeline])
        found = await self.ask(
            lambda: canonical(aggregated((one for _, one in self.table.found({})), stages)),
            text=lambda: f"aggregate {self.full_name} {stages}",
        )
        return SimCommandCursor(found)

    # indexes

    async def create_index(  # noqa: PLR0913 - PyMongo's arguments
        self,
        keys: str | Order,
        *,
        name: str | None = None,
        unique: bool = False,
        sparse: bool = False,
        partialFilterExpression: Query | None = None,  # noqa: N803 - MongoDB's name
        expireAfterSeconds: int | None = None,  # noqa: N803 - the same
    ) -> str:
        """Make an index unless it is there, and return its name. Raises: OperationFailure."""
        fields = [(keys, 1)] if isinstance(keys, str) else [*keys]
        named = name or "_".join(f"{field}_{direction}" for field, direction in fields)
        partial = None if partialFilterExpression is None else canonical(dict(partialFilterExpression))
        index = Index(named, fields, unique, sparse, partial, expireAfterSeconds)
        await self.ask(lambda: self.table.add_index(index), text=lambda: f"create_index {self.full_name} {named}")
        return named

    async def drop_index(self, name: str) -> None:
        """Remove an index. Raises: OperationFailure where there is none of this name."""
        await self.ask(lambda: self.table.drop_index(name), text=lambda: f"drop_index {self.full_name} {name}")

    async def index_information(self) -> dict[str, Any]:
        """The indexes by name."""
        found: dict[str, Any] = await self.ask(self.table.described, text=lambda: f"index_information {self.full_name}")
        return found
