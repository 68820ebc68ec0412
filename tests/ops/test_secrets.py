"""`make secrets`: what is missing is made, what is there stays, nobody else reads it."""

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from services.notifier.deliver.channels.webpush import Vapid

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BROKER_USERS = {user["name"] for user in json.loads((DEPLOY / "rabbitmq" / "definitions.json").read_text())["users"]}
DATABASE_USERS = set(json.loads((DEPLOY / "mongo" / "users.json").read_text()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / ".env.example", tmp_path)
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    return tmp_path


def make_secrets(folder: Path) -> dict[str, str]:
    subprocess.run([ROOT / "ops" / "install" / "secrets"], cwd=folder, check=True)  # noqa: S603 - ours
    made = [path for path in (folder / "secrets").rglob("*") if path.is_file()]
    return {str(path.relative_to(folder / "secrets")): path.read_text() for path in made}


def in_a_shell(folder: Path, text: str) -> str:
    shell = ["sh", "-c", f'. ./.env; printf %s "{text}"']
    return subprocess.run(shell, cwd=folder, env={}, check=True, capture_output=True, text=True).stdout  # noqa: S603


def test_every_user_gets_a_password_and_no_two_are_the_same(folder: Path) -> None:
    made = make_secrets(folder)

    names = {f"rabbitmq/{user}" for user in BROKER_USERS} | {f"mongo/{user}" for user in DATABASE_USERS}
    assert set(made) == names | {"link_secret", "receipt_secret", "vapid_key"}
    assert len({*made.values(), in_a_shell(folder, "$MONGO_ROOT_PASSWORD")}) == len(made) + 1
    key = made.pop("vapid_key")
    assert all(len(secret) == 48 and int(secret, 16) for secret in made.values())
    assert Vapid.read(key, subject="mailto:a@b.example").public_key


def test_nobody_else_may_read_them_and_containers_may(folder: Path) -> None:
    (folder / "secrets").mkdir(mode=0o755)

    made = make_secrets(folder)

    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    for name in made:
        path = folder / "secrets" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert path.parent == folder / "secrets" or stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_a_secret_that_is_there_stays(folder: Path) -> None:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "link_secret").write_text("what links that are out were signed with")
    (folder / ".env").write_text("MONGO_ROOT_PASSWORD=sesame\n")

    once = make_secrets(folder), (folder / ".env").read_text()
    twice = make_secrets(folder), (folder / ".env").read_text()

    assert once == twice
    assert once[0]["link_secret"] == "what links that are out were signed with"
    assert once[1].startswith("MONGO_ROOT_PASSWORD=sesame\n")
    assert once[1].count("MONGO_ROOT_PASSWORD") == 1


def test_the_commands_are_told_where_to_go_as_whom_and_with_what(folder: Path) -> None:
    made = make_secrets(folder)

    assert in_a_shell(folder, "$AMQP_URL") == "amqp://ops@127.0.0.1:5679/"
    assert in_a_shell(folder, "$(cat $AMQP_PASSWORD_FILE)") == made["rabbitmq/ops"]
    assert in_a_shell(folder, "$MONGO_URL") == "mongodb://ops@127.0.0.1:27027/?authSource=admin"
    assert in_a_shell(folder, "$(cat $MONGO_PASSWORD_FILE)") == made["mongo/ops"]
