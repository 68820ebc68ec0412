"""Which channels the provider has set up, as far as the edge knows: asked for now and then, never waited for long."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from chassis.messaging.rpc import NoReply
from contracts.channels import Channels, GetChannels
from services.edge.errors.problems import Refused
from services.edge.gateway import Gateway

_LASTS = timedelta(minutes=1)
_PATIENCE = timedelta(milliseconds=300)
"""For the first answer alone: whoever opens the app waits for nothing else."""


class KnownChannels:
    """The newest answer of the notifier; `now` gives seconds that only grow."""

    def __init__(self, gateway: Gateway, *, now: Callable[[], float]) -> None:
        self._gateway = gateway
        self._now = now
        self._newest: Channels | None = None
        self._until = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def known(self) -> Channels:
        """What is known now; nothing is set up as far as anybody knows where there was no answer yet."""
        if self._now() >= self._until and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask())
        if self._newest is None and self._asking is not None:
            await asyncio.wait({self._asking}, timeout=_PATIENCE.total_seconds())
        return self._newest or Channels()

    async def _ask(self) -> None:
        with contextlib.suppress(NoReply, Refused):
            self._newest = await self._gateway.ask(GetChannels(request_id=uuid4(), correlation_id="app-config"))
            self._until = self._now() + _LASTS.total_seconds()
