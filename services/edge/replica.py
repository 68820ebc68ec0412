"""One replica of the edge: starts whatever is missing around it, and stops without dropping a request."""

import asyncio
import contextlib
import signal

import stamina
from aio_pika.exceptions import AMQPError
from fastapi import FastAPI
from starlette.types import ASGIApp

from chassis import process
from chassis.http.health import HealthApp, server_as_told, trouble
from chassis.messaging.publisher import Publisher
from chassis.messaging.rpc import Requests
from chassis.observability import tracing
from chassis.observability.logging import Log, configure_logging
from services.edge.auth import Keys
from services.edge.middleware.observe import HttpMetrics, Observed
from services.edge.settings import Settings

_AWAY = (ConnectionError, TimeoutError, AMQPError)


class Edge:
    """The application and its connections; `app` is what a server serves."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        settings: Settings,
        *,
        publisher: Publisher,
        requests: Requests,
        keys: Keys,
        http: FastAPI,
        log: Log,
        metrics: HttpMetrics,
    ) -> None:
        self.settings = settings
        self.http = http
        self.app: ASGIApp = Observed(http, log=log, metrics=metrics)
        http.state.health = HealthApp(live=self.live, ready=self.ready, registry=metrics.registry)
        self.publisher = publisher
        self._requests = requests
        self._keys = keys
        self._log = log
        self._refreshing: asyncio.Task[None] | None = None
        self._started = False
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Connect to the broker, however long that takes; the keys come when the issuer is there."""
        self._refreshing = asyncio.create_task(self._keys.keep_fresh())
        async for attempt in stamina.retry_context(on=_AWAY, attempts=None, timeout=None, wait_max=2.0):
            with attempt:
                await self.publisher.start()
                await self._requests.start()
        self._started = True
        self._log.info("started")

    async def stop(self) -> None:
        """Close what is open; requests are answered by now."""
        self._started = False
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        await self._keys.close()
        await self.publisher.stop()
        self._log.info("stopped")

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; then turn unready, finish what is in hand within the drain time, close."""
        configure_logging("edge", form=self.settings.log_format, level=self.settings.log_level)
        tracing.begin("edge", self.settings.otel_exporter_otlp_endpoint, log=self._log)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        http = server_as_told(self.app, self.settings)
        http.config.timeout_graceful_shutdown = int(self.settings.drain_within.total_seconds())
        starting = asyncio.create_task(self.start())
        starting.add_done_callback(lambda _: process.settle())
        serving = asyncio.create_task(http.serve())
        waiting = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            http.should_exit = True
            await serving
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            await self.stop()
            await tracing.end()

    async def live(self) -> dict[str, str]:
        """Empty while the process is worth keeping."""
        return {}

    async def ready(self) -> dict[str, str]:
        """What keeps this replica from serving customers, by part; asks the broker itself."""
        wrong: dict[str, str] = {}
        if not self._started or self._stopping.is_set():
            wrong["service"] = "starting or stopping"
        else:
            wrong |= await trouble("broker", self._requests.check())
        if not self._keys.are_known:
            wrong["keys"] = "the token issuer has not told its keys"
        return wrong
