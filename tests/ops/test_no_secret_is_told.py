"""No password or key reaches a log line, whatever fails, nor the words of the settings (SECURITY.md)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from ops.embedded.ports import free_port
from tests.eventually import eventually
from tests.infra import Broker

SECRETS = {
    "broker": "geheim-am-broker",
    "database": "geheim-an-der-datenbank",
    "mail": "geheim-am-mail",
    "link": "l" * 40,
    "receipt": "r" * 40,
}
SERVICES = ("contacts", "tickets", "notifier", "feedback", "edge")


def environment(broker: Broker, *, database: int) -> dict[str, str]:
    there = broker.url.partition("@")[2]
    return {
        "AMQP_URL": f"amqp://wrong:{SECRETS['broker']}@{there}",
        "MONGO_URL": f"mongodb://wrong:{SECRETS['database']}@127.0.0.1:{database}/",
        "SMTP_URL": f"smtp://wrong:{SECRETS['mail']}@127.0.0.1:{free_port()}",
        "LINK_SECRET": SECRETS["link"],
        "RECEIPT_SECRET": SECRETS["receipt"],
        "JWKS_URL": "http://127.0.0.1:1/jwks",
        "PUBLIC_URL": "http://127.0.0.1",
        "PORT": str(free_port()),
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "DEBUG",
    }


@pytest.fixture(params=SERVICES)
def failing(request: pytest.FixtureRequest, broker: Broker, tmp_path: Path) -> Iterator[Path]:
    """Run a service that no broker and no database takes in, and give its output."""
    log = tmp_path / "out.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-X", "dev", "-W", "ignore", "-m", f"services.{request.param}.app"],
            env={**os.environ, **environment(broker, database=free_port())},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    yield log
    process.send_signal(signal.SIGKILL)
    process.wait()


async def test_a_service_that_is_refused_says_so_without_a_secret(failing: Path) -> None:
    output = await eventually(lambda: log_with(failing, "ACCESS_REFUSED"))

    assert [name for name, secret in SECRETS.items() if secret in output] == []


@pytest.mark.parametrize("service", SERVICES)
def test_settings_can_be_shown_without_a_secret(service: str, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(broker, database=1).items():
        monkeypatch.setenv(name, value)

    shown = repr(import_module(f"services.{service}.settings").Settings())

    assert [name for name, secret in SECRETS.items() if secret in shown] == []


def log_with(log: Path, secret: str) -> str | None:
    output = log.read_text()
    return output if secret in output else None
