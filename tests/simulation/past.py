"""What an earlier release left behind: its documents as `tests/upgrades` keeps them, and what had led to them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from bson import json_util

from chassis.persistence.migrations import NOTED
from contracts.catalogue import messages
from contracts.message import MK, Message
from tests.chaos.case import Case
from tests.chaos.evidence import REPLY, Document, Mail
from tests.chaos.expected import OPENED, Notice
from tests.chaos.history import Rated, Said, Wrote
from tests.chaos.provider import Customer
from tests.simulation.store import Store
from tests.simulation.store.table import Table
from tests.simulation.store.values import canonical, key_of
from tests.upgrades.record import STORED

_UPGRADES = Path(__file__).parents[1] / "upgrades"
_PUBLISHED = {message.routing_key(): message for message in messages()}

RELEASES = tuple(sorted(folder.name for folder in _UPGRADES.glob("v[0-9]*")))
"""Whose documents there are; the newest stands last."""


@dataclass(frozen=True, slots=True)
class Past:
    """One release's: what every service stored, by service and collection, and what was published."""

    stored: dict[str, dict[str, list[Document]]]
    events: tuple[Message, ...]
    customers: dict[str, Customer]
    left_at: datetime
    """When the last document was written."""

    known: frozenset[UUID] = field(default=frozenset())
    """The events about which it was decided whom to notify."""

    def documents(self, service: str, collection: str) -> list[Document]:
        """What one service stored in a collection."""
        return self.stored[service].get(collection, [])

    def fill(self, store: Store) -> None:
        """Have a store hold all of it."""
        for service, collections in self.stored.items():
            for name, documents in collections.items():
                _fill(store.table(service, name), documents)

    def leave_unpublished(self, store: Store, number: int) -> None:
        """Have one document's events wait in its outbox, as after a crash of the old release."""
        emitting = [one for place in (("contacts", "contacts"), ("tickets", "tickets"), ("feedback", "evaluations"))
                    for one in store.table(*place).documents.values() if one.get("told")]  # fmt: skip
        chosen = emitting[number % len(emitting)]
        chosen["outbox"] = deepcopy(chosen["told"])

    def history(self) -> Iterator[Wrote | Said | Rated]:
        """What customers and MK did, as far as it is stored."""
        at = self.left_at.timestamp()
        for one in self.documents("contacts", "contacts"):
            if not one.get("refusal"):
                received = json.loads(one["told"][0]["body"])
                request, sector = str(one["told"][0]["cause"]), received["sector"]["id"]
                yield Wrote(at, request, str(one["_id"]), one["customer_id"], sector, one["text"], acknowledged=True)
        for ticket in self.documents("tickets", "tickets"):
            yield from (_opened(at, one) for one in ticket["openings"] if one["origin"] == "operator")
            yield from (_step(at, one) for one in ticket["steps"] if one["kind"].startswith(f"{MK}."))
        for one in self.documents("feedback", "evaluations"):
            if one["answer"]:
                answer = one["answer"]["score"], one["answer"]["comment"]
                yield Rated(at, str(one["_id"]), one["customer_id"], *answer, acknowledged=True)

    def mails(self) -> list[Mail]:
        """What a mail server had taken by then."""
        sent = [one for one in self.documents("notifier", "deliveries") if one["channel"] == "email"]
        at = self.left_at.timestamp()
        return [Mail(at, str(one["_id"]), one["recipient"]) for one in sent if one["state"] == "sent"]

    @property
    def tickets(self) -> list[str]:
        """The ids of all tickets: closed, open, and one that was not opened yet."""
        return [one["_id"] for one in self.documents("tickets", "tickets")]

    @property
    def unopened(self) -> list[str]:
        """The ids of those that only steps are known of."""
        return [one["_id"] for one in self.documents("tickets", "tickets") if not one["openings"]]


def _fill(table: Table, documents: list[Document]) -> None:
    for one in documents:
        document = deepcopy(one)
        table.restore(key_of(document["_id"]), document)


def _opened(at: float, opening: Document) -> Said:
    identity = opening["cause_id"], opening["occurred_at"], opening["ticket_id"]
    return Said(at, OPENED, *identity, opening)


def _step(at: float, step: Document) -> Said:
    message, body = _PUBLISHED[step["kind"]], step["message"]
    return Said(at, message.type_name(), body["event_id"], body["occurred_at"], body["ticket_id"], body)


@cache
def of(release: str) -> Past:
    """What this release left behind; nobody may change it."""
    folder = _UPGRADES / release
    kept: dict[str, Any] = json_util.loads((folder / "stored.json").read_text(), json_options=STORED)
    # indexes and migrations are made anew
    stored = {
        service: {
            name: [canonical(one) for one in found["documents"]] for name, found in of_it.items() if name != NOTED
        }
        for service, of_it in kept.items()
    }
    published = json.loads((folder / "said.json").read_text())
    events = tuple(_PUBLISHED[one["key"]].model_validate(one["body"]) for one in published)
    customers = {one["_id"]: Customer(one["_id"], one["email"]) for one in stored["contacts"]["customers"]}
    decided = [one for name in ("contacts", "tickets") for one in stored["notifier"][name]]
    known = frozenset(decision["event_id"] for one in decided for decision in one["decisions"])
    return Past(stored, events, customers, max(event.occurred_at for event in events), known)


def with_past(case: Case, past: Past) -> Case:
    """The case with the notices that the release had decided about as it left them.

    A ticket of which only its steps were ever known is nobody's yet.
    """
    old = [_notice(one) for one in past.documents("notifier", "deliveries") if one["template"] != REPLY]
    new = [notice for notice in case.notices if notice.event_id not in past.known]
    unopened = {one for one in past.unopened if one not in case.tickets}
    tickets = [one for one in case.evidence.tickets if one["_id"] not in unopened]
    return replace(case, notices=old + new, evidence=replace(case.evidence, tickets=tickets))


def without_old_contacts(case: Case, past: Past) -> Case:
    """The case without the contacts of the past, whose receipts that release announced one by one."""
    old = {str(one["_id"]) for one in past.documents("contacts", "contacts")}
    wrote = [one for one in case.wrote if one.contact_id not in old]
    notified = [one for one in case.evidence.notified_contacts if str(one["_id"]) not in old]
    return replace(case, wrote=wrote, evidence=replace(case.evidence, notified_contacts=notified))


def _notice(one: Document) -> Notice:
    about = one["about"]
    return Notice(UUID(str(about["event_id"])), one["recipient"], one["channel"], one["customer_id"], about["type"])
