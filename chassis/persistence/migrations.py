"""Changes of a service's database, made in order and each noted: its indexes, and what new code needs of old documents.

`python -m chassis.persistence.migrations services.<name>` makes them; a service waits for them, or makes them
itself (`MIGRATES`).
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence

from pymongo.errors import DuplicateKeyError

from chassis.clock import Clock, utc_now
from chassis.observability.logging import Log, configure_logging, logger
from chassis.persistence import mongo
from chassis.settings import Settings

Step = Callable[[mongo.Database], Awaitable[object]]
"""One change, known by its function's name. It may run twice, even at the same time as itself (ADR 14)."""

NOTED = "migrations"
"""The collection of every service's database that holds what was done, by name."""


class Behind(LookupError):
    """The database is older than this code, and its migration is somebody else's (`MIGRATES=job`)."""


async def missing(database: mongo.Database, steps: Sequence[Step]) -> list[Step]:
    """The steps that were not done yet, in their order."""
    done = {noted["_id"] async for noted in database[NOTED].find({}, {"_id": 1})}
    return [step for step in steps if step.__name__ not in done]


async def migrate(
    settings: Settings, service: str, steps: Sequence[Step], *, log: Log, clock: Clock = utc_now
) -> list[str]:
    """Do what is missing, however long it takes, and return the names of what was done.

    Several may do so at the same time. A step is noted when it is done: after a crash it runs again.
    """
    client = mongo.connect(settings, patient=True)
    try:
        database = mongo.database(client, f"{settings.database_prefix}{service}")
        undone = await missing(database, steps)
        for step in undone:
            await step(database)
            await _note(database, step, number=1 + list(steps).index(step), clock=clock)
            log.info("migrated", step=step.__name__)
        return [step.__name__ for step in undone]
    finally:
        await mongo.close(client)


async def _note(database: mongo.Database, step: Step, *, number: int, clock: Clock) -> None:
    what = {"number": number, "done_at": clock()}
    try:
        await database[NOTED].update_one({"_id": step.__name__}, {"$setOnInsert": what}, upsert=True)
    except DuplicateKeyError:
        # somebody else noted it at the same moment
        return


class Migrations:
    """What stands between a starting replica and its work."""

    def __init__(self, settings: Settings, service: str, steps: Sequence[Step], *, log: Log) -> None:
        self._settings = settings
        self._service = service
        self._steps = steps
        self._log = log

    async def settle(self, database: mongo.Database) -> None:
        """Return when the database is as this code needs it. Raises: Behind where a job is to see to it."""
        if self._settings.migrates == "at_start":
            await migrate(self._settings, self._service, self._steps, log=self._log)
            return
        undone = [step.__name__ for step in await missing(database, self._steps)]
        if undone:
            raise Behind(f"the database lacks {', '.join(undone)}")


async def run(package: str) -> None:
    """Make the changes of one service, `services.tickets` for instance; what is done already is left alone."""
    settings = Settings()
    service = package.rpartition(".")[2]
    steps: Sequence[Step] = importlib.import_module(f"{package}.migrations").STEPS
    configure_logging(service, form=settings.log_format, level=settings.log_level)
    done = await migrate(settings, service, steps, log=logger())
    logger().info("database up to date", done=len(done), steps=len(steps))


def main(arguments: Sequence[str]) -> None:
    """Run as a program. Exits with 2 where it isn't told whose database, and with 1 where a step fails."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m chassis.persistence.migrations services.NAME\n")
        raise SystemExit(2)
    asyncio.run(run(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
