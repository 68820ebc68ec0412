"""Named places in the code where a process can be made to die, put around the chassis from outside."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chassis.messaging.dispatcher import Dispatcher
from chassis.persistence.documents import Documents
from chassis.persistence.outbox import Outbox
from services.notifier.deliver.channels.botapi import BotApi
from services.notifier.deliver.channels.email import Line
from services.notifier.deliver.channels.webpush import WebPush

SENDERS = (Line, WebPush, BotApi)
"""What hands something over to the world."""

Hit = Callable[[str, object], Awaitable[None]]
"""Called with a place that is reached, and the object that reaches it; it may never return."""

BEFORE_COMMIT = "before-commit"
AFTER_COMMIT = "after-commit"
AFTER_PUBLISH = "after-publish"
BEFORE_ACK = "before-ack"
IN_SENDING = "in-sending"
AFTER_SENDING = "after-sending"
EVERYWHERE = (BEFORE_COMMIT, AFTER_COMMIT, AFTER_PUBLISH, BEFORE_ACK)
IN_MAILS = (IN_SENDING, AFTER_SENDING)


def kills_on_trigger(trigger: Path) -> Hit:
    """Die at the place that the file `trigger` names, once: whoever removes the file is who dies."""

    async def hit(place: str, _owner: object) -> None:
        if _is_named(trigger, place):
            os.kill(os.getpid(), signal.SIGKILL)

    return hit


def _is_named(trigger: Path, place: str) -> bool:
    try:
        if trigger.read_text() != place:
            return False
        trigger.unlink()
    except FileNotFoundError:
        return False
    return True


@contextmanager
def watched(hit: Hit) -> Iterator[None]:
    """Have `hit` called at every place, in this process, while the context lasts."""
    places = (
        (Documents, "_write", BEFORE_COMMIT, AFTER_COMMIT),
        (Outbox, "publish", None, AFTER_PUBLISH),
        (Dispatcher, "_handle", None, BEFORE_ACK),
        *((sender, "send", IN_SENDING, AFTER_SENDING) for sender in SENDERS),
    )
    patches = [
        patch.object(owner, name, _between(getattr(owner, name), hit, before, after))
        for owner, name, before, after in places
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def _between(method: Callable[..., Awaitable[Any]], hit: Hit, before: str | None, after: str) -> Any:  # noqa: ANN401
    async def reporting(*args: object, **fields: object) -> object:
        if before is not None:
            await hit(before, args[0])
        result = await method(*args, **fields)
        await hit(after, args[0])
        return result

    return reporting
