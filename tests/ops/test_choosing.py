"""Where a test run's broker and database come from: each machine gets the way it can go, or one line that says why."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from ops.embedded.ports import address_of, answers
from tests import containers
from tests.choosing import Machine, NowhereError, Way, choose
from tests.eventually import eventually
from tests.infra import ADDRESSES, Infra

ROOT = Path(__file__).parents[2]
ADDRESSED = ("AMQP_URL", "MONGO_URL", ADDRESSES)
A_BUSY_MACHINES_START = timedelta(seconds=150)

COMPLETE = Machine()
DEBIAN_AS_ROOT = Machine(missing=("RabbitMQ",), installable=True)
DEBIAN_AS_ROOT_WITH_DOCKER = Machine(missing=("RabbitMQ",), installable=True, engine=True)
COMPLETE_WITH_DOCKER = Machine(engine=True)
MAC_WITH_DOCKER = Machine(missing=("RabbitMQ", "MongoDB"), engine=True)
BARE = Machine(missing=("RabbitMQ", "MongoDB"))
ADDRESSES_GIVEN = Machine(given=True)

# A run that has a database and then takes its time.
WAITING = """
import pathlib, time
def test_waits(mongo_url):
    pathlib.Path(__file__).with_name("url").write_text(mongo_url)
    time.sleep(50)
"""


@pytest.mark.parametrize("machine", [COMPLETE, COMPLETE_WITH_DOCKER, DEBIAN_AS_ROOT, DEBIAN_AS_ROOT_WITH_DOCKER])
def test_what_is_installed_or_installable_goes_before_containers(machine: Machine) -> None:
    assert choose("auto", machine) is Way.EMBEDDED


def test_an_engine_does_where_nothing_can_be_installed() -> None:
    assert choose("auto", MAC_WITH_DOCKER) is Way.CONTAINERS


def test_addresses_that_are_given_need_neither() -> None:
    assert choose("auto", ADDRESSES_GIVEN) is Way.EMBEDDED
    assert choose("containers", ADDRESSES_GIVEN) is Way.CONTAINERS


def test_what_is_asked_for_is_given_where_it_can_be() -> None:
    assert choose("containers", COMPLETE_WITH_DOCKER) is Way.CONTAINERS
    assert choose("embedded", COMPLETE_WITH_DOCKER) is Way.EMBEDDED
    assert choose("embedded", DEBIAN_AS_ROOT) is Way.EMBEDDED


@pytest.mark.parametrize(
    ("asked", "machine", "mentioned"),
    [
        ("auto", BARE, ["RabbitMQ and MongoDB", "no container engine answers", "install", "start Docker", "AMQP_URL"]),
        ("embedded", MAC_WITH_DOCKER, ["RabbitMQ and MongoDB", "install", "TEST_INFRA=containers"]),
        ("containers", COMPLETE, ["no container engine answers", "start Docker", "TEST_INFRA=embedded"]),
        ("docker", COMPLETE_WITH_DOCKER, ["embedded, containers or auto", "'docker'"]),
    ],
)
def test_what_can_not_be_had_is_one_line_that_says_what_to_do(
    asked: str, machine: Machine, mentioned: list[str]
) -> None:
    with pytest.raises(NowhereError) as problem:
        choose(asked, machine)

    assert "\n" not in str(problem.value)
    assert [part for part in mentioned if part not in str(problem.value)] == []


@pytest.mark.parametrize("command", [("-m", "tests.choosing"), ("-m", "pytest", "-n2"), ("-m", "pytest", "-n0")])
def test_a_run_without_broker_and_database_ends_with_that_line(command: tuple[str, ...], tmp_path: Path) -> None:
    # Nothing of this machine is found, and no engine.
    nowhere = {"TEST_INFRA": "containers", "DOCKER_HOST": f"unix://{tmp_path}/engine.sock"}
    a_run = () if command[-1] == "tests.choosing" else ("-q", "tests/ops/test_infra.py")

    ended = _python(*command, *a_run, **nowhere)

    assert ended.returncode != 0
    assert "no container engine answers: start Docker" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Error" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_run_that_is_interrupted_leaves_nothing_behind(
    number: signal.Signals, infra: Infra, tmp_path: Path
) -> None:
    address = tmp_path / "url"
    (tmp_path / "test_waiting.py").write_text(WAITING)
    run = subprocess.Popen(  # noqa: ASYNC220, S603 - it only starts there; every word is ours
        (sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", str(tmp_path)),
        cwd=ROOT,
        env=_alone(TEST_INFRA=infra.way),
        stdout=subprocess.DEVNULL,
        # a run in the background of a shell is started without, and would hand that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    await eventually(lambda: address.exists() and address.read_text(), A_BUSY_MACHINES_START)
    database = address_of(address.read_text(), default_port=0)
    assert answers(*database)

    run.send_signal(number)

    assert run.wait(120) == pytest.ExitCode.INTERRUPTED
    assert not answers(*database)


def test_the_containers_are_those_of_docker_compose() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    assert services["rabbitmq"]["image"] == containers.RABBITMQ
    assert services["mongo"]["image"] == containers.MONGODB


def test_what_starts_a_broker_or_database_of_its_own_says_so() -> None:
    starts = re.compile(r"ops\.embedded\.(?:mongodb|rabbitmq|plan|cluster) import")
    tests = [path for pattern in ("test_*.py", "large_*.py", "conftest.py") for path in (ROOT / "tests").rglob(pattern)]

    own = {path.name: path.read_text() for path in tests if starts.search(path.read_text())}

    assert {"large_cluster.py", "test_up.py", "test_database_gone.py"} <= set(own)
    assert [name for name, text in own.items() if "pytest.mark.embedded" not in text] == []


def _python(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - every word is ours
        (sys.executable, *arguments),
        cwd=ROOT,
        env=_alone(**more),
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )


def _alone(**more: str) -> Mapping[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ADDRESSED}
    return inherited | more
