"""Puts a service together, runs it until it is told to stop, and lets it finish what it has in hand."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from faststream.rabbit.message import RabbitMessage

from chassis import process
from chassis.clock import Clock, utc_now
from chassis.http.health import HealthApp, WithHealth, server_as_told, trouble
from chassis.messaging.consumer import consuming_broker, subscribe
from chassis.messaging.consumer_watch import LOOK_EVERY, ConsumerWatch
from chassis.messaging.dispatcher import Dispatcher
from chassis.messaging.middleware.in_flight import InFlight
from chassis.messaging.middleware.kill_switch import KillSwitch
from chassis.messaging.publisher import Publisher
from chassis.messaging.registry import Handle, Patience, Route
from chassis.observability import tracing
from chassis.observability.logging import configure_logging, logger
from chassis.observability.metrics import Metrics
from chassis.persistence import mongo
from chassis.persistence.documents import Documents, Snapshots
from chassis.persistence.migrations import Migrations, Step
from chassis.persistence.outbox import Outbox, Sweeper
from chassis.persistence.probe import ASK_EVERY, DatabaseProbe
from chassis.settings import Settings
from contracts import topology
from contracts.message import Message
from contracts.requests import Request

Job = Callable[[], Awaitable[object]]
CLOSES_WITHIN = timedelta(seconds=5)
"""What hangs longer at the end is left behind: the process ends, and the broker has what was not acknowledged."""

WORKING = frozenset({"events", "commands", "queries", "deliveries"})


class Service:
    """One replica of a service: its connections, its store and its handlers."""

    def __init__(self, name: str, settings: Settings, *, clock: Clock = utc_now) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.log = logger()
        self.metrics = Metrics()
        self.publisher = Publisher(settings.broker_url, app_id=name, rights=settings.amqp_rights)
        self.client = mongo.connect(settings)
        self.database = mongo.database(self.client, f"{settings.database_prefix}{name}")
        self.outbox = Outbox(self.publisher, clock=clock, log=self.log)
        self.outbox.on_commit(self.metrics.count_emitted)
        self.sweeper = Sweeper(self.outbox, log=self.log, metrics=self.metrics)
        self.switch = KillSwitch(self._ping, clock=clock, log=self.log, gauge=self.metrics.stopped)
        self.delivery = Dispatcher(
            name, publisher=self.publisher, switch=self.switch, clock=clock, log=self.log, metrics=self.metrics
        )
        self.broker = consuming_broker(settings.broker_url, app_id=name, drain_within=settings.drain_within)
        self.queues = tuple(queue for queue in topology.queues() if queue.service == name and queue.kind in WORKING)
        self.in_flight = InFlight()
        self.consumer_watch = ConsumerWatch(
            self.publisher, self.queues, clock=clock, gauge=self.metrics.consumers_missing
        )
        self._app: Any = None
        self.migrations: Migrations | None = None
        self._preparations: list[Job] = []
        self._closings: list[Job] = []
        probe = DatabaseProbe(self.outbox, clock=clock, metrics=self.metrics)
        self._jobs: list[tuple[timedelta, Job]] = [(LOOK_EVERY, self.consumer_watch.look), (ASK_EVERY, probe.look)]
        self._tasks: list[asyncio.Task[None]] = []
        self._started = False
        self._stopping = asyncio.Event()

    def documents(self, collection: str) -> Documents:
        """A collection of this service's things that change and tell of it."""
        return Documents(self.database[collection], self.outbox, self.clock)

    def snapshots(self, collection: str) -> Snapshots:
        """A collection of what another system told last."""
        return Snapshots(self.database[collection])

    def on(
        self,
        message: type[Message],
        handle: Handle,
        *,
        patience: Patience | None = None,
        given_up: Handle | None = None,
    ) -> None:
        """Listen to a message; with `patience`, a reference to what isn't known yet may wait for it.

        `given_up` is told of a message just before it goes to the dead letters.
        """
        self.delivery.routes.add(Route(message, handle, patience=patience, given_up=given_up))

    def answers(
        self, request: type[Request[Any]], handle: Handle, *, refuses: Mapping[type[Exception], int] | None = None
    ) -> None:
        """Answer the edge's requests; `refuses` maps the domain's refusals to HTTP statuses."""
        self.delivery.routes.add(Route(request, handle, refuses=refuses or {}))

    def permanent(self, *errors: type[Exception]) -> None:
        """Errors that no retry can cure: straight to the dead letters."""
        self.delivery.permanent = (*self.delivery.permanent, *errors)

    def outage(self, *errors: type[Exception]) -> None:
        """Errors that tell of somebody else's outage: waited out on the ladder, without holding the consumers."""
        self.delivery.outages = (*self.delivery.outages, *errors)

    def every(self, interval: timedelta, job: Job) -> None:
        """Run a job by the clock, in every replica; one that fails is logged and runs again next time."""
        self._jobs.append((interval, job))

    def serves(self, app: Any) -> None:  # noqa: ANN401 - an ASGI application
        """Serve an application on the service's own port too, behind the health routes."""
        self._app = app

    def migrates(self, steps: Sequence[Step]) -> None:
        """Have the database as these steps leave it before anything is consumed (ADR 14)."""
        self.migrations = Migrations(self.settings, self.name, steps, database=self.database, log=self.log)
        self.prepares(self.migrations.settle)

    def prepares(self, job: Job) -> None:
        """Run a job once before anything is consumed."""
        self._preparations.append(job)

    def closes(self, job: Job) -> None:
        """Run a job once after the last message was handled."""
        self._closings.append(job)

    async def start(self) -> None:
        """Connect, declare, prepare, and only then consume."""
        await self.publisher.start()
        for job in self._preparations:
            await job()
        for queue in self.queues:
            self._subscribe(queue)
        await self.broker.start()
        self._tasks = [
            asyncio.create_task(self.outbox.clear_for_ever()),
            asyncio.create_task(self.sweeper.sweep_for_ever()),
            *(asyncio.create_task(self._repeat(interval, job)) for interval, job in self._jobs),
        ]
        self._started = True
        self.log.info("started", queues=len(self.queues))

    def _subscribe(self, queue: topology.Queue) -> None:
        async def receive(message: RabbitMessage) -> None:
            await self.switch.wait()
            await self.in_flight.finish(self.delivery.receive(queue, message.raw_message))

        subscribe(self.broker, queue, receive, rights=self.settings.amqp_rights, prefetch=self.settings.prefetch)

    async def stop(self) -> None:
        """Finish what is in hand within the drain time, give back the rest, close."""
        self._started = False
        await self.switch.stop()
        await self.broker.stop()
        await self.in_flight.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSES_WITHIN.total_seconds())
        with contextlib.suppress(Exception):
            # what isn't cleared is swept, and found done
            await self.outbox.clear()
        for job in self._closings:
            await job()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSES_WITHIN.total_seconds()):
                await self.publisher.stop()
        await mongo.close(self.client)
        self.log.info("stopped")

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, with the health port open from the first moment."""
        configure_logging(self.name, form=self.settings.log_format, level=self.settings.log_level)
        tracing.begin(self.name, self.settings.otel_exporter_otlp_endpoint, log=self.log)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        http = server_as_told(self.http_app(), self.settings)
        serving = asyncio.create_task(http.serve())
        try:
            await self._start_patiently()
            process.settle()
            await self._stopping.wait()
        finally:
            await self.stop()
            http.should_exit = True
            await serving
            await tracing.end()

    async def _start_patiently(self) -> None:
        # at a cold start of the whole house the broker or the database may come last
        starting = asyncio.create_task(self.start())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            return
        starting.result()

    async def _repeat(self, interval: timedelta, job: Job) -> None:
        while True:
            try:
                await job()
            except Exception as error:  # noqa: BLE001 - a failed run is followed by the next
                self.log.warning("job failed", job=getattr(job, "__name__", "job"), error=type(error).__name__)
            await asyncio.sleep(interval.total_seconds())

    def http_app(self) -> HealthApp | WithHealth:
        """The ASGI application of the service's own port."""
        health = HealthApp(live=self.live, ready=self.ready, registry=self.metrics.registry)
        return WithHealth(self._app, health) if self._app else health

    async def live(self) -> dict[str, str]:
        """Empty while the process is worth keeping."""
        return self.consumer_watch.trouble()

    async def ready(self) -> dict[str, str]:
        """What keeps this replica from working, by part; asks the broker and the database themselves."""
        wrong: dict[str, str] = {}
        if not self._started:
            wrong["service"] = (self.migrations and self.migrations.trouble) or "starting or stopping"
            return wrong
        if self.switch.is_open:
            wrong["handlers"] = f"held: {self.switch.why}"
        return wrong | await trouble("database", self._ping()) | await trouble("broker", self.consumer_watch.ask())

    async def _ping(self) -> Any:  # noqa: ANN401 - the driver's answer
        return await self.client.admin.command("ping")


def run(build: Callable[[], Service]) -> None:
    """Build a service inside its event loop and run it until it is told to stop."""
    import uvloop  # noqa: PLC0415 - only a process of its own needs it

    async def main() -> None:
        await build().run()

    uvloop.run(main())
