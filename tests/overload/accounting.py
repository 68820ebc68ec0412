"""What became of the contacts that were written: tickets, inbox items and mails, once the product has come to rest."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pymongo import AsyncMongoClient

from bench import provider
from bench.mails import tally
from bench.product import Product
from bench.smtp import Mail
from tests.chaos.gathering import Gatherer
from tests.overload.crowd import Written

Document = dict[str, object]

_LOOKS = 3
_LOOK_EVERY = timedelta(seconds=1)


class NotDrained(Exception):
    """Something still waits; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Account:
    """Every acknowledged contact, and what is wrong with some."""

    acknowledged: int
    handled: int
    without_ticket: int
    doubled_tickets: int
    without_mails: int
    doubled_mails: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        return not (self.without_ticket or self.doubled_tickets or self.without_mails or self.doubled_mails)


def account(product: Product, written: Mapping[str, Written], mails: Collection[Mail]) -> Account:
    """Take account of all contacts that were ever written, by marker, and of all mails that came."""
    taken = {mark: one for mark, one in written.items() if one.is_acknowledged}
    tickets = asyncio.run(_tickets(product))
    # what the edge gave up may have got through: it may not be doubled either
    found = tally(mails, written, sector=provider.SECTOR_EMAIL)
    return Account(
        acknowledged=len(taken),
        handled=sum(one.contact_id in tickets for one in written.values()),
        without_ticket=sum(one.contact_id not in tickets for one in taken.values()),
        doubled_tickets=sum(count > 1 for count in tickets.values()),
        without_mails=len(taken.keys() & set(found.lost)),
        doubled_mails=len(found.doubled),
    )


async def _tickets(product: Product) -> Counter[str]:
    async with AsyncMongoClient[Document](product.addresses["MONGO_URL"]) as client:
        opened = client["tickets"]["tickets"].find({"openings.contact_id": {"$exists": True}}, {"openings": 1})
        return Counter([_contact_of(one) async for one in opened])


def _contact_of(ticket: Document) -> str:
    openings = ticket["openings"]
    return str(openings[0]["contact_id"]) if isinstance(openings, list) else ""


async def counted(product: Product, contacts: Collection[str]) -> tuple[int, int]:
    """How many of these contacts have a ticket by now, and how many of those tickets an item in the inbox."""
    async with AsyncMongoClient[Document](product.addresses["MONGO_URL"]) as client:
        wanted = {"openings.contact_id": {"$in": list(contacts)}}
        tickets = [one["_id"] async for one in client["tickets"]["tickets"].find(wanted, {"_id": 1})]
        items = {"ticket_id": {"$in": tickets}, "channel": "inbox", "state": "sent"}
        return len(tickets), await client["notifier"]["deliveries"].count_documents(items)


def drained(product: Product, *, within: timedelta, hasten: bool = False) -> timedelta:
    """Wait until no queue and no outbox holds anything, and return how long that took. Raises: NotDrained.

    With `hasten`, retries that would wait for minutes are brought forward.
    """
    return asyncio.run(_drained(product, within, hasten=hasten))


async def _drained(product: Product, within: timedelta, *, hasten: bool) -> timedelta:
    gatherer = Gatherer(product.addresses["AMQP_URL"], product.addresses["MONGO_URL"])
    began, quiet_since = time.monotonic(), time.monotonic()
    quiet = 0
    while quiet < _LOOKS:
        if hasten:
            await gatherer.hasten()
        busy = {
            name: count for name, count in {**await gatherer.depths(), **await gatherer.outboxes()}.items() if count
        }
        quiet_since = quiet_since if quiet else time.monotonic()
        quiet = 0 if busy else quiet + 1
        if busy and time.monotonic() - began > within.total_seconds():
            raise NotDrained(", ".join(f"{name}: {count}" for name, count in busy.items()))
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
    return timedelta(seconds=quiet_since - began)
