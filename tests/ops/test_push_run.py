"""A run on this machine has a push service of its own, and the notifier its keys (contracts.md, Channels' settings)."""

import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from contracts.channels import RegisterDevice
from ops.embedded.layout import read_layout
from ops.embedded.part import Part
from ops.embedded.plan import Plan
from ops.embedded.ports import free_port
from ops.embedded.run_folder import RunFolder
from ops.embedded.supervisor import Supervisor
from tests.services.notifier.whole import Whole
from tests.services.notifier.world import an_opening

OTHERS = {
    "AMQP_URL": "amqp://rabbit.example/",
    "MONGO_URL": "mongodb://mongo.example",
    "SMTP_URL": "smtp://mail.example",
}
pytestmark = pytest.mark.embedded

NAMES = ("VAPID_KEY", "VAPID_KEY_FILE", "PUSH_HOSTS", "FCM_CREDENTIALS", "FCM_CREDENTIALS_FILE", "FCM_URL")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "TELEGRAM_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def parts(folder: Path, environ: Mapping[str, str]) -> dict[str, Part]:
    return {part.name: part for part in Plan(read_layout({**OTHERS, **environ}), RunFolder(folder)).parts()}


def of_notifier(found: Mapping[str, Part]) -> dict[str, str]:
    env = found["notifier"].program().env
    return {name: env[name] for name in NAMES if name in env}


def test_the_notifier_gets_keys_that_stay_from_run_to_run_and_that_nobody_else_reads(tmp_path: Path) -> None:
    first, second = (of_notifier(parts(tmp_path, {"PUSH_PORT": "9004"})) for _ in range(2))

    assert first == second
    assert first["PUSH_HOSTS"].startswith("127.0.0.1,")
    for name in ("VAPID_KEY_FILE", "FCM_CREDENTIALS_FILE"):
        assert stat.S_IMODE(Path(first[name]).stat().st_mode) == 0o600


def test_who_names_push_hosts_has_them_kept_and_gets_a_key_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSH_HOSTS", "push.example")

    found = parts(tmp_path, {"PUSH_HOSTS": "push.example"})

    assert "push" not in found
    assert set(of_notifier(found)) == {"VAPID_KEY_FILE"}


@pytest.fixture
async def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Start the push part as a run does, and give its address; the environment is the notifier's."""
    found = parts(tmp_path, {"PUSH_PORT": str(free_port())})
    for name, value in of_notifier(found).items():
        monkeypatch.setenv(name, value)
    supervisor = Supervisor([found["push"]], lambda _: None)
    await supervisor.start()
    yield found["push"].address
    await supervisor.stop()


async def test_what_the_notifier_of_a_run_pushes_is_read_in_its_own_push_service(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url, timeout=60) as client:
        made = (await client.post("/subscriptions")).json()
        token = (await client.post("/phones")).json()["token"]
        whole = Whole(pushes=True)
        browser_there = {"device": "web_push", "endpoint": made["endpoint"], "keys": made["keys"]}
        for device in (browser_there, {"device": "fcm", "token": token}):
            command = {"request_id": uuid4(), "customer_id": "ana", **device}
            await whole.answer(RegisterDevice.model_validate(command))

        await whole.publish(an_opening())

        (browser,) = (await client.get(f"/subscriptions/{made['id']}/messages")).json()
        (phone,) = (await client.get(f"/phones/{token}/messages")).json()
    assert browser["message"]["notification"]["title"] == phone["notification"]["title"] == "Atendimento aberto"
