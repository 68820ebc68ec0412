"""How long a service takes from its process's start to its readiness: a copy of each, beside the running ones."""

import http.client
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench import processes
from bench.waiting import until
from ops.embedded.plan import ROOT
from ops.embedded.ports import LOOPBACK, free_port
from ops.embedded.process import Program, stop

_READY_WITHIN = timedelta(seconds=60)
_LOOK_EVERY = timedelta(milliseconds=10)
_STOP_WITHIN = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in seconds: until `/health/ready` said 200, and the processor time that this took."""

    ready: float
    cpu: float


def start_again(pid: int, log: Path) -> Start:
    """Start a copy of a service's process on a free port, and stop it when it is ready. Raises: TookTooLong."""
    port = free_port()
    env = {**processes.environment(pid), "PORT": str(port)}
    began = time.monotonic()
    process = Program(processes.command(pid), log, env, ROOT).start()
    try:
        until(lambda: _is_ready(port), within=_READY_WITHIN, what="a second replica gets ready", pause=_LOOK_EVERY)
        return Start(time.monotonic() - began, processes.cpu_seconds([process.pid]))
    finally:
        stop(process, grace=_STOP_WITHIN)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
