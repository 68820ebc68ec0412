"""`atendo up`: the whole product on this machine, until Ctrl-C."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml
from rich.console import Console

from ops.embedded import operators
from ops.embedded.board import Board, Lines, LiveTable
from ops.embedded.keeper import Keeper
from ops.embedded.layout import BadSettingError, Layout, read_layout
from ops.embedded.plan import ROOT, Plan
from ops.embedded.process import MissingPartError
from ops.embedded.run_folder import AlreadyRunningError, RunFolder
from ops.embedded.supervisor import Supervisor

_REDRAW = timedelta(seconds=0.5)
# `make` passes on what the terminal or a process group's sender has already told us: that is no second Ctrl-C.
_ECHO = timedelta(seconds=1)
_OUR_PROBLEMS = (AlreadyRunningError, BadSettingError, MissingPartError)
# Queues declared while a member is missing would have a replica too few for ever.
_PATIENCE_FOR_A_CLUSTER = timedelta(minutes=2)
_OUTSIDE_SERVICES = ("rabbitmq", "mongod")


def up(scale: str = "", drain: float = 20, cluster: int = 1) -> int:
    """Run broker, database, mailbox, chat, MK's stand-in and the five services, and keep them up.

    `scale` says how many replicas, as in "notifier=3 tickets=2"; `drain` how many seconds the services may finish in;
    `cluster`, if 3 or 5, how many broker nodes and how many members of a replica set.
    """
    folder = RunFolder(Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve())
    try:
        layout = read_layout(os.environ, scale=scale, cluster=cluster)
        with folder.lock():
            layout.check_ports()
            run = Run(layout, folder, drain=timedelta(seconds=drain))
            asyncio.run(run.until_stopped())
    except _OUR_PROBLEMS as problem:
        print(f"atendo: {problem}", file=sys.stderr)
        return 1
    return 0


@dataclass(slots=True)
class Run:
    """One run of the product, from the first process to the last."""

    layout: Layout
    folder: RunFolder
    drain: timedelta
    console: Console = field(default_factory=Console)
    _supervisor: Supervisor = field(init=False)
    _board: Board = field(init=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping_since: float = 0.0

    def __post_init__(self) -> None:
        self._supervisor = Supervisor(Plan(self.layout, self.folder).parts(), self._changed, self.drain)
        if self.layout.cluster > 1:
            self._supervisor.patience = _PATIENCE_FOR_A_CLUSTER

    async def until_stopped(self) -> None:
        """Bring everything up, keep it up until SIGINT or SIGTERM, take it down. Raises: MissingPartError."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        keepers = self._supervisor.keepers
        self._board = LiveTable(self.console, lambda: keepers) if self.console.is_terminal else Lines(self.console)
        self.folder.clear()
        redraw = asyncio.create_task(self._redraw())
        try:
            await self._run()
        finally:
            self.folder.env_file.unlink(missing_ok=True)
            await self._supervisor.stop()
            redraw.cancel()
            self._board.close()
            self.folder.clear()

    async def _run(self) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        work = asyncio.create_task(self._start_and_watch())
        await asyncio.wait({stopping, work}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            self._board.show("Stopping: the services finish what they have in hand. Ctrl-C again ends everything now.")
            return
        stopping.cancel()
        work.result()

    async def _start_and_watch(self) -> None:
        late = await self._supervisor.start()
        self.folder.write_env(self.layout.addresses)
        self._board.show(welcome(self.layout.addresses))
        for keeper in late:
            self._board.show(f"Not ready: {keeper.part.label}. Its log: {self.folder.path}/log/{keeper.part.label}.log")
        await self._supervisor.failed()

    def _stop(self) -> None:
        now = time.monotonic()
        if not self._stopping.is_set():
            self._stopping_since = now
            self._stopping.set()
        elif now - self._stopping_since > _ECHO.total_seconds():
            self._supervisor.kill()

    def _changed(self, keeper: Keeper) -> None:
        self.folder.write_state(state_of(self._supervisor.keepers))
        self._board.changed(keeper)

    async def _redraw(self) -> None:
        while True:
            await asyncio.sleep(_REDRAW.total_seconds())
            self._board.refresh()


def state_of(keepers: list[Keeper]) -> Mapping[str, object]:
    """Return what `run.json` says: the living processes by name, and where each part is.

    A broker or database that isn't ours, or isn't up, is null; one that is a cluster is a list in the members' order.
    """
    services: dict[str, list[int]] = {}
    outside: dict[str, list[int | None]] = {name: [] for name in _OUTSIDE_SERVICES}
    for keeper in keepers:
        if keeper.part.name in outside:
            outside[keeper.part.name].append(keeper.pid)
        else:
            services.setdefault(keeper.part.name, []).extend([keeper.pid] if keeper.pid else [])
    return {
        "services": services,
        **{name: pids if len(pids) > 1 else next(iter(pids), None) for name, pids in outside.items()},
        "addresses": {keeper.part.label: keeper.part.address for keeper in keepers},
    }


def welcome(addresses: Mapping[str, str]) -> str:
    """What a run that is up shows: where everything is, and who may log in."""
    lines = ["", "Atendo is up."]
    titles = {"EDGE_URL": "SAC Plus (app)", "MK_URL": "MK (stand-in)", "MAIL_URL": "Mailbox", "CHAT_URL": "Chat"}
    lines += [f"  {title:<14} {addresses[name]}" for name, title in titles.items() if addresses[name]]
    customers = demo_customers(ROOT / "mk" / "scenarios" / "provider.yaml")
    if customers:
        lines += ["Log in to the app as one of these demo customers (CPF, password):"]
        lines += [f"  {one.name:<24} {one.login}  {one.password}" for one in customers]
    if addresses["MK_URL"]:
        lines += [
            f"Operators' console  {addresses['MK_URL']}/console",
            "Log in as one of these (role, user, password):",
        ]
        lines += [f"  {line}" for line in operators.listed()]
    return "\n".join([*lines, "Try `make demo` in another terminal. Ctrl-C stops everything.", ""])


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A made-up customer of the demo provider, with the password that the stand-in for MK accepts."""

    name: str
    login: str
    password: str


def demo_customers(scenario: Path, *, at_most: int = 3) -> list[DemoCustomer]:
    """Return the first customers of a scenario; none where the file isn't there."""
    if not scenario.exists():
        return []
    customers = (yaml.safe_load(scenario.read_text()) or {}).get("customers", [])
    return [
        DemoCustomer(name=str(one["name"]), login=str(one["login"]), password=str(one["password"]))
        for one in customers[:at_most]
    ]
