"""A collection as a service sees it, over one replica's connections."""

from collections.abc import Callable, Sequence

from bson.objectid import ObjectId
from pymongo import InsertOne, ReturnDocument, WriteConcern
from pymongo.results import BulkWriteResult, DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from tests.simulation.store.bulk import Bulk, Operation, runs, updating
from tests.simulation.store.errors import Refused, command_error, write_error
from tests.simulation.store.projections import Projection, projected
from tests.simulation.store.reading import Query, ReadCollection
from tests.simulation.store.request import Request
from tests.simulation.store.sorting import Order, sorter
from tests.simulation.store.values import Document, Value, canonical
from tests.simulation.store.writes import Answer, Updating, Write, deleted, inserted, updated


class SimCollection(ReadCollection):
    """The calls that the product makes, with PyMongo's arguments and errors; any other is an error at once."""

    def with_options(self, *, write_concern: WriteConcern) -> "SimCollection":
        """The same collection, for writes that are confirmed otherwise."""
        return SimCollection(self.database, self.name, majority=is_majority(write_concern))

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
        request = Request(bulk, text=lambda: f"bulk_write {self.full_name} of {len(writes)}", retries=retries)
        request.mode = self._writes_as
        request.in_parts = True
        answer: BulkWriteResult = await self.asked(request)
        return answer


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
