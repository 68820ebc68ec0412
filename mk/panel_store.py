"""How the lines of the Painel are read from MongoDB: each page from one index, in its order; dictionaries stop here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.persistence.mongo import Database
from mk.domain.listing import Listed, Page, Position, Selection
from mk.ticket_documents import listed_of

VIEWS = "views"
"""The index of the filtered lists, each in its order."""

TERMS = "terms"
"""The index of what is searched for, each in the same order."""

_SHOWN = {"line": 1, "version": 1}
_NEWEST_FIRST = (("listed_at", -1), ("_id", -1))
_OLDEST_FIRST = (("listed_at", 1), ("_id", 1))
_RARE = 1001
"""Terms are counted so far, to begin with the rarest."""

Query = dict[str, Any]


async def index(database: Database) -> None:
    """Make both indexes, and that of contacts."""
    tickets = database["tickets"]
    await tickets.create_index([("views", 1), *_NEWEST_FIRST], name=VIEWS)
    await tickets.create_index([("terms", 1), *_NEWEST_FIRST], name=TERMS)
    await tickets.create_index("contact_id", name="contact", sparse=True)


class MongoPanel:
    """The tickets as the lines of the Painel."""

    def __init__(self, database: Database) -> None:
        self.tickets = database["tickets"]

    async def page(self, selection: Selection, position: Position | None, *, size: int) -> Page:
        """So many lines from a position on; from the newest without one."""
        backwards = position is not None and position.is_before
        query, by = await self.query(selection, _behind(position))
        order = _OLDEST_FIRST if backwards else _NEWEST_FIRST
        cursor = self.tickets.find(query, _SHOWN).sort(list(order)).limit(size + 1).hint(by)
        found = [listed_of(one) async for one in cursor]
        has_more, lines = len(found) > size, tuple(found[:size])
        if backwards:
            return Page(lines[::-1], has_older=True, has_newer=has_more)
        return Page(lines, has_older=has_more, has_newer=position is not None)

    async def count(self, selection: Selection, *, limit: int, newer_than: datetime | None = None) -> int:
        """How many lines there are, counted up to `limit`; with `newer_than`, those alone."""
        query, by = await self.query(selection, {"listed_at": {"$gt": newer_than}} if newer_than else {})
        counted: int = await self.tickets.count_documents(query, limit=limit, hint=by)
        return counted

    async def changed(self, versions: Mapping[str, int]) -> list[Listed]:
        """Of these tickets those that have another version by now."""
        found = [listed_of(one) async for one in self.tickets.find({"_id": {"$in": list(versions)}}, _SHOWN)]
        return [one for one in found if one.version != versions[one.line.ticket_id]]

    async def query(self, selection: Selection, place: Query) -> tuple[Query, str]:
        """What is asked for, and by which index."""
        since: Query = {"listed_at": {"$gte": selection.since}} if selection.since else {}
        where: Query = {"$and": [one for one in (place, since) if one]} if place and since else {**place, **since}
        if not selection.terms and not selection.customers:
            return {"views": selection.view, **where}, VIEWS
        ways = [await self._having_all(selection.terms)] if selection.terms else []
        if selection.customers:
            ways.append({"terms": {"$in": list(selection.customers)}})
        branches = [{**way, "views": selection.view, **where} for way in ways]
        return branches[0] if len(branches) == 1 else {"$or": branches}, TERMS

    async def _having_all(self, terms: tuple[str, ...]) -> Query:
        rarest, *others = sorted(terms, key=(await self._frequencies(terms)).__getitem__)
        # said so that the index is entered by the rarest, and by no other
        return {"terms": rarest, "$nor": [{"terms": {"$ne": one}} for one in others]} if others else {"terms": rarest}

    async def _frequencies(self, terms: tuple[str, ...]) -> dict[str, int]:
        if len(terms) == 1:
            return dict.fromkeys(terms, 0)
        return {one: await self.tickets.count_documents({"terms": one}, limit=_RARE, hint=TERMS) for one in terms}


def _behind(position: Position | None) -> Query:
    if position is None:
        return {}
    bound, beyond = ("$gte", "$gt") if position.is_before else ("$lte", "$lt")
    # the bound is the index's; of what stands at the same moment the rest is left out
    ties = [{"listed_at": {beyond: position.listed_at}}, {"_id": {beyond: position.ticket_id}}]
    return {"listed_at": {bound: position.listed_at}, "$or": ties}
