"""Puts a service together: what it listens to, answers and does by the clock, and the layers around every message."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from chassis.background import Job
from chassis.clock import Clock, utc_now
from chassis.http.health import HealthApp, WithHealth, trouble
from chassis.messaging.actions import Actions
from chassis.messaging.arrival import Arrival
from chassis.messaging.consumer import Consumer
from chassis.messaging.consumer_watch import LOOK_EVERY, ConsumerWatch
from chassis.messaging.dispatcher import Dispatcher
from chassis.messaging.envelope import Delivery
from chassis.messaging.faults import Faults
from chassis.messaging.listening import Listening
from chassis.messaging.middleware import Proceed, around
from chassis.messaging.middleware.broker_alarm import BrokerAlarm
from chassis.messaging.middleware.in_flight import InFlight
from chassis.messaging.middleware.kill_switch import KillSwitches
from chassis.messaging.middleware.log import Logged
from chassis.messaging.middleware.metrics import Counted
from chassis.messaging.middleware.trace import Traced
from chassis.messaging.publisher import Publisher
from chassis.observability.metrics import Metrics
from chassis.persistence import mongo
from chassis.persistence.documents import Conflict, Documents, Snapshots
from chassis.persistence.migrations import Migrations, Step
from chassis.persistence.outbox import CLEAR_EVERY, SWEEP_EVERY, Outbox, Sweeper
from chassis.persistence.probe import ASK_EVERY, DatabaseProbe
from chassis.process import Process, run
from chassis.settings import Settings
from contracts import topology

__all__ = ["WORKING", "Service", "run"]

RETIRES_EVERY = timedelta(hours=1)
"""By when a release is rolled out: the one before still publishes to the bindings that this one retires."""

WORKING = frozenset({"events", "commands", "queries", "deliveries"})


def _is_race(error: Exception) -> bool:
    return isinstance(error, Conflict)


class Service(Listening):
    """One replica of a service: its connections, its store and its handlers. Building one touches nothing."""

    def __init__(self, name: str, settings: Settings, *, clock: Clock = utc_now) -> None:
        super().__init__(Faults(races=_is_race, is_away=mongo.is_away, is_unstorable=mongo.is_unstorable))
        self.name = name
        self.settings = settings
        self.clock = clock
        metrics = self.metrics = Metrics()
        self.process = Process(name, settings, registry=metrics.registry, live=self._live, ready=self._is_consuming)
        self.log = self.process.log
        background = self.process.background
        self.publisher = Publisher(settings.broker_url, app_id=name, rights=settings.amqp_rights, background=background)
        self.consumer = self._consumer()
        self.outbox = Outbox(self.publisher, clock=clock, log=self.log)
        self.outbox.on_commit(metrics.count_emitted)
        self.sweeper = Sweeper(self.outbox, log=self.log, metrics=metrics)
        self.queues = tuple(queue for queue in topology.queues() if queue.service == name and queue.kind in WORKING)
        self.consumer_watch = ConsumerWatch(self.publisher, self.queues, clock=clock, gauge=metrics.consumers_missing)
        self.alarm = BrokerAlarm(self.publisher, log=self.log, gauge=metrics.blocked)
        self.switches = self._switches()
        self.dispatcher = self._dispatcher()
        self.in_flight = InFlight()
        self._receive = self._layers()
        self.migrations: Migrations | None = None
        self._preparations: list[Job] = []
        self._jobs: list[tuple[timedelta, Job]] = []
        self._closings: list[Job] = []
        for queue in self.queues:
            self._subscribe(queue)
        self._plan()

    def _consumer(self) -> Consumer:
        settings = self.settings
        return Consumer(
            settings.broker_url,
            app_id=self.name,
            rights=settings.amqp_rights,
            prefetch=settings.prefetch,
            background=self.process.background,
        )

    def _switches(self) -> KillSwitches:
        return KillSwitches(
            (queue.name for queue in self.queues if queue.kind != "queries"),
            self._ping,
            background=self.process.background,
            clock=self.clock,
            log=self.log,
            gauge=self.metrics.stopped,
        )

    def _dispatcher(self) -> Dispatcher:
        actions = Actions(
            self.name, publisher=self.publisher, alarm=self.alarm, clock=self.clock, log=self.log, metrics=self.metrics
        )
        return Dispatcher(
            self.registry,
            self.faults,
            actions=actions,
            switches=self.switches,
            alarm=self.alarm,
            clock=self.clock,
            log=self.log,
        )

    def _layers(self) -> Proceed:
        watching = (self.switches, self.alarm, Traced(), Logged(self.log))
        return around(self.dispatcher.receive, *watching, Counted(self.metrics, self.clock))

    def _plan(self) -> None:
        start, stop = self.process.on_start, self.process.on_stop
        start("broker", self.publisher.start)
        start("preparations", self._prepare)
        self.process.keeps("broker alarm", self.alarm.watch)
        start("consumers", self._consume)
        start("jobs", self._begin_jobs)
        stop("consumers", self._stop_consuming)
        stop("messages in flight", self.in_flight.stop)
        # what isn't cleared is swept, and found done
        stop("outbox", self.outbox.clear)
        stop("closings", self._close)
        stop("broker", self.publisher.stop)
        stop("database", self._close_database)

    @cached_property
    def client(self) -> mongo.Client:
        """The database's client, made when it is first asked for."""
        return mongo.connect(self.settings)

    @cached_property
    def database(self) -> mongo.Database:
        """The service's own database."""
        return mongo.database(self.client, f"{self.settings.database_prefix}{self.name}")

    def documents(self, collection: str) -> Documents:
        """A collection of this service's things that change and emit events."""
        return Documents(self.database[collection], self.outbox, self.clock)

    def snapshots(self, collection: str) -> Snapshots:
        """A collection of what another system published last."""
        return Snapshots(self.database[collection])

    def every(self, interval: timedelta, job: Job) -> None:
        """Run a job by the clock, in every replica; one that fails is logged and runs again next time."""
        self._jobs.append((interval, job))

    def serves(self, app: Any) -> None:  # noqa: ANN401 - an ASGI application
        """Serve an application on the service's own port too, behind the health routes."""
        self.process.serves(app)

    def migrates(self, steps: Sequence[Step]) -> None:
        """Have the database as these steps leave it before anything is consumed (ADR 14)."""
        migrations = self.migrations = Migrations(self.settings, self.name, steps, log=self.log)
        self.prepares(lambda: migrations.settle(self.database))

    def prepares(self, job: Job) -> None:
        """Run a job once before anything is consumed; one that fails is run again until it is done."""
        self._preparations.append(job)

    def closes(self, job: Job) -> None:
        """Run a job once after the last message was handled."""
        self._closings.append(job)

    async def _prepare(self) -> None:
        while self._preparations:
            await self._preparations[0]()
            del self._preparations[0]

    async def _consume(self) -> None:
        await self.consumer.start()

    def _subscribe(self, queue: topology.Queue) -> None:
        def on_arrival(arrival: Arrival) -> None:
            self.in_flight.begin(self._receive(Delivery.read(queue, arrival)))

        self.consumer.take(queue, on_arrival)

    async def _stop_consuming(self) -> None:
        await self.consumer.stop_consuming()
        await self.in_flight.drain(within=self.settings.drain_within)
        await self.consumer.stop()

    async def _begin_jobs(self) -> None:
        probe = DatabaseProbe(self.outbox, clock=self.clock, metrics=self.metrics)
        ours: tuple[tuple[timedelta, Job], ...] = (
            (CLEAR_EVERY, self.outbox.clear),
            (SWEEP_EVERY, self.sweeper.sweep),
            (LOOK_EVERY, self.consumer_watch.look),
            (ASK_EVERY, probe.look),
        )
        for interval, job in (*ours, *self._jobs):
            self.process.background.every(interval, job)
        self.process.background.every(RETIRES_EVERY, self.publisher.retire, first_after=RETIRES_EVERY)

    async def _close(self) -> None:
        for job in self._closings:
            await job()

    async def _close_database(self) -> None:
        if "client" in self.__dict__:
            await mongo.close(self.client)

    async def start(self) -> None:
        """Connect, declare, prepare, and only then consume; whatever comes late is waited for."""
        await self.process.start()

    async def stop(self) -> None:
        """Finish what is in hand within the drain time, give back the rest, close."""
        await self.process.stop()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, with the port open from the first moment. Raises: TaskEnded."""
        await self.process.run()

    def http_app(self) -> HealthApp | WithHealth:
        """The ASGI application of the service's own port."""
        return self.process.http_app()

    async def live(self) -> dict[str, str]:
        """Empty while the process is worth keeping."""
        return await self.process.live()

    async def ready(self) -> dict[str, str]:
        """What keeps this replica from working, by part; asks the broker and the database themselves."""
        return await self.process.ready()

    async def _live(self) -> dict[str, str]:
        return self.consumer_watch.trouble()

    async def _is_consuming(self) -> dict[str, str]:
        held = self.switches.held()
        wrong = {"handlers": "; ".join(f"{queue} held: {why}" for queue, why in held.items())} if held else {}
        if self.alarm.is_on:
            wrong["broker"] = "publishing is blocked by an alarm"
        else:
            wrong |= await trouble("broker", self.consumer_watch.ask())
        return wrong | await trouble("database", self._ping())

    async def _ping(self) -> Any:  # noqa: ANN401 - the driver's answer
        return await self.client.admin.command("ping")
