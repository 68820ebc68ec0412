"""Whether a test run's broker and database are programs of this machine or containers; `make test` asks first."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from ops.embedded.mongodb import find_mongod
from ops.embedded.process import MissingPartError
from ops.embedded.rabbitmq import find_server

ASKED = "TEST_INFRA"
AUTO = "auto"
_INSTALLER = Path(__file__).parents[1] / "ops" / "install" / "broker"
_PATIENCE = timedelta(seconds=10)


class Way(StrEnum):
    """Where a broker and a database come from, unless `AMQP_URL` and `MONGO_URL` name them."""

    EMBEDDED = "embedded"
    CONTAINERS = "containers"


class NowhereError(Exception):
    """There is no broker or no database to be had; the words say what to do, in one line."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine offers to tests."""

    missing: tuple[str, ...] = ()
    """Which of RabbitMQ and MongoDB is neither installed nor named by an address."""

    installable: bool = False
    """Debian has what is missing, and we are root."""

    engine: bool = False
    """A container engine answers."""

    given: bool = False
    """Both are named by an address: nothing is to be started."""


def choose(asked: str, machine: Machine) -> Way:
    """Return the way that was asked for or, for `auto`, the first that is open. Raises: NowhereError."""
    here = not machine.missing or machine.installable
    there = machine.engine or machine.given
    missing = " and ".join(machine.missing)
    match asked:
        case Way.EMBEDDED | "auto" if here:
            return Way.EMBEDDED
        case Way.CONTAINERS | "auto" if there:
            return Way.CONTAINERS
        case Way.EMBEDDED:
            raise NowhereError(f"{missing} isn't installed here: install it, or set {ASKED}=containers.")
        case Way.CONTAINERS:
            raise NowhereError(f"no container engine answers: start Docker, or set {ASKED}=embedded.")
        case "auto":
            raise NowhereError(
                f"{missing} isn't installed here, and no container engine answers: "
                "install it (on Debian `make test` does so as root), start Docker, or set AMQP_URL and MONGO_URL."
            )
        case _:
            raise NowhereError(f"{ASKED} is embedded, containers or auto, not {asked!r}.")


def chosen() -> Way:
    """The way of this run, as the environment and this machine have it. Raises: NowhereError."""
    return choose(asked(), look())


def asked() -> str:
    """What the environment asks for."""
    return os.environ.get(ASKED) or AUTO


def look() -> Machine:
    """See what there is; the engine is asked only where it matters."""
    broker_given, database_given = bool(os.environ.get("AMQP_URL")), bool(os.environ.get("MONGO_URL"))
    mongod = _mongod()
    has_database = database_given or (mongod is not None and _runs(mongod))
    parts = {"RabbitMQ": broker_given or _has_rabbitmq(), "MongoDB": has_database}
    missing = tuple(name for name, there in parts.items() if not there)
    # Debian has no mongod, only the libraries that the wheel's needs.
    installable = _may_install() and (has_database or mongod is not None)
    needed = asked() == Way.CONTAINERS or (bool(missing) and not installable)
    return Machine(missing, installable, engine=needed and _engine_answers(), given=broker_given and database_given)


def _has_rabbitmq() -> bool:
    try:
        find_server()
    except MissingPartError:
        return False
    return True


def _mongod() -> str | None:
    try:
        return find_mongod()
    except MissingPartError:
        return None


def _runs(mongod: str) -> bool:
    seconds = _PATIENCE.total_seconds()
    try:
        version = subprocess.run((mongod, "--version"), check=False, capture_output=True, timeout=seconds)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return version.returncode == 0


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _engine_answers() -> bool:
    from tests.containers import engine_answers  # noqa: PLC0415 - Docker's client is slow to load

    return engine_answers()


def main() -> int:
    """Say in one line what there isn't, or install what can be installed."""
    machine = look()
    try:
        way = choose(asked(), machine)
    except NowhereError as problem:
        print(f"atendo: {problem}", file=sys.stderr)  # noqa: T201 - a command speaks on its terminal
        return 1
    if way is Way.EMBEDDED and machine.missing:
        return subprocess.run((_INSTALLER,), check=False).returncode  # noqa: S603 - ours
    return 0


if __name__ == "__main__":
    sys.exit(main())
