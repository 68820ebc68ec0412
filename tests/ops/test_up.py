"""`atendo up` as typed: what it says when it can't, and that a killed broker comes back with its messages."""

import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import aio_pika
import pymongo
import pytest

from ops.embedded.keeper import Keeper, State
from ops.embedded.layout import read_layout
from ops.embedded.part import Stage
from ops.embedded.plan import ROOT, Plan
from ops.embedded.ports import free_port
from ops.embedded.run_folder import RunFolder
from ops.embedded.supervisor import Supervisor
from ops.up import state_of
from tests.eventually import eventually

pytestmark = pytest.mark.embedded

_PORT_NAMES = ("EDGE_PORT", "MK_PORT", "MAIL_PORT", "SMTP_PORT", "CHAT_PORT", "PUSH_PORT", "AMQP_PORT", "MONGO_PORT")


def test_a_second_run_is_one_line(tmp_path: Path) -> None:
    with RunFolder(tmp_path).lock():
        result = _up(tmp_path)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "already runs" in result.stderr


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = _up(tmp_path, MK_PORT=str(port))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert f"Port {port} is taken" in result.stderr
    assert "MK_PORT" in result.stderr


def test_a_missing_database_is_one_line(tmp_path: Path) -> None:
    result = _up(tmp_path, MONGOD_BIN="/nowhere/mongod")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "atendo: MONGOD_BIN names /nowhere/mongod, which isn't a program: correct it, or unset it.\n"
    )


async def test_a_killed_broker_and_database_come_back_with_their_data(tmp_path: Path) -> None:
    layout = read_layout({name: str(free_port()) for name in _PORT_NAMES})
    parts = [part for part in Plan(layout, RunFolder(tmp_path)).parts() if part.stage is Stage.FOUNDATION]
    supervisor = Supervisor(parts, lambda _: None, patience=timedelta(minutes=2))
    assert await supervisor.start() == []
    await _publish(layout.addresses["AMQP_URL"])
    # RabbitMQ writes a new quorum queue's registration some seconds later; killed before, it loses the queue.
    await eventually(lambda: any(b"kept" in file.read_bytes() for file in tmp_path.rglob("quorum/*/names.dets")))
    _things(layout.addresses["MONGO_URL"]).insert_one({"_id": "kept"})
    before = state_of(supervisor.keepers)

    killed = [keeper for keeper in supervisor.keepers if keeper.part.name not in {"mailbox", "chat", "push"}]
    for keeper in killed:
        os.kill(_pid(keeper), signal.SIGKILL)
    two_minutes = timedelta(minutes=2)
    await eventually(lambda: all(one.restarts and one.state is State.READY for one in killed), two_minutes)

    assert await _take(layout.addresses["AMQP_URL"]) == b"kept"
    assert _things(layout.addresses["MONGO_URL"]).find_one() == {"_id": "kept"}
    assert state_of(supervisor.keepers)["rabbitmq"] not in {before["rabbitmq"], None}
    await supervisor.stop()
    await eventually(lambda: not _programs_that_name(tmp_path))


async def _publish(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key="kept", mandatory=True)


async def _take(url: str) -> bytes:
    async with await aio_pika.connect(url) as connection:
        queue = await (await connection.channel()).get_queue("kept")
        message = await eventually(lambda: queue.get(fail=False, timeout=30))
        await message.ack()
        return message.body


def _things(url: str) -> "pymongo.collection.Collection[dict[str, object]]":
    return pymongo.MongoClient[dict[str, object]](url).get_database(
        "kept", write_concern=pymongo.WriteConcern(w="majority", j=True)
    )["things"]


def _pid(keeper: Keeper) -> int:
    assert keeper.pid is not None
    return keeper.pid


def _programs_that_name(folder: Path) -> list[str]:
    lines: list[str] = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment, command = file.read_bytes(), file.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environment + command:
            lines.append(command.decode(errors="replace"))
    return lines


def _up(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    ports = {name: str(free_port()) for name in _PORT_NAMES}
    names = ("AMQP_URL", "MONGO_URL", "SMTP_URL", "MK_URL", "TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL", "PUSH_HOSTS")
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        (sys.executable, "-m", "ops.cli", "up"),
        cwd=ROOT,
        env={**inherited, **ports, "VAR_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
