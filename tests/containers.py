"""A test run's broker and database as containers of the run's own, by testcontainers."""

import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from docker.errors import DockerException, ImageNotFound, NotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from tests.choosing import NowhereError

RABBITMQ = "rabbitmq:4-management"
MONGODB = "mongo:8.0"
_AMQP, _MANAGEMENT, _MONGO = 5672, 15672, 27017
_LONGEST_PULL = timedelta(minutes=10)
_PATIENCE = timedelta(seconds=5)


def engine_answers() -> bool:
    """Tell whether there is a container engine, local or where `DOCKER_HOST` or the context says."""
    try:
        return bool(DockerClient(timeout=_PATIENCE.total_seconds()).client.ping())
    except (DockerException, OSError):
        return False


def _new_name() -> str:
    return f"atendo-test-{uuid.uuid4().hex[:12]}"


@dataclass(slots=True)
class Containers:
    """A container each; `place` is the beginning of their names."""

    place: str = field(default_factory=_new_name)
    _running: list[DockerContainer] = field(default_factory=list)

    def start_broker(self) -> tuple[str, str]:
        """Start RabbitMQ, and return where AMQP and the management API will be. Raises: NowhereError."""
        container = self._run("RabbitMQ", DockerContainer(RABBITMQ).with_exposed_ports(_AMQP, _MANAGEMENT))
        host = container.get_container_host_ip()
        amqp, management = (container.get_exposed_port(port) for port in (_AMQP, _MANAGEMENT))
        return f"amqp://guest:guest@{host}:{amqp}/", f"http://{host}:{management}"

    def start_database(self) -> str:
        """Start mongod, and return where it will be. Raises: NowhereError."""
        # Beside the tests' own needs; by default it takes half of the memory.
        lean = DockerContainer(MONGODB).with_command(["--quiet", "--wiredTigerCacheSizeGB", "0.25"])
        container = self._run("MongoDB", lean.with_exposed_ports(_MONGO))
        return f"mongodb://{container.get_container_host_ip()}:{container.get_exposed_port(_MONGO)}/"

    def has_ended(self) -> bool:
        """Tell whether a container that was started here has ended by itself."""
        return not all(_runs(container) for container in self._running)

    def end_of_log(self, part: str) -> str:
        """The end of a part's log."""
        try:
            log: bytes = DockerClient().client.containers.get(self._name(part)).logs(tail=5)
        except NotFound:
            return ""
        return log.decode(errors="replace")

    def stop(self) -> None:
        """Remove what was started here, and what it stored."""
        while self._running:
            self._running.pop().stop()

    def _run(self, part: str, container: DockerContainer) -> DockerContainer:
        _without_a_reaper_where_there_is_none()
        _pull(container.image)
        # Known before it is started, so that it is removed even where that fails.
        self._running.append(container.with_name(self._name(part)))
        return container.start()

    def _name(self, part: str) -> str:
        return f"{self.place}-{part.lower()}"


def _runs(container: DockerContainer) -> bool:
    try:
        container.reload()
    except NotFound:
        return False
    return container.status == "running"


def _without_a_reaper_where_there_is_none() -> None:
    """Do without the container that removes others after a `kill -9` of ours, where its image can't be had."""
    if testcontainers_config.ryuk_disabled:
        return
    try:
        _pull(testcontainers_config.ryuk_image)
    except NowhereError as problem:
        _report(f"{problem} Containers are removed at the end, but not after a kill -9.")
        testcontainers_config.ryuk_disabled = True


def _pull(image: str) -> None:
    client = DockerClient().client
    deadline = time.monotonic() + _LONGEST_PULL.total_seconds()
    try:
        client.images.get(image)
    except ImageNotFound:
        _report(f"pulling {image}, once")
    else:
        return
    try:
        for step in client.api.pull(image, stream=True, decode=True):
            if "error" in step:
                raise NowhereError(f"{image} can't be pulled: {step['error']}.")
            if time.monotonic() > deadline:
                raise NowhereError(f"{image} wasn't pulled within {_LONGEST_PULL}.")
    except DockerException as error:
        reason = " ".join(str(getattr(error, "explanation", error)).split())
        raise NowhereError(f"{image} can't be pulled: {reason}.") from error


def _report(text: str) -> None:
    print(f"atendo: {text}", file=sys.stderr, flush=True)  # noqa: T201 - a long wait is told
