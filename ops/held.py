"""What the services hold about a customer, and under which numbers their messages may name them (R27)."""

from collections.abc import Mapping
from typing import Any

from chassis.persistence.migrations import NOTED
from chassis.persistence.mongo import Database

Held = dict[str, dict[str, list[dict[str, Any]]]]
"""Documents as they are stored, by service and collection."""

_IDS = ("_id", "ticket_id", "contact_id", "protocol")
"""Where a document says what messages about it say too."""


async def held_about(of: Mapping[str, Database], customer: str) -> Held:
    """The documents of each of these databases that are this customer's."""
    theirs = {"$or": [{"_id": customer}, {"customer_id": customer}]}
    held: Held = {}
    for service, database in of.items():
        for name in sorted(await database.list_collection_names()):
            found = [document async for document in database[name].find(theirs)] if name != NOTED else []
            if found:
                held.setdefault(service, {})[name] = found
    return held


def ids_in(held: Held, *, of: str) -> frozenset[str]:
    """The customer `of` and the numbers of their tickets, contacts, evaluations, devices, chats and notifications."""
    documents = [one for collections in held.values() for found in collections.values() for one in found]
    theirs = [one for one in documents if one.get("customer_id") == of]
    return frozenset({of, *(str(one[name]) for one in theirs for name in _IDS if one.get(name))})
