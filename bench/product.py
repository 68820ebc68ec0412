"""The whole product as `make run` starts it, in a folder and on ports of its own, with the bench's mail sink."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.processes import cpu_seconds
from bench.waiting import until
from ops.embedded.plan import ROOT
from ops.embedded.ports import free_port
from ops.embedded.process import Program, stop, tail
from ops.embedded.run_folder import RunFolder

VAR = ROOT / "var"

_PORTS = ("EDGE_PORT", "MK_PORT", "AMQP_PORT", "MONGO_PORT", "CHAT_PORT", "PUSH_PORT")
# A provider's real broker and database must never see the load: whatever the environment names is left alone.
_NEVER_USED = ("AMQP_URL", "MONGO_URL", "MK_URL", "MAIL_URL", "PUBLIC_URL")
_NO_LIMIT = "1000000/second"
_UP_WITHIN = timedelta(seconds=150)
_SETTLED_WITHIN = timedelta(minutes=5)
_LOOK_EVERY = timedelta(seconds=1)
_QUIET_CPU = 0.3
"""Share of one processor that all parts together stay below at rest: health questions, heartbeats, scanners."""


class ProductFailed(Exception):
    """The product did not come up, or lost a process; the message says what its log says."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running product."""

    folder: RunFolder
    addresses: dict[str, str]

    @property
    def secrets(self) -> Path:
        """Where the token issuer's key is."""
        return self.folder.path / "secrets"

    def pids(self) -> dict[str, list[int]]:
        """Return the processes by name, the broker's and the database's included. Raises: ProductFailed."""
        state = json.loads(self.folder.state_file.read_text())
        found = {**state["services"], "rabbitmq": [state["rabbitmq"]], "mongod": [state["mongod"]]}
        if missing := sorted(name for name, pids in found.items() if not all(pids) or not pids):
            raise ProductFailed(f"not running: {', '.join(missing)}")
        return found

    def cpu(self) -> dict[str, float]:
        """Return the processor time of each part so far, in seconds. Raises: ProductFailed."""
        return {name: cpu_seconds(pids) for name, pids in self.pids().items()}

    def settle(self) -> None:
        """Wait until nothing is worked on any more. Raises: TookTooLong."""
        last = sum(self.cpu().values())

        def quiet() -> bool:
            nonlocal last
            before, last = last, sum(self.cpu().values())
            return last - before < _QUIET_CPU * _LOOK_EVERY.total_seconds()

        until(quiet, within=_SETTLED_WITHIN, what="the product comes to rest", pause=_LOOK_EVERY)


@contextmanager
def running(smtp_url: str) -> Iterator[Product]:
    """Start everything, stop it afterwards, and remove its data. Raises: ProductFailed, TookTooLong."""
    VAR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=VAR, ignore_cleanup_errors=True) as path:
        folder = RunFolder(Path(path))
        program = Program(
            (sys.executable, "-m", "ops.cli", "up"), folder.path / "up.log", _settings(path, smtp_url), ROOT
        )
        process = program.start()
        try:
            until(lambda: _is_up(folder, process, program.log), within=_UP_WITHIN, what="the product comes up")
            yield Product(folder, _addresses(folder))
        finally:
            stop(process, grace=timedelta(seconds=60))


def _settings(var_folder: str, smtp_url: str) -> dict[str, str]:
    return {
        **dict.fromkeys(_NEVER_USED, ""),
        **{name: str(free_port()) for name in _PORTS},
        "SMTP_URL": smtp_url,
        "VAR_DIR": var_folder,
        **dict.fromkeys(("RATE_LIMIT", "CONTACT_RATE_LIMIT", "ADDRESS_RATE_LIMIT"), _NO_LIMIT),
    }


def _is_up(folder: RunFolder, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    if process.poll() is not None:
        raise ProductFailed(f"the product ended at its start: {tail(log)}")
    return folder.env_file.exists()


def _addresses(folder: RunFolder) -> dict[str, str]:
    return dict(line.split("=", 1) for line in folder.env_file.read_text().splitlines())
