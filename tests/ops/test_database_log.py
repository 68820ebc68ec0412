"""The database of a run on this machine logs nothing of what is stored, however slow it is (R28)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest

from ops.embedded.mongodb import MongoDB
from ops.embedded.ports import free_port
from tests.eventually import eventually

pytestmark = pytest.mark.embedded


@pytest.fixture
def database(tmp_path: Path) -> Iterator[MongoDB]:
    """Give a running mongod, and its log."""
    database = MongoDB(folder=tmp_path / "data", port=free_port(), log=tmp_path / "log")
    with database.log.open("wb") as log:
        argv = database.program().argv
        running = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own program
        yield database
        running.terminate()
        running.wait(120)


async def test_r28_a_slow_command_is_not_logged_with_what_it_writes(database: MongoDB) -> None:
    with pymongo.MongoClient[dict[str, object]](database.url, serverSelectionTimeoutMS=120_000) as client:
        await eventually(lambda: client.admin.command("ping"))
        # from now on every command is a slow one
        was = client["contacts"].command("profile", 0, slowms=-1)

        client["contacts"]["customers"].insert_one({"name": "Zenaide Quaresma"})
        client["contacts"]["customers"].find_one({"name": "Zenaide Quaresma"})

    assert was["sampleRate"] == 0
    assert "Zenaide" not in database.log.read_text()
