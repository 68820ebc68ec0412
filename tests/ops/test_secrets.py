"""`make secrets`: what is missing is made, what is there stays, nobody else reads it."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"^(\w+_PASSWORD|LINK_SECRET)=([0-9a-f]{48})$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path


def make_secrets(folder: Path) -> str:
    subprocess.run([ROOT / "ops" / "install" / "secrets"], cwd=folder, check=True)  # noqa: S603 - ours
    return (folder / ".env").read_text()


def test_every_secret_is_made_and_no_two_are_the_same(folder: Path) -> None:
    secrets = dict(SECRET.findall(make_secrets(folder)))

    assert set(secrets) == {"RABBITMQ_PASSWORD", "MONGO_PASSWORD", "LINK_SECRET"}
    assert len(set(secrets.values())) == 3


def test_nobody_else_may_read_them(folder: Path) -> None:
    make_secrets(folder)

    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_a_secret_that_is_there_stays(folder: Path) -> None:
    (folder / ".env").write_text("LINK_SECRET=what links that are out were signed with\n")

    once = make_secrets(folder)
    twice = make_secrets(folder)

    assert once == twice
    assert once.startswith("LINK_SECRET=what links that are out were signed with\nRABBITMQ_PASSWORD=")
    assert once.count("LINK_SECRET=") == 1


def test_addresses_follow_from_the_secrets_in_a_shell(folder: Path) -> None:
    secrets = dict(SECRET.findall(make_secrets(folder)))

    shell = ["sh", "-c", '. ./.env; printf %s "$AMQP_URL"']
    told = subprocess.run(shell, cwd=folder, env={}, check=True, capture_output=True, text=True).stdout  # noqa: S603

    assert told == f"amqp://atendo:{secrets['RABBITMQ_PASSWORD']}@127.0.0.1:5679/"
