"""A broker and a database of a test's own, started as no other test wants them: with TLS, or asking who one is."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from ops.embedded.mongodb import MongoDB
from ops.embedded.ports import free_port
from ops.embedded.process import Program, stop, tail
from ops.embedded.rabbitmq import RabbitMQ
from tests.eventually import eventually

_USERS = Path(__file__).parents[2] / "deploy" / "mongo" / "users.json"
_PATIENCE = timedelta(seconds=150)


@asynccontextmanager
async def a_broker(folder: Path, *settings: str) -> AsyncIterator[RabbitMQ]:
    """A RabbitMQ with these lines in its configuration too."""
    ports = free_port(), free_port(), free_port()
    node = RabbitMQ(folder / "rabbitmq", *ports, log=folder / "rabbitmq.log")
    program = node.program()
    with (node.folder / "rabbitmq.conf").open("a") as configuration:
        configuration.writelines(f"{line}\n" for line in settings)
    async with _running(program, node.ready):
        yield node


@asynccontextmanager
async def a_database(folder: Path, *arguments: str) -> AsyncIterator[MongoDB]:
    """A mongod with these arguments too."""
    mongod = MongoDB(folder / "mongod", free_port(), log=folder / "mongod.log")
    program = mongod.program()
    async with _running(replace(program, argv=(*program.argv, *arguments)), mongod.ready):
        yield mongod


@asynccontextmanager
async def a_database_with_users(folder: Path) -> AsyncIterator[str]:
    """The address of a mongod that asks who one is, with the users of deploy/mongo; each one's password is its name."""
    async with a_database(folder, "--auth") as mongod:
        async with AsyncMongoClient[dict[str, Any]](mongod.url) as first:
            await first["admin"].command("createUser", "root", pwd="root", roles=["root"])
        async with AsyncMongoClient[dict[str, Any]](mongod.url, username="root", password="root") as root:
            for user, roles in json.loads(_USERS.read_text()).items():
                await root["admin"].command("createUser", user, pwd=user, roles=roles)
        yield mongod.url


@asynccontextmanager
async def _running(program: Program, ready: Callable[[], bool]) -> AsyncIterator[None]:
    process: subprocess.Popen[bytes] = program.start()

    async def up() -> bool:
        assert process.poll() is None, tail(program.log)
        return await asyncio.to_thread(ready)

    try:
        await eventually(up, _PATIENCE, because=f"{program.argv[0]} is up")
        yield
    finally:
        stop(process, grace=timedelta())
