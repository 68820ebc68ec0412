"""A short visit to the broker by a command: connect, do one thing, leave; and how its failures are told."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from pydantic import JsonValue
from pydantic_settings import SettingsError

from chassis.messaging.publisher import BrokerDown, Publisher
from chassis.messaging.rpc import NobodyThere, NoReply, Requests
from chassis.settings import Settings
from contracts.rpc import Request
from ops.addresses import NotRunningError, address
from ops.dead_letters import UnknownServiceError

PATIENCE = timedelta(seconds=10)


class RefusedError(Exception):
    """The service answered that it can't be done; the words are its own."""


@asynccontextmanager
async def broker() -> AsyncIterator[Publisher]:
    """A connection to the broker of the running product. Raises: NotRunningError, ConnectionError."""
    publisher = Publisher(Settings(amqp_url=address("AMQP_URL")).broker_url, app_id="atendo")
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


async def ask(request: Request[Any]) -> JsonValue:
    """Ask a service as the edge does. Raises: RefusedError, NoReply, NobodyThere."""
    async with broker() as publisher:
        requests = Requests(publisher)
        await requests.start()
        reply = await requests.reply(request, within=PATIENCE, confirm_within=PATIENCE)
    if reply.problem is not None:
        raise RefusedError(f"{reply.problem.detail} ({reply.problem.status})")
    return reply.ok


def visit(work: Callable[[], Awaitable[Any]]) -> int:
    """Run a command's work; what goes wrong is one line that says what and what to do, and exit code 1."""

    async def whole() -> None:
        await work()

    try:
        asyncio.run(whole())
    except (NotRunningError, RefusedError, SettingsError, UnknownServiceError) as problem:
        return _complain(str(problem))
    except (NoReply, NobodyThere) as problem:
        return _complain(f"nobody answers on {problem}: is the service up? See `make run`'s table.")
    except (BrokerDown, ConnectionError, OSError, TimeoutError) as problem:
        return _complain(f"the broker is away ({type(problem).__name__}): is the product running?")
    return 0


def _complain(text: str) -> int:
    print(f"atendo: {text}", file=sys.stderr)
    return 1
