"""A private RabbitMQ on loopback: its own data, its own node, nothing of the system's touched."""

import base64
import os
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ops.embedded.ports import LOOPBACK, answers
from ops.embedded.process import MissingPartError, Program

# Debian's wrapper in /usr/sbin insists on the user rabbitmq, so its real script goes first.
_DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_PREFIXES = ("/usr/local/sbin", "/opt/rabbitmq/sbin", "/opt/homebrew/sbin", "/usr/lib/rabbitmq/sbin", "/usr/sbin")
_GUEST = "Basic " + base64.b64encode(b"guest:guest").decode()


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
    """One node on three loopback ports; queues and messages are kept in `folder` from run to run."""

    folder: Path
    port: int
    management_port: int
    distribution_port: int
    log: Path

    @property
    def url(self) -> str:
        """Where clients connect, in the default virtual host."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}/"

    @property
    def management_url(self) -> str:
        """The management page and API; user and password are `guest`."""
        return f"http://{LOOPBACK}:{self.management_port}"

    def program(self) -> Program:
        """Write the configuration and return what starts the node. Raises: MissingPartError."""
        server = find_server()
        # The Erlang cookie lies there, and Erlang refuses one that others can read.
        (self.folder / "home").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_configuration()
        return Program(argv=(server,), env=self._environment(), log=self.log, folder=self.folder)

    def ready(self) -> bool:
        """Tell whether clients and the management API are served."""
        if not answers(LOOPBACK, self.port):
            return False
        # Both addresses are ours.
        request = urllib.request.Request(f"{self.management_url}/api/whoami", headers={"Authorization": _GUEST})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=2):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _write_configuration(self) -> None:
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {LOOPBACK}:{self.port}\n"
            f"management.tcp.ip = {LOOPBACK}\n"
            f"management.tcp.port = {self.management_port}\n"
            "log.file = node.log\n"
            "log.file.level = warning\n"
            "log.file.rotation.size = 10485760\n"
            "log.console = false\n"
            # A laptop's nearly full disk would otherwise block every publisher.
            "disk_free_limit.absolute = 50MB\n",
        )

    def _environment(self) -> dict[str, str]:
        node = "atendo@localhost"
        return {
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": node,
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.log.parent / "rabbitmq"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            # The system's own settings in /etc/rabbitmq must not leak in.
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            # Makes the start script exec the virtual machine: its pid is ours and signals reach it.
            "RUNNING_UNDER_SYSTEMD": "true",
            # A node that already has its name and knows its port needs no epmd.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-sname {node} -erl_epmd_port {self.distribution_port} -kernel inet_dist_use_interface {{127,0,0,1}}"
            ),
            # RabbitMQ starts one all the same each minute, as a daemon that stays behind: this keeps it from doing so.
            "ERL_FLAGS": "-start_epmd false",
            # Nothing listens there: the system's epmd must not hear of our node, nor refuse its name.
            "ERL_EPMD_PORT": "1",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }
