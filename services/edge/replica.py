"""One replica of the edge: its parts, their start and stop, and its health."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from chassis.http.health import HealthApp, trouble
from chassis.process import Process
from services.edge.auth import Keys
from services.edge.broker import LOOK_EVERY
from services.edge.metrics import HttpMetrics
from services.edge.ports import Broker
from services.edge.settings import Settings


class Edge:
    """`app` is what a server serves; `http` is the application in its layers."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self, settings: Settings, *, broker: Broker, keys: Keys, http: FastAPI, app: ASGIApp, metrics: HttpMetrics
    ) -> None:
        self.http = http
        self.app = app
        self.broker = broker
        self.keys = keys
        self.process = _Process("edge", settings, registry=metrics.registry, live=self._live, ready=self._ready)
        self.process.serves(app)
        http.state.health = HealthApp(live=self.process.live, ready=self.process.ready, registry=metrics.registry)
        self.process.keeps("keys", keys.keep_fresh)
        self.process.on_start("broker", broker.start)
        self.process.on_start("events", self._read_events)
        self.process.every(LOOK_EVERY, broker.look)
        self.process.on_stop("streams", self._end_streams)
        self.process.on_stop("port", self.process.close_port)
        self.process.on_stop("keys", keys.close)
        self.process.on_stop("broker", broker.stop)

    async def _read_events(self) -> None:
        self.process.background.once("events", self.broker.read_events)

    async def _end_streams(self) -> None:
        self.broker.live.streams.close()

    async def start(self) -> None:
        """Connect to the broker, however long that takes; the keys come when the issuer is there."""
        await self.process.start()

    async def stop(self) -> None:
        """Answer what was begun, and close what is open."""
        await self.process.stop()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises: TaskEnded."""
        await self.process.run()

    async def _live(self) -> dict[str, str]:
        return self.broker.trouble()

    async def _ready(self) -> dict[str, str]:
        wrong = await trouble("broker", self.broker.check())
        return wrong if self.keys.are_known else wrong | {"keys": "the token issuer has not shown its keys"}


class _Process(Process):
    """Health and metrics are routes of the edge itself: documented, counted and with the headers of all others."""

    def http_app(self) -> ASGIApp:  # type: ignore[override]
        """What the port serves."""
        app: ASGIApp = self._app
        return app
