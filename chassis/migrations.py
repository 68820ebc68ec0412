"""Changes of a service's database, made in order and each noted: its indexes, and what new code needs of old documents.

`python -m chassis.migrate services.<name>` makes them; a service waits for them, or makes them itself (`MIGRATES`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from chassis import store
from chassis.clock import Clock, utc_now
from chassis.settings import Settings
from chassis.telemetry import Log

Step = Callable[[store.Database], Awaitable[object]]
"""One change, known by its function's name. It may run twice, even at the same time as itself (ADR 14)."""

NOTED = "migrations"
"""The collection of every service's database that holds what was done, by name."""

LOOK_EVERY = timedelta(seconds=2)


async def missing(database: store.Database, steps: Sequence[Step]) -> list[Step]:
    """The steps that were not done yet, in their order."""
    done = {noted["_id"] async for noted in database[NOTED].find({}, {"_id": 1})}
    return [step for step in steps if step.__name__ not in done]


async def migrate(
    settings: Settings, service: str, steps: Sequence[Step], *, log: Log, clock: Clock = utc_now
) -> list[str]:
    """Do what is missing, however long it takes, and tell the names of what was done.

    Several may do so at the same time. A step is noted when it is done: after a crash it runs again.
    """
    client = store.connect(settings, patient=True)
    try:
        database = store.database(client, f"{settings.database_prefix}{service}")
        undone = await missing(database, steps)
        for step in undone:
            await step(database)
            await _note(database, step, number=1 + list(steps).index(step), clock=clock)
            log.info("migrated", step=step.__name__)
        return [step.__name__ for step in undone]
    finally:
        await store.close(client)


async def _note(database: store.Database, step: Step, *, number: int, clock: Clock) -> None:
    what = {"number": number, "done_at": clock()}
    try:
        await database[NOTED].update_one({"_id": step.__name__}, {"$setOnInsert": what}, upsert=True)
    except DuplicateKeyError:
        # somebody else noted it at the same moment
        return


class Migrations:
    """What stands between a starting replica and its work; `trouble` says so, in words for `/health/ready`."""

    def __init__(
        self, settings: Settings, service: str, steps: Sequence[Step], *, database: store.Database, log: Log
    ) -> None:
        self.trouble = ""
        self._settings = settings
        self._service = service
        self._steps = steps
        self._database = database
        self._log = log

    async def settle(self) -> None:
        """Return when the database is as this code needs it; with `MIGRATES=job`, wait until somebody saw to it."""
        if self._settings.migrates == "at_start":
            await migrate(self._settings, self._service, self._steps, log=self._log)
            return
        while undone := [step.__name__ for step in await missing(self._database, self._steps)]:
            if not self.trouble:
                self._log.error("the database is older than this code: run its migrations", missing=undone)
            self.trouble = f"the database lacks {', '.join(undone)}"
            await asyncio.sleep(LOOK_EVERY.total_seconds())
        self.trouble = ""
