"""`make bench`: measures the product on this machine, beside the floor, and says what it found."""

import json
import os
import shlex
import signal
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, NoReturn

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console

from bench.burst import BurstFailed
from bench.floor import FloorFailed
from bench.machine import Machine
from bench.mailing import KINDS
from bench.mails import Unsound
from bench.measuring import Bench
from bench.product import VAR, Product, ProductFailed, running
from bench.progress import Board
from bench.report import CAVEAT, Findings, document, table
from bench.sink import Sink, SinkGone, sink
from bench.waiting import TookTooLong
from ops.embedded.process import MissingPartError

_PROBLEMS = (Unsound, ProductFailed, TookTooLong, SinkGone, BurstFailed, FloorFailed, MissingPartError)


def _from_1_to(highest: int) -> Parameter:
    return Parameter(validator=Number(gte=1, lte=highest))


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    rate: Annotated[int, _from_1_to(1000)] = 50
    "Contacts posted a second."

    seconds: Annotated[int, _from_1_to(300)] = 30
    "How long they are posted."

    burst: Annotated[int, _from_1_to(20_000)] = 2000
    "Contacts of one burst, ours and the floor's."

    rounds: Annotated[int, _from_1_to(10)] = 2
    "Bursts, ours and the floor's in turn."

    starts: Annotated[int, _from_1_to(10)] = 3
    "Starts of each service."


QUICK = Options(seconds=5, burst=200, rounds=1, starts=1)


def bench(options: Options | None = None, *, quick: bool = False) -> int:
    """Measure the whole product on this machine, beside the floor, on ports and data of its own.

    `quick` measures a little of everything, to see that it works: its figures aren't worth quoting.
    """
    console = Console(width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, _leave)
    load = os.getloadavg()[0]
    try:
        with sink() as mails, running(mails.url) as product:
            findings, machine = _measure(product, mails, QUICK if quick else options or Options(), console, load)
    except _PROBLEMS as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
    _report(findings, machine, command, console)
    return 0


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    # as an exception, so that all that was started is stopped
    raise SystemExit(128 + signal.SIGTERM)


def _measure(
    product: Product, mails: Sink, options: Options, console: Console, load: float
) -> tuple[Findings, Machine]:
    machine = Machine.look(amqp_url=product.addresses["AMQP_URL"], mongo_url=product.addresses["MONGO_URL"], load=load)
    work = Bench(product, mails, Board(console))
    product.settle()
    idle_memory = work.memory()
    work.introduce()
    latency = work.latency(options.rate, options.seconds)
    rounds = [(work.floor(options.burst), work.capacity(options.burst)) for _ in range(options.rounds)]
    mailings = [work.mailing(options.burst) for _ in range(options.rounds)]
    later_memory = work.memory()
    findings = Findings(
        per_second=options.rate,
        burst=options.burst,
        latency=latency,
        ours=[ours for _, ours in rounds],
        floor=[floor for floor, _ in rounds],
        idle_memory=idle_memory,
        later_memory=later_memory,
        starts=work.starts(options.starts),
        imports=work.imports(),
        mailing={kind: [one[kind] for one in mailings] for kind in KINDS},
    )
    return findings, machine


def _report(findings: Findings, machine: Machine, command: str, console: Console) -> None:
    console.print(table(findings.rows()))
    console.print(f"\n{machine.text}\n{command}\n{CAVEAT}", highlight=False, soft_wrap=True)
    written = VAR / "bench.json"
    written.write_text(json.dumps(document(findings, machine, command), indent=2, ensure_ascii=False) + "\n")
    console.print(f"Written to {written.relative_to(VAR.parent)}.", highlight=False)


def main() -> None:
    """Run the command line and exit with what it returns."""
    app = App(name="bench", version_flags=[])
    app.default(bench)
    app()


if __name__ == "__main__":
    main()
