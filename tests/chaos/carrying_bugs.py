"""Bugs of push and of the chat, each planted by a function of its own."""

import itertools
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

from contracts.channels import TakeTelegramUpdate
from services.notifier.decide.domain import REQUEST, Event
from services.notifier.decide.reach import OptionalChannels
from services.notifier.deliver.channels.botapi import BotApi
from services.notifier.deliver.chat.domain import Chat
from services.notifier.deliver.chat.polling import Polling
from services.notifier.deliver.push.senders import BrowserSender
from tests.chaos.planting import swap


def _twice(send: Any) -> Any:  # noqa: ANN401 - a method
    async def twice(self: object, *args: object, **of: object) -> Any:  # noqa: ANN401 - what it gives
        await send(self, *args, **of)
        return await send(self, *args, **of)

    return twice


def pushed_twice(stack: ExitStack) -> None:
    """Push every message twice."""
    swap(stack, BrowserSender, "send", _twice)


def written_twice(stack: ExitStack) -> None:
    """Write every message in a chat twice."""
    swap(stack, BotApi, "send", _twice)


def pushed_by_chance(stack: ExitStack) -> None:
    """Note every third message to a device as sent without sending it."""
    count = itertools.count(1)

    def make(send: Any) -> Any:  # noqa: ANN401 - a method
        async def hasty(self: object, *args: object) -> None:
            if next(count) % 3:
                await send(self, *args)

        return hasty

    swap(stack, BrowserSender, "send", make)


def asked_nowhere(stack: ExitStack) -> None:
    """Hold that every question is brought by something else."""
    elsewhere = {"push": "no device", "telegram": "no chat", "email": "carried by push"}

    def make(note: Any) -> Any:  # noqa: ANN401 - a method
        def blind(self: OptionalChannels, event: Event, *args: Any, **of: Any) -> Event:  # noqa: ANN401 - as above
            noted: Event = note(self, event, *args, **of)
            return replace(noted, barred=elsewhere) if event.kind == REQUEST else noted

        return blind

    swap(stack, OptionalChannels, "note", make)


def taken_twice(stack: ExitStack) -> None:
    """Take every update twice, each time as a new one."""

    def make(take: Any) -> Any:  # noqa: ANN401 - a method
        async def twice(self: Polling, command: TakeTelegramUpdate) -> None:
            await take(self, command)
            await take(self, command.model_copy(update={"request_id": uuid4()}))

        return twice

    swap(stack, Polling, "_take_or_lay_aside", make)
    swap(stack, Chat, "took", lambda _: lambda _self, _id: False)
