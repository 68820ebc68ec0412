"""`python -m bench.scaling`: how throughput grows with replicas, one service at a time."""

import asyncio
import logging
import os
import shlex
import sys
import tempfile
from pathlib import Path

from cyclopts import App
from rich.console import Console

from bench.machine import Machine
from bench.product import VAR
from bench.progress import Board
from bench.scaling.delay import NotSlowed
from bench.scaling.loads import LOADS
from bench.scaling.measuring import Measured, Scaling, Stuck
from bench.scaling.report import markdown, table
from bench.scaling.stage import StageFailed, stage
from bench.sink import SinkGone, sink
from ops.embedded.process import MissingPartError
from ops.embedded.run_folder import RunFolder

_PROBLEMS = (NotSlowed, Stuck, StageFailed, SinkGone, MissingPartError)

application = App(name="scaling", version_flags=[])


@application.default
def main(*services: str, replicas: tuple[int, ...] = (1, 2, 4, 8), times: float = 1) -> int:
    """Measure SERVICES, or all that wait, with each number of REPLICAS; all are held to the first number.

    Answers come 50 ms later from the mail server and 5 ms from the database, or so many TIMES as late.
    The page goes to var/scaling.md.
    """
    logging.disable()
    console = Console(width=None if sys.stdout.isatty() else 120)
    load_before = os.getloadavg()[0]
    VAR.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="scaling-", dir=VAR, ignore_cleanup_errors=True) as path:
            found, machine = asyncio.run(_measure(Path(path), services, replicas, times, console, load_before))
    except _PROBLEMS as problem:
        print(f"scaling: {problem}", file=sys.stderr)
        return 1
    console.print(table(found))
    command = shlex.join(["python", "-m", "bench.scaling", *sys.argv[1:]])
    (VAR / "scaling.md").write_text(markdown(found, machine.text, command) + "\n")
    console.print("Written to var/scaling.md.", highlight=False)
    return 0


async def _measure(  # noqa: PLR0913, PLR0917 - what was asked for
    folder: Path,
    services: tuple[str, ...],
    replicas: tuple[int, ...],
    times: float,
    console: Console,
    load_before: float,
) -> tuple[list[Measured], Machine]:
    loads = [load for load in LOADS if not services or load.service in services]
    with sink() as mails:
        async with stage(RunFolder(folder)) as there:
            scaling, found = Scaling(there, mails, Board(console), times), []
            machine = await asyncio.to_thread(
                Machine.look,
                amqp_url=there.addresses["AMQP_URL"],
                mongo_url=there.addresses["MONGO_URL"],
                load=load_before,
            )
            for load in loads:
                await scaling.introduce(load)
                found += [await scaling.round(load, count) for count in replicas]
    return found, machine


if __name__ == "__main__":
    sys.exit(application())
