"""Where MongoDB has what didn't arrive: among the deliveries, by `not_arrived`; and the addresses, by `off_since`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.service import Service
from contracts.operating import Undelivered, UndeliveredList, Unreachable, UnreachableList
from services.notifier.deliver.sending import ADDRESS_REFUSED, OVER_CAP

COUNTED = 1_000
"""How far it is counted."""

_DIDNT_ARRIVE: Sequence[Mapping[str, Any]] = (
    {"state": {"$in": ["failed", "unknown"]}},
    # was to be sent, and was held back at the last moment
    {"state": "skipped", "reason": {"$regex": f"^({ADDRESS_REFUSED}|{OVER_CAP})"}},
)


class MongoUnreached:
    """What didn't arrive, and whom no mail reaches."""

    def __init__(self, service: Service, *, off_for: timedelta) -> None:
        self._deliveries = service.database["deliveries"]
        self._contacts = service.database["contacts"]
        self._owners = service.database["addresses"]
        self._clock = service.clock
        self._off_for = off_for

    async def messages(self, since: datetime, *, limit: int) -> UndeliveredList:
        """The messages that failed since then, or that nobody knows of, the newest first."""
        # as the index wants it: what was sent has no reason
        wanted = {"reason": {"$type": "string"}, "state_at": {"$gte": since}, "$or": _DIDNT_ARRIVE}
        cursor = self._deliveries.find(wanted, {"told": 0, "outbox": 0}).sort("state_at", -1).limit(limit)
        found = [one async for one in cursor]
        sectors = await self._sectors([one for one in found if one["recipient"] == "sector"])
        total = await self._deliveries.count_documents(wanted, limit=COUNTED)
        return UndeliveredList(items=[_undelivered(one, sectors) for one in found], total=total)

    async def _sectors(self, found: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
        """Which sector a contact's mail went to, by the event that it is about."""
        events = {one["about"]["event_id"]: one["customer_id"] for one in found}
        if not events:
            return {}
        contacts = self._contacts.find(
            {"customer_id": {"$in": list(set(events.values()))}, "received.id": {"$in": list(events)}},
            {"received.id": 1, "sector_id": 1},
        )
        return {one["received"]["id"]: one["sector_id"] async for one in contacts if one.get("sector_id")}

    async def owners(self, *, limit: int) -> UnreachableList:
        """Those of whom an address is switched off, and sectors that have none, the newest first."""
        since = self._clock() - self._off_for
        wanted = {"off": {"$elemMatch": {"at": {"$gt": since}}}}
        cursor = self._owners.find(wanted).sort("off.at", -1).limit(limit)
        items = [line async for one in cursor for line in self._lines(one, since)]
        total = await self._owners.count_documents(wanted, limit=COUNTED)
        return UnreachableList(items=items, total=total)

    def _lines(self, owner: Mapping[str, Any], since: datetime) -> Iterator[Unreachable]:
        for one in owner["off"]:
            has_address = one["address"] is not None
            # that a customer has no address is no fault of a channel's
            if one["at"] > since and (has_address or owner.get("sector_id")):
                yield Unreachable(
                    customer_id=owner.get("customer_id"),
                    sector_id=owner.get("sector_id"),
                    channel="email",
                    reason=one["reason"],
                    since=one["at"],
                    until=one["at"] + self._off_for if has_address else None,
                )

    async def allow(self, owner: str) -> int:
        """Switch all addresses of an owner on again; how many were off."""
        switched = {"address": {"$type": "string"}}
        before = await self._owners.find_one_and_update({"_id": owner}, {"$pull": {"off": switched}})
        return sum(one["address"] is not None for one in (before or {}).get("off", ()))


def _undelivered(found: Mapping[str, Any], sectors: Mapping[UUID, str]) -> Undelivered:
    # customer's and sector's mail are about the same event
    sector_id = sectors.get(found["about"]["event_id"]) if found["recipient"] == "sector" else None
    return Undelivered(
        notification_id=found["_id"],
        at=found["state_at"],
        type=found["about"]["type"],
        channel=found["channel"],
        recipient=found["recipient"],
        customer_id=found["customer_id"],
        sector_id=sector_id,
        ticket_id=found["ticket_id"],
        state=found["state"],
        reason=found["reason"],
        attempts=found.get("attempts", 0),
        first_at=found.get("first_at"),
    )
