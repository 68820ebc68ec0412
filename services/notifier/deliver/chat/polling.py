"""Asks Telegram what happened, one replica at a time; an update is confirmed there when it is durable here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from chassis.observability.logging import Log
from contracts.requests import TakeTelegramUpdate
from services.notifier.deliver.channels.botapi import AnotherPoller
from services.notifier.deliver.channels.outcomes import Away
from services.notifier.deliver.chat.ports import Bot, Offsets, Turn

WAITS = timedelta(seconds=20)
"""How long Telegram may hold a call until something happens."""

TURN_LASTS = timedelta(seconds=60)
"""A replica's turn: longer than a call and what follows it take."""

_PAUSE = timedelta(seconds=2)
_TRIES = 5
_UPDATES = UUID("0c2ff6a6-5d1f-4f49-8a39-6c4b6c1f2a77")

Take = Callable[[TakeTelegramUpdate], Awaitable[object]]


def command_of(update: Mapping[str, Any]) -> TakeTelegramUpdate:
    """The command that an update is: the same update is the same command, whichever way it comes."""
    return TakeTelegramUpdate(
        request_id=uuid5(_UPDATES, str(update.get("update_id"))),
        correlation_id=f"telegram-{update.get('update_id')}",
        update=dict(update),
    )


class Polling:
    """The loop that asks. Updates are taken one after the other: a comment belongs to the press before it."""

    def __init__(self, bot: Bot, *, take: Take, lay_aside: Take, offsets: Offsets, turn: Turn, log: Log) -> None:  # noqa: PLR0913 - keyword-only collaborators
        self._bot = bot
        self._take = take
        self._lay_aside = lay_aside
        self._offsets = offsets
        self._turn = turn
        self._log = log

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            try:
                pause = await self.ask_once()
            except Exception as error:  # noqa: BLE001 - database, broker or Telegram are away; the next call comes
                self._log.warning("updates not taken", error=type(error).__name__)
                pause = _PAUSE
            await asyncio.sleep(pause.total_seconds())

    async def ask_once(self, *, wait: timedelta = WAITS) -> timedelta:
        """Ask once and take what came; returns how long to pause before the next time."""
        if not await self._turn.take():
            return _PAUSE
        after = await self._offsets.last()
        try:
            found = await self._bot.updates(after=after, wait=wait)
        except AnotherPoller:
            self._log.warning("somebody else asks for the bot's updates")
            return _PAUSE
        except Away as away:
            return away.retry_after or _PAUSE
        for update in found:
            await self._take_or_lay_aside(command_of(update))
            await self._offsets.save(int(str(update["update_id"])))
        return timedelta(0)

    async def _take_or_lay_aside(self, command: TakeTelegramUpdate) -> None:
        for number in range(1, _TRIES + 1):
            try:
                await self._take(command)
            except Exception as error:  # noqa: BLE001 - one that never passes must not hold up the others
                self._log.warning("update not taken", tries=number, error=type(error).__name__)
                await asyncio.sleep(min(0.1 * 2**number, 2.0))
            else:
                return
        # as a command of its own it is retried on the ladder, and laid with the dead letters in the end
        await self._lay_aside(command)
