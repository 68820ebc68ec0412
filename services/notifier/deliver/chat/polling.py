"""Asks Telegram what happened, one replica at a time; an update is confirmed there when it is durable here."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from pydantic import JsonValue

from chassis.observability.logging import Log
from contracts.channels import TakeTelegramUpdate
from services.notifier.deliver.channels.botapi import AnotherPoller
from services.notifier.deliver.channels.outcomes import Away
from services.notifier.deliver.chat.ports import Bot, Offsets, Turn, Watch

EVERY = timedelta(milliseconds=200)
"""How long after one call the next begins."""

PAUSE = timedelta(seconds=2)
"""How long a replica waits that has no turn, or no answer."""

KEEPS_EVERY = timedelta(seconds=10)
"""How often a replica that waits longer keeps its turn: nobody else may ask in between."""

_TRIES = 5

Take = Callable[[TakeTelegramUpdate], Awaitable[object]]


class Polling:
    """The loop that asks. Updates are taken one after the other: a comment belongs to the press before it."""

    def __init__(  # noqa: PLR0913 - keyword-only collaborators
        self,
        bot: Bot,
        *,
        take: Take,
        lay_aside: Take,
        passes: Callable[[Exception], bool],
        offsets: Offsets,
        turn: Turn,
        wait: timedelta,
        watch: Watch,
        log: Log,
    ) -> None:
        self._bot = bot
        self._take = take
        self._lay_aside = lay_aside
        self._passes = passes
        self._offsets = offsets
        self._turn = turn
        self._wait = wait
        self._watch = watch
        self._log = log
        self._asking: asyncio.Task[list[dict[str, JsonValue]]] | None = None
        self._stopped = asyncio.Event()

    async def ask_and_pause(self) -> None:
        """Ask once, and wait as long as that was answered with. Raises: whatever keeps updates from being taken."""
        pause = await self.ask_once()
        while pause > KEEPS_EVERY:
            await asyncio.sleep(KEEPS_EVERY.total_seconds())
            pause -= KEEPS_EVERY
            await self._turn.take()
        await asyncio.sleep(pause.total_seconds())

    async def ask_once(self) -> timedelta:
        """Ask once and take what came; returns how long to pause before the next time."""
        if self._stopped.is_set() or not await self._has_turn():
            return PAUSE
        try:
            found = await self._updates()
        except AnotherPoller:
            self._log.warning("somebody else takes the bot's updates")
            # a webhook that was registered before is in the way
            await self._bot.remove_webhook()
            return PAUSE
        except Away as away:
            return away.retry_after or PAUSE
        self._watch.answered()
        for update in found:
            # a turn that was lost meanwhile is somebody else's: what they take, too, is found done
            if self._stopped.is_set() or not await self._has_turn():
                return PAUSE
            await self._take_or_lay_aside(TakeTelegramUpdate.of(update))
            await self._offsets.save(int(str(update["update_id"])))
        return timedelta(0)

    async def _has_turn(self) -> bool:
        is_ours = await self._turn.take()
        self._watch.has_turn(is_ours=is_ours)
        return is_ours

    async def _updates(self) -> list[dict[str, JsonValue]]:
        after = await self._offsets.last()
        self._asking = asyncio.create_task(self._bot.updates(after=after, wait=self._wait))
        try:
            return await self._asking
        except asyncio.CancelledError:
            if self._stopped.is_set():
                return []
            self._asking.cancel()
            raise

    async def _take_or_lay_aside(self, command: TakeTelegramUpdate) -> None:
        for number in range(1, _TRIES + 1):
            try:
                await self._take(command)
            except Exception as error:
                self._log.warning("update not taken", tries=number, error=type(error).__name__)
                if number == _TRIES and self._passes(error):
                    # not the update's own fault: it is asked for again, and stays before those that came after it
                    raise
                await asyncio.sleep(min(0.1 * 2**number, 2.0))
            else:
                return
        # as a command of its own it is retried on the ladder, and laid with the dead letters in the end
        await self._lay_aside(command)

    async def stop(self) -> None:
        """Ask no more, and let another replica ask at once."""
        self._stopped.set()
        if self._asking is not None:
            self._asking.cancel()
        await self._turn.release()
        self._watch.has_turn(is_ours=False)
