"""Machines of a cluster as network namespaces, so that one can be cut off from the others while clients reach all."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from ops.embedded.part import Part
from ops.embedded.process import Program

_IP = shutil.which("ip") or "/usr/sbin/ip"
_CLIENTS = 254


@dataclass(slots=True)
class Machines:
    """Some namespaces on one bridge, numbered from 1, each with the address `<network>.<number>`.

    Two test runs at a time get networks of their own. Needs root and iproute2: ask `are_allowed` first.
    """

    count: int
    _opened: list[int] = field(default_factory=list)

    @property
    def network(self) -> str:
        """The first three numbers of every machine's address, as `Layout.network` takes it."""
        return f"10.{200 + os.getpid() // 250 % 50}.{os.getpid() % 250}"

    def open(self) -> None:
        """Plug the machines together. Raises: CalledProcessError where the kernel refuses; nothing is left then."""
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("address", "add", f"{self.network}.{_CLIENTS}/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            self._firewall("--insert")
            for number in range(1, self.count + 1):
                self._plug_in(number)
        except subprocess.CalledProcessError:
            self.close()
            raise

    def close(self) -> None:
        """Take everything away; end what runs inside first."""
        for number in self._opened:
            _try("netns", "delete", self._name(number))
            # A connection that can't end keeps a namespace and its cable for minutes.
            _try("link", "delete", self._name(number))
        self._opened.clear()
        _try("link", "delete", self._bridge)
        self._firewall("--delete")

    def _firewall(self, action: str) -> None:
        # where a Docker engine is or was, the kernel drops what passes over bridges that it hasn't heard of
        if iptables := shutil.which("iptables"):
            rule = ("FORWARD", "--in-interface", self._bridge, "--out-interface", self._bridge, "--jump", "ACCEPT")
            subprocess.run((iptables, action, *rule), check=False, capture_output=True)  # noqa: S603 - all ours

    def inside(self, part: Part) -> Part:
        """Return the part as it runs on the machine of its number, its pid still its own."""

        def program() -> Program:
            ours = part.program()
            configuration = ours.folder / "rabbitmq.conf"
            if configuration.exists():
                _let_guests_in(configuration)
            return replace(ours, argv=(_IP, "netns", "exec", self._name(part.replica), *ours.argv))

        return replace(part, program=program)

    def reach_each_other(self) -> bool:
        """Tell whether the first machine hears from the second: that nobody listens is word enough."""
        knock = (
            "import socket, sys\n"
            "knocking = socket.socket(); knocking.settimeout(3)\n"
            "try: knocking.connect((sys.argv[1], 9))\n"
            "except ConnectionRefusedError: sys.exit(0)\n"
            "except OSError: sys.exit(1)"
        )
        arguments = (_IP, "netns", "exec", self._name(1), sys.executable, "-c", knock, f"{self.network}.2")
        return subprocess.run(arguments, check=False).returncode == 0  # noqa: S603 - every word is ours

    def cut_off(self, number: int, *, from_clients: bool = False) -> None:
        """Let nothing pass between one machine and the others; clients go on reaching it, unless told otherwise."""
        self._route("add", number, from_clients=from_clients)

    def rejoin(self, number: int, *, from_clients: bool = False) -> None:
        """Undo `cut_off`."""
        self._route("delete", number, from_clients=from_clients)

    def _route(self, action: str, number: int, *, from_clients: bool) -> None:
        for other in set(self._opened) - {number}:
            for here, there in ((number, other), (other, number)):
                self._swallow(action, here, there)
        if from_clients:
            # What comes in is never answered: to a client, that is silence.
            self._swallow(action, number, _CLIENTS)

    def _swallow(self, action: str, here: int, there: int) -> None:
        _ip("-n", self._name(here), "route", action, "blackhole", f"{self.network}.{there}/32")

    def _plug_in(self, number: int) -> None:
        name = self._name(number)
        _ip("netns", "add", name)
        self._opened.append(number)
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", name, "master", self._bridge, "up")
        _ip("-n", name, "address", "add", f"{self.network}.{number}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", name, "link", "set", device, "up")

    @property
    def _bridge(self) -> str:
        return f"at{os.getpid()}"

    def _name(self, number: int) -> str:
        return f"at{os.getpid()}-{number}"


def are_allowed() -> bool:
    """Tell whether this process may make network namespaces on a bridge that reach each other."""
    if not Path(_IP).exists():
        return False
    probe = Machines(2)
    try:
        probe.open()
        return probe.reach_each_other()
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        probe.close()


def _let_guests_in(configuration: Path) -> None:
    # The user guest may come from loopback alone, and these clients come over a bridge.
    with configuration.open("a") as file:
        file.write("loopback_users = none\n")


def _ip(*arguments: str) -> None:
    subprocess.run((_IP, *arguments), check=True, capture_output=True)  # noqa: S603 - every word is ours


def _try(*arguments: str) -> None:
    subprocess.run((_IP, *arguments), check=False, capture_output=True)  # noqa: S603 - every word is ours
