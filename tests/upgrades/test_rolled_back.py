"""What today's version stores can be read by the last release: its replicas run beside today's, and after a roll back.

A release reads the parts of a document (an event within a ticket) whole, so they keep exactly the fields that it knows;
what is new stands beside them, at the top of the document.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bson import json_util

from tests.smtp import Mailbox
from tests.system import System
from tests.upgrades.record import STORED, start, the_life, the_store

OPEN = {"facts", "addresses", "outbox", "told"}
"""Parts that are read whatever fields they have."""

LAST_RELEASE = max(Path(__file__).parent.glob("v[0-9]*"))


def fields_of_parts(documents: list[dict[str, Any]]) -> dict[str, set[str]]:
    """The names of the fields of every part, under the names that lead to it."""
    found: dict[str, set[str]] = {}
    for document in documents:
        for path, part in parts(document):
            found.setdefault(path, set()).update(part)
    return found


def parts(document: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every dictionary within a document that is no message, with the names that lead to it."""
    for name, value in document.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and not is_message(one) and name not in OPEN:
                yield f"{path}.{name}", one
                yield from parts(one, f"{path}.{name}")


def is_message(part: dict[str, Any]) -> bool:
    """Whether a part is read as messages are: with whatever fields there are."""
    return "event_id" in part and "correlation_id" in part


async def test_the_parts_of_documents_keep_the_fields_that_the_last_release_reads(
    system: System, mailbox: Mailbox
) -> None:
    released = json_util.loads((LAST_RELEASE / "stored.json").read_text(), json_options=STORED)
    await start(system, mailbox)
    await the_life(system)

    stored = await the_store(system)

    compared = 0
    for service, collections in released.items():
        for collection, kept in collections.items():
            today = fields_of_parts(stored[service].get(collection, {"documents": []})["documents"])
            for path, fields in fields_of_parts(kept["documents"]).items():
                assert today.get(path, set()) <= fields, (service, collection, path)
                compared += path in today
    assert compared > 10
