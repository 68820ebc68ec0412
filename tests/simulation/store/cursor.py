"""Cursors: documents in batches, each of which is a request."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pymongo.errors import InvalidOperation

from tests.simulation.store.queries import matches
from tests.simulation.store.sorting import Collation, sorter
from tests.simulation.store.values import Document, Value

if TYPE_CHECKING:
    from tests.simulation.store.reading import ReadCollection

_FIRST_BATCH = 101
"""The server's own."""


class SimCursor:
    """What `find` gives: nothing is asked of the store before the first document is."""

    def __init__(
        self, collection: "ReadCollection", query: Mapping[str, Any], part: Callable[[Document], Document]
    ) -> None:
        self._collection = collection
        self._query = query
        self._part = part
        self._order: list[tuple[str, int]] = []
        self._skip = 0
        self._limit = 0
        self._batch = _FIRST_BATCH
        self._hint: str | None = None
        self._collation: Collation = None
        self._documents: AsyncIterator[Document] | None = None

    def sort(self, by: str | Sequence[tuple[str, int]], direction: int = 1) -> "SimCursor":
        """Put the documents in an order."""
        self._check_unused()
        self._order = [(by, direction)] if isinstance(by, str) else [*by]
        return self

    def limit(self, limit: int) -> "SimCursor":
        """Give so many at most; 0 is no limit."""
        self._check_unused()
        self._limit = abs(limit)
        return self

    def skip(self, skip: int) -> "SimCursor":
        """Leave out the first."""
        self._check_unused()
        self._skip = skip
        return self

    def hint(self, index: str | None) -> "SimCursor":
        """Name the index to use: there must be one of this name."""
        self._check_unused()
        self._hint = index
        return self

    def batch_size(self, size: int) -> "SimCursor":
        """Get so many with a request."""
        self._check_unused()
        self._batch = size or _FIRST_BATCH
        return self

    def collation(self, collation: Collation) -> "SimCursor":
        """Compare text by a language's rules."""
        self._check_unused()
        sorter([], collation)
        self._collation = collation
        return self

    def _check_unused(self) -> None:
        if self._documents is not None:
            raise InvalidOperation("cannot set options after executing query")

    def __aiter__(self) -> AsyncIterator[Document]:
        return self

    async def __anext__(self) -> Document:
        if self._documents is None:
            self._documents = self._all()
        return await anext(self._documents)

    async def to_list(self, length: int | None = None) -> list[Document]:
        """What is left of the documents, or so many of them."""
        found: list[Document] = []
        while length is None or len(found) < length:
            try:
                found.append(await anext(self))
            except StopAsyncIteration:
                break
        return found

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _all(self) -> AsyncIterator[Document]:
        collection = self._collection
        chosen, first = await collection.ask(self._first_batch, text=self._text)
        for one in first:
            yield one
        while chosen:
            batch, chosen = chosen[: self._batch], chosen[self._batch :]
            for one in await collection.ask(
                lambda batch=batch: self._next_batch(batch), text=self._text, retries=False
            ):
                yield one

    def _text(self) -> str:
        return f"find {self._collection.full_name} {dict(self._query)}"

    def _first_batch(self) -> tuple[list[tuple[Value, Document]], list[Document]]:
        table = self._collection.table
        table.check_hint(self._hint)
        found: Iterator[tuple[Value, Document]] = table.found(self._query)
        if self._order:
            by_document = {id(one): (key, one) for key, one in found}
            ordered = sorter(self._order, self._collation)([one for _, one in by_document.values()])
            chosen = [by_document[id(one)] for one in ordered]
        else:
            chosen = list(found)
        chosen = chosen[self._skip : self._skip + self._limit if self._limit else None]
        return chosen[self._batch :], [self._part(one) for _, one in chosen[: self._batch]]

    def _next_batch(self, chosen: list[tuple[Value, Document]]) -> list[Document]:
        if self._order:
            # sorted in the server's memory: as they were then
            return [self._part(one) for _, one in chosen]
        documents = self._collection.table.documents
        now = [documents[key] for key, _ in chosen if key in documents]
        return [self._part(one) for one in now if matches(one, self._query)]


class SimCommandCursor:
    """What `aggregate` gives: to be awaited first, as PyMongo's is."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents = iter(documents)

    def __aiter__(self) -> AsyncIterator[Document]:
        return self

    async def __anext__(self) -> Document:
        for one in self._documents:
            return one
        raise StopAsyncIteration

    async def to_list(self, length: int | None = None) -> list[Document]:
        """What is left of the documents."""
        return [one async for one in self][:length]
