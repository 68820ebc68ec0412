"""`python -m chassis.migrate services.tickets`: bring one service's database to what its code needs, and end.

Reads `MONGO_URL` and what else names the database; needs no broker. Runs from the service's own image.
"""

import asyncio
import importlib
import sys
from collections.abc import Sequence

from chassis.migrations import Step, migrate
from chassis.settings import Settings
from chassis.telemetry import configure_logging, logger


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
        sys.stderr.write("usage: python -m chassis.migrate services.NAME\n")
        raise SystemExit(2)
    asyncio.run(run(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
