"""`make demo` against what `make run` starts: the story holds, and no log names its customers (R28)."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from ops.embedded.plan import ROOT
from ops.embedded.ports import free_port
from tests.eventually import eventually

pytestmark = pytest.mark.embedded

_PORTS = ("EDGE_PORT", "MK_PORT", "MAIL_PORT", "SMTP_PORT", "CHAT_PORT", "PUSH_PORT", "AMQP_PORT", "MONGO_PORT")
_SAID = ("Sem conexão desde cedo", "Minha fatura veio em dobro", "Técnico atencioso", "A fatura demorou", "/push/")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a run of its own."""
    ports = {name: str(free_port()) for name in _PORTS}
    names = ("AMQP_URL", "MONGO_URL", "SMTP_URL")
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, **ports, "VAR_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def product(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Give the product as `make run` starts it."""
    running = subprocess.Popen((sys.executable, "-m", "ops.cli", "up"), cwd=ROOT, env=environment)
    yield running
    running.terminate()
    running.wait(60)


@pytest.mark.usefixtures("product")
async def test_the_demo_goes_as_told_and_shows_what_arrived_where_and_why(
    environment: dict[str, str], tmp_path: Path
) -> None:
    await eventually((tmp_path / "run.env").exists, timedelta(seconds=120), because="it is up")

    played = await asyncio.to_thread(play, environment)

    assert (played.returncode, played.stderr) == (0, "")
    shown = played.stdout.partition("What reached")[2]
    for channel, title in (("push", "Atendimento aberto"), ("telegram", "Atendimento encerrado: avalie")):
        assert f"│ {channel:<8} │ {title}" in shown
    assert "skip: carried by push" in shown
    logs = {log.name: log.read_text() for log in (tmp_path / "log").glob("*.log")}
    assert '"handled"' in logs["notifier.log"]
    for secret in (*_SAID, *personal()):
        assert [name for name, text in logs.items() if secret in text] == [], secret


def play(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (sys.executable, "-m", "ops.demo"), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def personal() -> list[str]:
    """Names and addresses of the demo provider's customers."""
    customers = yaml.safe_load((ROOT / "mk" / "scenarios" / "provider.yaml").read_text())["customers"]
    return [one[what] for one in customers for what in ("name", "email") if one.get(what)]
