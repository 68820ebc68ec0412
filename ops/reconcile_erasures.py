"""Whose data had to go by one service's word, and is still there by another's (R27)."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from chassis.persistence.mongo import Database
from ops.reconcile_search import BATCH, Finding, in_batches

MARKS = {
    "contacts": "customers",
    "tickets": "erasures",
    "notifier": "customers",
    "feedback": "erased",
    "mk": "erased",
}
"""Where each service keeps what MK told last of a customer, or that they had to go; the newest of either counts."""

_WITNESSES = ("tickets", "feedback")
"""Two whose marks are of erasures alone; one of them would hide its own lapses."""


async def lapses(databases: Mapping[str, Database], *, before: datetime) -> AsyncIterator[list[Finding]]:
    """Erasures from before `before` that some service never took in, batch by batch: MK has to say them again."""
    for number, witness in enumerate(_WITNESSES):
        marks = databases[witness][MARKS[witness]]
        others = _WITNESSES[:number] or tuple(name for name in MARKS if name in databases and name != witness)
        cursor = marks.find({"occurred_at": {"$lt": before}}, {"occurred_at": 1}, batch_size=BATCH)
        async for batch in in_batches(cursor):
            for other in others:
                yield await _lapses_of(other, databases[other], batch)


async def _lapses_of(service: str, database: Database, erasures: list[dict[str, Any]]) -> list[Finding]:
    known = database[MARKS[service]].find({"_id": {"$in": [one["_id"] for one in erasures]}}, {"occurred_at": 1})
    newest = {found["_id"]: found["occurred_at"] async for found in known}
    return [
        Finding(service, one["_id"], "never took in CustomerErased: have MK say it again", one["occurred_at"])
        for one in erasures
        if one["_id"] not in newest or newest[one["_id"]] < one["occurred_at"]
    ]
