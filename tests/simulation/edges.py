"""The edge's replicas, without their HTTP: each has its own connection, and a gateway as the real one has."""

import time
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter

from chassis.observability.logging import logger
from chassis.process import Process
from services.edge.broker import LOOK_EVERY, RabbitBroker
from services.edge.gateway import Gateway
from services.edge.held import HeldQueues
from services.edge.middleware.admission import Pools
from services.edge.settings import Settings


@dataclass(slots=True)
class Edge:
    """One replica; `process` starts and stops it as the real one's does."""

    process: Process
    gateway: Gateway
    broker: RabbitBroker

    @property
    def is_started(self) -> bool:
        """Whether it takes requests."""
        return self.process.is_started

    async def start(self) -> None:
        """Connect, however long that takes."""
        await self.process.start()

    async def stop(self) -> None:
        """Close what is open."""
        await self.process.stop()

    async def live(self) -> dict[str, str]:
        """Empty while it is worth keeping."""
        return await self.process.live()


def build(settings: Settings) -> Edge:
    """One replica, put together as `services.edge.app` does it."""
    registry = CollectorRegistry()
    broker = RabbitBroker(settings, now=time.monotonic)

    async def live() -> dict[str, str]:
        return broker.trouble()

    process = Process("edge", settings, registry=registry, live=live)
    pools = Pools(settings.max_in_flight, shed=Counter("shed", "none", registry=registry))
    held = HeldQueues(now=time.monotonic)
    gateway = Gateway(broker.requests, within=settings.reply_within, pools=pools, held=held, log=logger())

    async def read_events() -> None:
        process.background.once("events", broker.read_events)

    process.on_start("broker", broker.start)
    process.on_start("events", read_events)
    process.every(LOOK_EVERY, broker.look)
    process.on_stop("broker", broker.stop)
    return Edge(process, gateway, broker)
