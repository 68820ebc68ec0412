"""A collection as a service sees it, over one replica's connections."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bson.objectid import ObjectId
from pymongo import InsertOne, ReturnDocument, WriteConcern
from pymongo.results import BulkWriteResult, DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from tests.simulation.store.aggregation import aggregated
from tests.simulation.store.bulk import Bulk, Operation, runs, updating
from tests.simulation.store.cursor import SimCommandCursor, SimCursor
from tests.simulation.store.errors import Refused, command_error, write_error
from tests.simulation.store.indexes import Index
from tests.simulation.store.link import Request
from tests.simulation.store.projections import Projection, projected
from tests.simulation.store.sorting import Collation, Order, sorter
from tests.simulation.store.table import Table
from tests.simulation.store.values import Document, Value, canonical
from tests.simulation.store.writes import Answer, Updating, Write, deleted, inserted, updated

if TYPE_CHECKING:
    from tests.simulation.store.client import SimDatabase

Query = Mapping[str, Any]


class SimCollection:
    """The calls that the product makes, with PyMongo's arguments and errors; any other is an error at once."""

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

    def with_options(self, *, write_concern: WriteConcern) -> "SimCollection":
        """The same collection, for writes that are confirmed otherwise."""
        return SimCollection(self.database, self.name, majority=is_majority(write_concern))

    async def ask(
        self, perform: Callable[..., Value], *, text: Callable[[], str], retries: bool = True, mode: str = "read"
    ) -> Value:
        """One request. Raises: what the server or the driver does."""
        self._client.check_open()
        request = Request(perform, text=text, retries=retries, mode=mode)
        return await self._link.ask(request, patient=self._client.patient)

    # reading

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

    # writing

    async def insert_one(self, document: Document) -> InsertOneResult:
        """Keep a new document; without an `_id` it is given one. Raises: DuplicateKeyError."""
        document.setdefault("_id", ObjectId())
        new = canonical(document)
        await self._write(lambda by: inserted(self.table, new, by), "insert")
        return InsertOneResult(document["_id"], acknowledged=True)

    async def insert_many(self, documents: Sequence[Document]) -> InsertManyResult:
        """Keep new documents. Raises: BulkWriteError."""
        for one in documents:
            one.setdefault("_id", ObjectId())
        await self.bulk_write([InsertOne(one) for one in documents])
        return InsertManyResult([one["_id"] for one in documents], acknowledged=True)

    async def update_one(self, filter: Query, update: Value, *, upsert: bool = False) -> UpdateResult:  # noqa: A002
        """Change the first document that matches. Raises: DuplicateKeyError, WriteError."""
        what = updating(canonical(dict(filter)), update)
        what.upsert = upsert
        return await self._update(what)

    async def update_many(self, filter: Query, update: Value) -> UpdateResult:  # noqa: A002
        """Change every document that matches. Raises: WriteError."""
        what = updating(canonical(dict(filter)), update)
        what.many = True
        return await self._update(what)

    async def replace_one(self, filter: Query, replacement: Query, *, upsert: bool = False) -> UpdateResult:  # noqa: A002
        """Replace the first document that matches. Raises: DuplicateKeyError, WriteError."""
        what = updating(canonical(dict(filter)), replacement, replaces=True)
        what.upsert = upsert
        return await self._update(what)

    async def _update(self, what: Updating) -> UpdateResult:
        answer = await self._write(lambda by: updated(self.table, what, by), "update", retries=not what.many)
        raw = {"n": answer.matched or int(answer.has_upserted), "nModified": answer.modified, "ok": 1.0}
        if answer.has_upserted:
            raw["upserted"] = answer.upserted
        raw["updatedExisting"] = bool(answer.matched)
        return UpdateResult(raw, acknowledged=True)

    async def delete_one(self, filter: Query) -> DeleteResult:  # noqa: A002
        """Remove the first document that matches."""
        return await self._delete(filter, many=False)

    async def delete_many(self, filter: Query) -> DeleteResult:  # noqa: A002
        """Remove every document that matches."""
        return await self._delete(filter, many=True)

    async def _delete(self, wanted: Query, *, many: bool) -> DeleteResult:
        query = canonical(dict(wanted))
        answer = await self._write(lambda by: deleted(self.table, query, by, many=many), "delete", retries=not many)
        return DeleteResult({"n": answer.deleted, "ok": 1.0}, acknowledged=True)

    async def _write(self, run: Callable[[Write], Answer], name: str, *, retries: bool = True) -> Answer:
        write = Write(run)

        def perform() -> Answer:
            try:
                return write()
            except Refused as refused:
                raise write_error(refused) from refused

        answer: Answer = await self.ask(
            perform, text=lambda: f"{name} {self.full_name}", retries=retries, mode=self._writes_as
        )
        return answer

    async def find_one_and_update(  # noqa: PLR0913 - PyMongo's arguments
        self,
        filter: Query,  # noqa: A002 - the same
        update: Value,
        *,
        projection: Projection = None,
        sort: Order | None = None,
        upsert: bool = False,
        return_document: bool = ReturnDocument.BEFORE,
    ) -> Document | None:
        """Change the first document that matches, and return it as it was or as it is.

        Raises: DuplicateKeyError, OperationFailure.
        """
        what = updating(canonical(dict(filter)), update)
        what.upsert = upsert
        if sort:
            in_order = sorter(sort)
            what.sort = lambda found: _in_order(in_order, found)
        part = projected(projection)
        write = Write(lambda by: updated(self.table, what, by))

        def perform() -> Document | None:
            try:
                answer = write()
            except Refused as refused:
                raise command_error(refused) from refused
            document = answer.after if return_document else answer.before
            return None if document is None else part(document)

        changed: Document | None = await self.ask(
            perform, text=lambda: f"find_one_and_update {self.full_name}", mode=self._writes_as
        )
        return changed

    async def bulk_write(self, requests: Sequence[Operation], *, ordered: bool = True) -> BulkWriteResult:
        """Many writes, each for itself. Raises: BulkWriteError."""
        writes = [Write(run) for run in runs(lambda: self.table, requests)]
        bulk = Bulk(writes, requests, ordered, self._client.store.is_unlucky)
        retries = not any(type(one).__name__.endswith("Many") for one in requests)
        answer: BulkWriteResult = await self.ask(
            bulk, text=lambda: f"bulk_write {self.full_name} of {len(writes)}", retries=retries, mode=self._writes_as
        )
        return answer

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


def _in_order(
    put_in_order: Callable[[list[Document]], list[Document]], found: list[tuple[Value, Document]]
) -> list[tuple[Value, Document]]:
    by_document = {id(one): (key, one) for key, one in found}
    return [by_document[id(one)] for one in put_in_order([one for _, one in found])]


def is_majority(concern: WriteConcern) -> bool:
    """Whether what is confirmed is a majority's. Raises: NotImplementedError for neither that nor one server's."""
    if concern.document.get("w") not in {"majority", 1}:
        raise NotImplementedError(f"the write concern {concern.document} is not simulated")
    return bool(concern.document["w"] == "majority")
