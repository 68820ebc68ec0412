"""A private RabbitMQ on loopback, alone or one of a cluster: its own data, nothing of the system's touched."""

import base64
import json
import os
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.embedded.ports import LOOPBACK, answers
from ops.embedded.process import MissingPartError, Program

# Debian's wrapper in /usr/sbin insists on the user rabbitmq, so its real script goes first.
_DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_PREFIXES = ("/usr/local/sbin", "/opt/rabbitmq/sbin", "/opt/homebrew/sbin", "/usr/lib/rabbitmq/sbin", "/usr/sbin")
_GUEST = "Basic " + base64.b64encode(b"guest:guest").decode()

_ANSWERS_WITHIN_SECONDS = 5.0


def find_server() -> str:
    """Return the path of `rabbitmq-server`. Raises: MissingPartError."""
    if _DEBIAN.exists():
        return str(_DEBIAN)
    found = shutil.which("rabbitmq-server") or shutil.which("rabbitmq-server", path=os.pathsep.join(_PREFIXES))
    if found is None:
        raise MissingPartError(
            "RabbitMQ isn't installed: run `apt-get install rabbitmq-server` as root, or set AMQP_URL.",
        )
    return found


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """One node on three ports of `host`; queues and messages are kept in `folder` from run to run.

    A member of a cluster has an address of its own and the same ports as the others, so that they find each other
    without epmd: `peers` are the addresses of all members, `cookie` the secret they share. Metrics are served
    where `metrics_port` says.
    """

    folder: Path
    port: int
    management_port: int
    distribution_port: int
    log: Path
    host: str = LOOPBACK
    peers: tuple[str, ...] = ()
    cookie: str = ""
    metrics_port: int | None = None

    @property
    def name(self) -> str:
        """What the node is called among its like."""
        return f"atendo@{self.host}" if self.peers else "atendo@localhost"

    @property
    def url(self) -> str:
        """Where clients connect, in the default virtual host."""
        return f"amqp://guest:guest@{self.host}:{self.port}/"

    @property
    def management_url(self) -> str:
        """The management page and API."""
        return f"http://{self.host}:{self.management_port}"

    def program(self) -> Program:
        """Write the configuration and return what starts the node. Raises: MissingPartError."""
        server = find_server()
        # The Erlang cookie lies there, and Erlang refuses one that others can read.
        (self.folder / "home").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_configuration()
        return Program(argv=(server,), env=self._environment(), log=self.log, folder=self.folder)

    def ready(self) -> bool:
        """Tell whether clients and the management API are served, and all members have found each other."""
        if not answers(self.host, self.port, within_seconds=_ANSWERS_WITHIN_SECONDS):
            return False
        try:
            nodes = ask(self.management_url, "nodes")
        except (urllib.error.URLError, OSError, ValueError):
            return False
        return len(nodes) >= len(self.peers)

    def _write_configuration(self) -> None:
        plugins = "rabbitmq_management,rabbitmq_prometheus" if self.metrics_port else "rabbitmq_management"
        (self.folder / "enabled_plugins").write_text(f"[{plugins}].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {self.host}:{self.port}\n"
            f"management.tcp.ip = {self.host}\n"
            f"management.tcp.port = {self.management_port}\n"
            "log.file = node.log\n"
            "log.file.level = warning\n"
            "log.file.rotation.size = 10485760\n"
            "log.console = false\n"
            # A laptop's nearly full disk would otherwise block every publisher.
            "disk_free_limit.absolute = 50MB\n" + self._metrics() + self._cluster(),
        )
        if self.cookie:
            cookie = self.folder / "home" / ".erlang.cookie"
            cookie.unlink(missing_ok=True)
            cookie.touch(mode=0o600)
            cookie.write_text(self.cookie)

    def _metrics(self) -> str:
        if self.metrics_port is None:
            return ""
        return f"prometheus.tcp.ip = {self.host}\nprometheus.tcp.port = {self.metrics_port}\n"

    def _cluster(self) -> str:
        if not self.peers:
            return ""
        members = "".join(
            f"cluster_formation.classic_config.nodes.{number} = atendo@{peer}\n"
            for number, peer in enumerate(self.peers, start=1)
        )
        return (
            "cluster_formation.peer_discovery_backend = classic_config\n"
            f"{members}"
            # Of two halves, the smaller stops: an acknowledged message is never on one side alone.
            "cluster_partition_handling = pause_minority\n"
            # Whoever declares first would otherwise make its own node lead every queue.
            "queue_leader_locator = balanced\n"
        )

    def _environment(self) -> dict[str, str]:
        naming = "-name" if self.peers else "-sname"
        interface = self.host.replace(".", ",")
        return {
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": self.name,
            # A member's name ends in an address, and Erlang calls what has dots in it a long name.
            "RABBITMQ_USE_LONGNAME": "true" if self.peers else "false",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.log.parent / self.log.stem),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            # The system's own settings in /etc/rabbitmq must not leak in.
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            # Makes the start script exec the virtual machine: its pid is ours and signals reach it.
            "RUNNING_UNDER_SYSTEMD": "true",
            # A node that already has its name and knows everyone's port needs no epmd.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"{naming} {self.name} -erl_epmd_port {self.distribution_port}"
                f" -kernel inet_dist_use_interface {{{interface}}}"
                # A silent member is given up after some 10 s, not a minute; in rabbitmq.conf 3.10 reads it too late.
                " -kernel net_ticktime 10"
            ),
            # RabbitMQ starts one all the same each minute, as a daemon that stays behind: this keeps it from doing so.
            "ERL_FLAGS": "-start_epmd false",
            # Nothing listens there: the system's epmd must not hear of our node, nor refuse its name.
            "ERL_EPMD_PORT": "1",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }


def ask(management_url: str, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a private node's management API says of `path`. Raises: URLError, OSError, ValueError."""
    # The address is ours.
    request = urllib.request.Request(f"{management_url}/api/{path}", headers={"Authorization": _GUEST})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_ANSWERS_WITHIN_SECONDS) as answer:  # noqa: S310
        return json.load(answer)
