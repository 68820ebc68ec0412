"""The life of one replica, a service's or the edge's: start patiently, serve its port, stop without dropping anything.

    process = Process("edge", settings, registry=metrics.registry, live=live, ready=ready)
    process.keeps("keys", keys.keep_fresh)             # for ever; its end is the end of the process
    process.on_start("broker", publisher.start)        # tried again with growing pauses until it is done
    process.every(timedelta(minutes=1), look)          # by the clock; a run that fails is logged
    process.on_stop("requests", process.close_port)    # answers what was begun, then closes the port
    process.on_stop("broker", publisher.stop)
    process.serves(app)                                # behind /health/live, /health/ready and /metrics
    run(build)                                         # until SIGTERM or SIGINT

Steps of the start are taken in the order in which they were named, and so are those of the stop. A step of the start
may run again after it failed half-way. Until all of them are done, readiness says what is waited for, and liveness is
well. The port is open from the first moment, and is closed last unless a step of the stop closes it earlier.
`start` and `stop` alone do the same without port and signals, for tests.
"""

import asyncio
import gc
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from prometheus_client import CollectorRegistry

from chassis.background import Background, Job, Work
from chassis.http.health import Check, HealthApp, Server, WithHealth, own_server
from chassis.messaging.link import LinkLost, NotAllowed
from chassis.observability import tracing
from chassis.observability.logging import Log, configure_logging, logger
from chassis.settings import Settings

STOPS_WITHIN = timedelta(seconds=10)
"""How long all steps of the stop may take together, beside the drain time: what hangs longer is left behind."""

_EACH_AT_LEAST = timedelta(seconds=1)

_LONGEST_PAUSE = timedelta(seconds=5)
_ALLOCATIONS = 20_000
"""How many new objects make the collector look at the young ones: messages come and go by reference count alone."""


class TaskEnded(Exception):
    """A background task ended though nobody stopped it; its name."""


async def _well() -> dict[str, str]:
    return {}


class Process:
    """One replica: its steps, its background tasks and its port."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        registry: CollectorRegistry,
        live: Check = _well,
        ready: Check = _well,
    ) -> None:
        self.name = name
        self.settings = settings
        self.log: Log = logger()
        self.background = Background(self.log)
        self.is_started = False
        self._live, self._ready = live, ready
        self._registry = registry
        self._app: Any = None
        self._starts: list[tuple[str, Job]] = []
        self._stops: list[tuple[str, Job]] = []
        self._waits = "starting"
        self._stop_wanted = asyncio.Event()
        self._server: Server | None = None
        self._serving: asyncio.Task[object] | None = None

    def on_start(self, what: str, job: Job) -> None:
        """Take a step before the replica is ready."""
        self._starts.append((what, job))

    def on_stop(self, what: str, job: Job) -> None:
        """Take a step when the replica stops; one that fails or hangs keeps nobody from the next."""
        self._stops.append((what, job))

    def keeps(self, what: str, work: Work) -> None:
        """Begin, at this place among the steps of the start, what goes on until the replica stops."""

        async def begin() -> None:
            self.background.keep(what, work)

        self.on_start(what, begin)

    def every(self, interval: timedelta, job: Job) -> None:
        """Run a job by the clock from this place among the steps of the start."""

        async def begin() -> None:
            self.background.every(interval, job)

        self.on_start(getattr(job, "__name__", "job"), begin)

    def serves(self, app: Any) -> None:  # noqa: ANN401 - an ASGI application
        """Serve an application on the replica's port too, behind the health routes."""
        self._app = app

    def http_app(self) -> HealthApp | WithHealth:
        """The ASGI application of the replica's port."""
        health = HealthApp(live=self.live, ready=self.ready, registry=self._registry)
        return WithHealth(self._app, health) if self._app else health

    async def start(self) -> None:
        """Take the steps of the start, each until it is done."""
        for what, job in self._starts:
            await self.background.patiently(job, failed=self._note_failure(what), longest=_LONGEST_PAUSE)
        self.is_started = True
        self.log.info("started")

    def _note_failure(self, what: str) -> Callable[[Exception], None]:
        def note(error: Exception) -> None:
            before, self._waits = self._waits, _what_is_missing(what, error)
            if self._waits != before:
                self.log.error("start waits", step=what, error=type(error).__name__, missing=self._waits)

        return note

    async def stop(self) -> None:
        """Take the steps of the stop, then end the background tasks."""
        self._stop_wanted.set()
        self.background.expect_ends()
        now = asyncio.get_running_loop().time
        deadline = now() + (self.settings.drain_within + STOPS_WITHIN).total_seconds()
        for what, job in self._stops:
            try:
                async with asyncio.timeout(max(deadline - now(), _EACH_AT_LEAST.total_seconds())):
                    await job()
            except Exception as error:  # noqa: BLE001 - the next step is taken all the same
                self.log.warning("not stopped in order", step=what, error=type(error).__name__)
        await self.close_port()
        await self.background.stop()
        self.log.info("stopped")

    async def close_port(self) -> None:
        """Take no more requests, answer within the drain time those that were begun, and close."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait({self._serving})

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT or the end of a background task. Raises: TaskEnded."""
        configure_logging(self.name, form=self.settings.log_format, level=self.settings.log_level)
        tracing.begin(self.name, self.settings.otel_exporter_otlp_endpoint, log=self.log)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_wanted.set)
        self._server = own_server(self.http_app(), self.settings)
        self._server.config.timeout_graceful_shutdown = int(self.settings.drain_within.total_seconds())
        self._serving = self.background.keep("port", self._server.serve)
        starting = self.background.once("start", self._start_and_settle)
        ending = asyncio.create_task(self.background.ended())
        stopping = asyncio.create_task(self._stop_wanted.wait())
        await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        ended = ending.result() if ending.done() else ""
        self.background.expect_ends()
        for task in (starting, ending, stopping):
            task.cancel()
        await asyncio.wait({starting, ending, stopping})
        await self.stop()
        await tracing.end()
        if ended:
            raise TaskEnded(ended)

    async def _start_and_settle(self) -> None:
        await self.start()
        settle()

    async def live(self) -> dict[str, str]:
        """Empty while the process is worth keeping; a start may take as long as it takes."""
        return await self._live() if self.is_started else {}

    async def ready(self) -> dict[str, str]:
        """What keeps this replica from working, by part."""
        if self._stop_wanted.is_set():
            return {"service": "stopping"}
        return await self._ready() if self.is_started else {"service": self._waits}


def _what_is_missing(what: str, error: Exception) -> str:
    # our own texts can be shown; those of any other error may hold what is personal or secret (R28)
    if isinstance(error, LookupError) and not isinstance(error, (KeyError, IndexError)):
        return str(error)
    # the broker names what it refuses, and no password
    reason = f", {error}" if isinstance(error, (LinkLost, NotAllowed)) else ""
    return f"{what}: {type(error).__name__}{reason}"


def settle() -> None:
    """Keep the garbage collector off what is loaded for good, once everything is."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)


class Runs(Protocol):
    """A service or an edge, put together."""

    async def run(self) -> None:
        """Run until it is stopped. Raises: TaskEnded."""
        ...


def run(build: Callable[[], Runs]) -> None:
    """Put a replica together inside its event loop and run it; exits with 1 where a background task ended."""
    import uvloop  # noqa: PLC0415 - only a process of its own needs it

    async def main() -> None:
        await build().run()

    try:
        uvloop.run(main())
    except TaskEnded:
        # its log line is out
        raise SystemExit(1) from None
