"""How the notifier keeps its figures in MongoDB: one small document for each day, channel and outcome."""

from collections.abc import Mapping
from datetime import date

from pymongo import UpdateOne

from chassis.service import Service
from contracts.operating import MessageCount
from services.notifier.deliver.figures import Place


class MongoFigures:
    """What was counted; an id begins with its day, so that the last days are a range of ids."""

    def __init__(self, service: Service) -> None:
        self._collection = service.database["figures"]

    async def add(self, counts: Mapping[Place, int]) -> None:
        """Add to what was counted."""
        await self._collection.bulk_write(
            [
                UpdateOne({"_id": "/".join(map(str, place))}, {"$inc": {"count": n}}, upsert=True)
                for place, n in counts.items()
            ],
            ordered=False,
        )

    async def since(self, day: date) -> list[MessageCount]:
        """What was counted on this day and later."""
        # what was held back and waits no more leaves a zero
        found = self._collection.find({"_id": {"$gte": str(day)}, "count": {"$gt": 0}}).sort("_id", 1)
        counted = [(one["_id"].split("/"), one["count"]) async for one in found]
        return [
            MessageCount(day=date.fromisoformat(on), channel=channel, outcome=outcome, count=count)
            for (on, channel, outcome), count in counted
        ]
