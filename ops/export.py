"""`atendo export`: all that is held about a customer, as JSON (R27)."""

import sys
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from chassis.clock import utc_now
from chassis.persistence.migrations import NOTED
from chassis.persistence.mongo import Database
from ops.databases import databases
from ops.dead_letters import Choice, DeadLetter, chosen
from ops.session import RefusedError, broker, visit

Held = dict[str, dict[str, list[dict[str, Any]]]]
"""Documents as they are stored, by service and collection."""

_IDS = ("_id", "ticket_id", "contact_id", "protocol")
"""Where a document says what messages about it say too."""


def export(customer: str) -> int:
    """Print all that is held about a customer as one JSON object; exit code 1 where nothing is.

    `held` are the documents of every service, `dead_letters` what waits there about the customer or their tickets.
    It is personal data, all of it: hand it to nobody else. What MK holds, MK exports.
    """

    async def work() -> None:
        async with databases() as of:
            held = await _held(of, customer)
        about = frozenset({customer, *_ids(held)})
        async with broker() as publisher, chosen(publisher, Choice(about=about)) as dead_letters:
            dead = [_described(dead_letter) for dead_letter in dead_letters]
        if not held and not dead:
            raise RefusedError(f"nothing is held about a customer {customer!r}.")
        whole = {"customer_id": customer, "exported_at": utc_now(), "held": held, "dead_letters": dead}
        sys.stdout.write(to_json(whole, indent=2).decode() + "\n")

    return visit(work)


async def _held(of: Mapping[str, Database], customer: str) -> Held:
    theirs = {"$or": [{"_id": customer}, {"customer_id": customer}]}
    held: Held = {}
    for service, database in of.items():
        for name in sorted(await database.list_collection_names()):
            found = [document async for document in database[name].find(theirs)] if name != NOTED else []
            if found:
                held.setdefault(service, {})[name] = found
    return held


def _ids(held: Held) -> set[str]:
    documents = [one for collections in held.values() for found in collections.values() for one in found]
    return {str(one[name]) for one in documents for name in _IDS if one.get(name)}


def _described(dead_letter: DeadLetter) -> dict[str, object]:
    return {
        "id": dead_letter.id,
        "service": dead_letter.service,
        "type": dead_letter.type,
        "reason": dead_letter.reason,
        "died_at": dead_letter.died_at,
        "body": dead_letter.body,
    }
