"""The supervisor keeps real processes up, in order, and leaves none."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ops.embedded.keeper import FIRST, LONGEST, PROVEN, Keeper, State, next_pause
from ops.embedded.part import Check, Part, Patience, Stage, accepts, http_checks
from ops.embedded.ports import free_port
from ops.embedded.process import Program
from ops.embedded.supervisor import Supervisor
from tests.eventually import eventually

# An HTTP server that says 200 to everything, ends on SIGTERM, and notes when it began and ended.
_STUB = """
import http.server, pathlib, signal, sys
name, port, notes = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
def note(what):
    with notes.open("a") as file:
        file.write(f"{what} {name}\\n")
class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
def end(*_):
    note("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if name == "stubborn" else end)
note("begin")
http.server.HTTPServer(("127.0.0.1", port), Ok).serve_forever()
"""

# Starts a child, notes its pid, and waits to be killed.
_PARENT = """
import pathlib, sys, time
from ops.embedded.process import Program
notes = pathlib.Path(sys.argv[1])
child = Program(argv=("sleep", "60"), log=notes.with_suffix(".log")).start()
notes.write_text(str(child.pid))
time.sleep(60)
"""


@pytest.fixture
def stub(tmp_path: Path) -> Callable[..., Part]:
    def make(name: str, stage: Stage = Stage.SERVICES) -> Part:
        port = free_port()
        argv = (sys.executable, "-c", _STUB, name, str(port), str(tmp_path / "notes"))
        program = Program(argv=argv, log=tmp_path / f"{name}.log")
        ready, alive = http_checks(port)
        return Part(name, stage, f"http://127.0.0.1:{port}", program=lambda: program, ready=ready, alive=alive)

    return make


async def test_stages_go_up_in_order_and_down_in_reverse(stub: Callable[..., Part], tmp_path: Path) -> None:
    supervisor = _supervisor(stub("edge", Stage.EDGE), stub("tickets"), stub("mailbox", Stage.FOUNDATION))

    late = await supervisor.start()
    await supervisor.stop()

    assert late == []
    assert (tmp_path / "notes").read_text().splitlines() == [
        *("begin mailbox", "begin tickets", "begin edge"),
        *("end edge", "end tickets", "end mailbox"),
    ]


async def test_who_stops_watching_still_lets_parts_finish(stub: Callable[..., Part], tmp_path: Path) -> None:
    supervisor = _supervisor(stub("tickets"))
    await supervisor.start()
    watch = asyncio.create_task(supervisor.failed())
    await asyncio.sleep(0)

    watch.cancel()
    await supervisor.stop()

    assert (tmp_path / "notes").read_text().splitlines() == ["begin tickets", "end tickets"]


async def test_a_killed_part_is_started_again_and_shown_as_such(stub: Callable[..., Part]) -> None:
    seen: list[State] = []
    supervisor = _supervisor(stub("tickets"), changed=lambda keeper: seen.append(keeper.state))
    await supervisor.start()
    (keeper,) = supervisor.keepers
    killed = _pid(keeper)

    os.kill(killed, signal.SIGKILL)
    await eventually(lambda: keeper.restarts == 1 and keeper.state is State.READY)

    assert keeper.pid != killed
    assert State.DEAD in seen
    await supervisor.stop()


async def test_a_part_that_runs_and_no_longer_serves_is_started_again(tmp_path: Path) -> None:
    serves = True

    async def answers() -> bool:
        return serves

    patience = Patience(starting=timedelta(minutes=1), running=timedelta(seconds=0.2))
    supervisor = _supervisor(_sleeper(tmp_path, answers, patience))
    await supervisor.start()
    (keeper,) = supervisor.keepers
    silent = _pid(keeper)

    serves = False
    await eventually(lambda: keeper.restarts == 1)
    serves = True

    await eventually(lambda: keeper.state is State.READY)
    assert keeper.pid != silent
    assert not _exists(silent)
    await supervisor.stop()


async def test_a_part_that_still_starts_is_given_the_time_that_starting_takes(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    patience = Patience(starting=timedelta(minutes=1), running=timedelta(0))
    supervisor = _supervisor(_sleeper(tmp_path, never, patience))
    supervisor.patience = timedelta(seconds=0.5)

    (late,) = await supervisor.start()

    assert (late.state, late.restarts) == (State.STARTING, 0)
    await supervisor.stop()


async def test_what_ignores_the_drain_is_killed(stub: Callable[..., Part]) -> None:
    supervisor = _supervisor(stub("stubborn"), drain=timedelta(seconds=0.3))
    await supervisor.start()
    pid = _pid(supervisor.keepers[0])

    begun = time.monotonic()
    await supervisor.stop()

    assert time.monotonic() - begun < 30
    assert not _exists(pid)


async def test_stopping_while_a_part_keeps_dying_ends_at_once(tmp_path: Path) -> None:
    program = Program(argv=(sys.executable, "-c", "raise SystemExit(3)"), log=tmp_path / "broken.log")
    part = Part("broken", Stage.SERVICES, "", program=lambda: program, ready=lambda: accepts(1))
    supervisor = _supervisor(part)
    start = asyncio.create_task(supervisor.start())
    (keeper,) = supervisor.keepers

    await eventually(lambda: keeper.state is State.DEAD)
    start.cancel()
    await supervisor.stop()

    assert "ended with 3" not in keeper.note
    assert keeper.state is State.STOPPED


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no kernel ends children with their parent")
async def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    child_pid = tmp_path / "pid"
    parent = Program(argv=(sys.executable, "-c", _PARENT, str(child_pid)), log=tmp_path / "parent.log").start()
    await eventually(lambda: child_pid.exists() and child_pid.read_text())

    parent.kill()
    parent.wait()

    await eventually(lambda: not _exists(int(child_pid.read_text())))


def test_pauses_double_up_to_half_a_minute() -> None:
    pauses: list[timedelta] = []
    for _ in range(8):
        pauses += [next_pause(pauses[-1] if pauses else None, was_ready_for=timedelta())]

    assert [pause.total_seconds() for pause in pauses] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_minute_of_health_starts_the_pauses_anew() -> None:
    assert next_pause(LONGEST, was_ready_for=PROVEN) == FIRST


def _sleeper(folder: Path, answers: Check, patience: Patience) -> Part:
    program = Program(argv=("sleep", "60"), log=folder / "sleeper.log")
    return Part(
        "rabbitmq",
        Stage.FOUNDATION,
        "",
        program=lambda: program,
        ready=answers,
        alive=answers,
        patience=patience,
    )


def _supervisor(
    *parts: Part, drain: timedelta = timedelta(seconds=60), changed: Callable[[Keeper], object] = lambda _: None
) -> Supervisor:
    def note(keeper: Keeper) -> None:
        changed(keeper)

    return Supervisor(parts, note, drain)


def _pid(keeper: Keeper) -> int:
    assert keeper.pid is not None
    return keeper.pid


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead process that its parent hasn't taken leave of yet is gone, too; a Mac doesn't tell.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
