"""Replicas in this process that die where it was planned, each followed by another."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chassis.service import Service
from tests.chaos.history import Fault, History, now
from tests.chaos.points import SENDERS
from tests.system import System


@dataclass(slots=True)
class Crashes:
    """`planned` are the (service, place) at which a replica dies once; `start` starts another of that name."""

    system: System
    history: History
    start: Callable[[str], Awaitable[None]]
    planned: set[tuple[str, str]] = field(default_factory=set)
    _takeovers: set["asyncio.Task[None]"] = field(default_factory=set)
    _graves: list[Service] = field(default_factory=list)

    @property
    def are_over(self) -> bool:
        """Whether everybody who died was followed."""
        return all(task.done() for task in self._takeovers)

    async def hit(self, place: str, owner: object) -> None:
        """Die here for ever, where that was planned for this service."""
        service = next((one for one in self.system.services if _owns(one, owner)), None)
        if service is None or (service.name, place) not in self.planned:
            return
        self.planned.discard((service.name, place))
        self.system.services.remove(service)
        self._takeovers.add(asyncio.create_task(self._bury(service, place)))
        await asyncio.Event().wait()

    async def _bury(self, service: Service, place: str) -> None:
        at = now()
        # a dead process sweeps and clears nothing
        await service.process.background.stop()
        self._graves.append(service)
        for link in (service.consumer.link, service.publisher.link):
            await link.close()
        await self.start(service.name)
        self.history.note(Fault(at, now(), "crash", f"{service.name} {place}"))

    async def close(self) -> None:
        """Close what was left of the dead."""
        await asyncio.gather(*(service.in_flight.stop() for service in self._graves))
        for service in self._graves:
            await service.publisher.stop()
            service.client.close()


def _owns(service: Service, owner: object) -> bool:
    if owner in (service.dispatcher, service.outbox):
        return True
    if isinstance(owner, SENDERS):
        return service.name == "notifier"
    database = getattr(getattr(owner, "collection", None), "database", None)
    return database is not None and database.name == service.database.name
