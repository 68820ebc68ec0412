"""Where everything of a run is: ports, addresses, and which parts are ours, read from the environment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.embedded.mongodb import REPLICA_SET
from ops.embedded.ports import LOOPBACK, is_taken, next_free_port

SERVICES = ("contacts", "tickets", "notifier", "feedback", "edge")
_DEFAULT_PORTS = {
    "EDGE_PORT": 8080,
    "MK_PORT": 8081,
    "MAIL_PORT": 8082,
    "SMTP_PORT": 8025,
    "CHAT_PORT": 8083,
    "PUSH_PORT": 8084,
    "AMQP_PORT": 5679,
    "MONGO_PORT": 27027,
}
# Naming one of these addresses means: use that, start none of ours.
_REPLACED_BY = {
    "AMQP_PORT": "AMQP_URL",
    "MONGO_PORT": "MONGO_URL",
    "SMTP_PORT": "SMTP_URL",
    "MAIL_PORT": "SMTP_URL",
    "MK_PORT": "MK_URL",
    "CHAT_PORT": "CHAT_URL",
    "PUSH_PORT": "PUSH_URL",
}
# Naming one of these means: a bot of Telegram's own, or of some other stand-in's.
_OF_ANOTHER_BOT = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN_FILE", "TELEGRAM_API_URL")
# Naming one of these means: the push services of the world, or some other stand-in.
_OF_ANOTHER_PUSH = ("PUSH_HOSTS", "VAPID_KEY", "VAPID_KEY_FILE")
# A majority of two is both of them.
_CLUSTER_SIZES = (1, 3, 5)
# The processes of a run that was just killed may take a moment to let go.
_PATIENCE_SECONDS = 2.0


class BadSettingError(Exception):
    """The environment asks for what can't be; the message says what to do."""


@dataclass(slots=True)
class Layout:
    """The addresses of one run; `given` are those that the environment named.

    With a `cluster` of several, each broker node and each member of the replica set has an address of its own in
    `network`, on loopback unless told otherwise, and all have the same ports.
    """

    ports: Mapping[str, int]
    given: Mapping[str, str]
    replicas: Mapping[str, int]
    cluster: int = 1
    network: str = "127.0.0"
    _handed_out: set[int] = field(default_factory=set)

    @property
    def addresses(self) -> dict[str, str]:
        """What `run.env` says and every service gets."""
        brokers = ",".join(f"{host}:{self.ports['AMQP_PORT']}" for host in self.hosts)
        members = ",".join(f"{host}:{self.ports['MONGO_PORT']}" for host in self.hosts)
        ours = {
            "AMQP_URL": f"amqp://guest:guest@{brokers}/",
            "MONGO_URL": f"mongodb://{members}/"
            + (f"?replicaSet={REPLICA_SET}&w=majority" if self.cluster > 1 else ""),
            "EDGE_URL": f"http://{LOOPBACK}:{self.ports['EDGE_PORT']}",
            "MK_URL": f"http://{LOOPBACK}:{self.ports['MK_PORT']}",
            # An SMTP server of somebody else's has its own page, if any.
            "MAIL_URL": "" if "SMTP_URL" in self.given else f"http://{LOOPBACK}:{self.ports['MAIL_PORT']}",
            "SMTP_URL": f"smtp://{LOOPBACK}:{self.ports['SMTP_PORT']}",
            "CHAT_URL": f"http://{LOOPBACK}:{self.ports['CHAT_PORT']}",
            "PUSH_URL": f"http://{LOOPBACK}:{self.ports['PUSH_PORT']}",
        }
        return ours | dict(self.given)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The address of each broker node and each database member: one, or as many as the cluster has."""
        return tuple(f"{self.network}.{number}" for number in range(1, self.cluster + 1))

    def uses_own(self, url_name: str) -> bool:
        """Tell whether the part behind an address is ours to start."""
        return url_name not in self.given

    def port_from(self, start: int) -> int:
        """Return a free port for something that nobody needs to know by heart, each only once."""
        port = next_free_port(start, excluding=self._handed_out | set(self.ports.values()))
        self._handed_out.add(port)
        return port

    def check_ports(self) -> None:
        """Raise BadSettingError where a fixed port of ours is taken."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for name, port in self.ports.items():
            if _REPLACED_BY.get(name) in self.given:
                continue
            hosts = self.hosts if name in {"AMQP_PORT", "MONGO_PORT"} else (LOOPBACK,)
            while any(is_taken(port, host) for host in hosts):
                if time.monotonic() > deadline:
                    raise BadSettingError(
                        f"Port {port} is taken: stop the program that listens there, or set {name} to a free one.",
                    )
                time.sleep(0.1)


def read_layout(environ: Mapping[str, str], *, scale: str = "", cluster: int = 1) -> Layout:
    """Return where everything will be. Raises: BadSettingError."""
    if cluster not in _CLUSTER_SIZES:
        raise BadSettingError(f"CLUSTER says {cluster}: give 3 or 5 for a cluster that can lose a member, or 1.")
    ports = {name: _port(environ, name, default) for name, default in _DEFAULT_PORTS.items()}
    names = ("AMQP_URL", "MONGO_URL", "SMTP_URL", "MAIL_URL", "MK_URL")
    given = {name: environ[name] for name in names if environ.get(name)}
    if "SMTP_URL" not in given:
        given.pop("MAIL_URL", None)
    if any(environ.get(name) for name in _OF_ANOTHER_BOT):
        # its chats are in nobody's page of ours
        given["CHAT_URL"] = ""
    if any(environ.get(name) for name in _OF_ANOTHER_PUSH):
        given["PUSH_URL"] = ""
    return Layout(ports=ports, given=given, replicas=read_scale(scale), cluster=cluster)


def read_scale(scale: str) -> dict[str, int]:
    """Return the replicas of each service from words such as `notifier=3 tickets=2`. Raises: BadSettingError."""
    replicas = dict.fromkeys(SERVICES, 1)
    for item in scale.replace(",", " ").split():
        name, _, count = item.partition("=")
        if name not in replicas:
            raise BadSettingError(f"SCALE names {name!r}: give some of {', '.join(SERVICES)}, as in notifier=3.")
        if not count.isdecimal() or int(count) < 1:
            raise BadSettingError(f"SCALE says {item!r}: give a number from 1 on, as in {name}=2.")
        replicas[name] = int(count)
    return replicas


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65_536:  # noqa: PLR2004 - the last TCP port
        raise BadSettingError(f"{name} is {value!r}: give a port number from 1 to 65535.")
    return int(value)
