"""The product as real processes, through the embedded code, with every service wrapped and a mail server of our own."""

import dataclasses
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ops.embedded.cluster import Cluster
from ops.embedded.keeper import Keeper, State
from ops.embedded.layout import Layout, read_layout
from ops.embedded.part import Part, Stage, accepts
from ops.embedded.plan import ROOT, Plan
from ops.embedded.ports import LOOPBACK, free_port
from ops.embedded.process import Program
from ops.embedded.run_folder import RunFolder
from ops.embedded.supervisor import Supervisor
from tests.chaos import sink
from tests.chaos.stand_ins import StandIns
from tests.chaos.wrapped import BUG, TRIGGER
from tests.machines import Machines

SCALE = "tickets=2 notifier=2"
SERVICES = ("contacts", "tickets", "notifier", "feedback", "mk", "edge")
_PORTS = ("EDGE_PORT", "MK_PORT", "AMQP_PORT", "MONGO_PORT", "CHAT_PORT", "PUSH_PORT")
_SHORT = {"TELEGRAM_WAIT": "PT2S", "TELEGRAM_TIMEOUT": "PT3S"}
"""Whoever asked for updates and was killed is followed after ten seconds, not after a minute."""

_ON_MACHINES = ("rabbitmq", "mongod")
"""What a cluster has a machine each for."""

_NO_LIMIT = "1000000/second"
_BACK_AGAIN = timedelta(seconds=1)
"""Killed every few seconds, parts would otherwise be down for most of the run."""


class _OwnPorts(Layout):
    """Ports that nobody else's run tries first."""

    def port_from(self, start: int) -> int:  # noqa: ARG002 - the signature of what it stands for
        """Return a free port."""
        return free_port()


@dataclass(slots=True)
class Product:
    """One run in `folder`."""

    folder: Path
    changed: Callable[[Keeper], None]
    bug: str = ""
    cluster: int = 1
    machines: Machines | None = None
    layout: Layout = field(init=False)
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        smtp_port = free_port()
        environment = {name: str(free_port()) for name in _PORTS} | {"SMTP_URL": f"smtp://{LOOPBACK}:{smtp_port}"}
        found = read_layout(environment, scale=SCALE, cluster=self.cluster)
        network = found.network if self.machines is None else self.machines.network
        self.layout = _OwnPorts(found.ports, found.given, found.replicas, found.cluster, network)
        os.environ |= dict.fromkeys(("RATE_LIMIT", "CONTACT_RATE_LIMIT", "ADDRESS_RATE_LIMIT"), _NO_LIMIT)
        parts = [self._wrapped(part) for part in Plan(self.layout, RunFolder(self.folder)).parts()]
        parts.append(self._mail(smtp_port))
        self.supervisor = Supervisor(parts, self.changed, longest_pause=_BACK_AGAIN)

    @property
    def addresses(self) -> dict[str, str]:
        """`AMQP_URL`, `MONGO_URL`, `EDGE_URL` and so on."""
        return self.layout.addresses

    @property
    def broker_url(self) -> str:
        """The first broker node, for those who look at a product that has come to rest."""
        return f"amqp://guest:guest@{self.layout.hosts[0]}:{self.layout.ports['AMQP_PORT']}/"

    @property
    def management_url(self) -> str:
        """The management API of a broker node that is up, or of the first where none is."""
        nodes = [keeper for keeper in self.supervisor.keepers if keeper.part.name == "rabbitmq"]
        return next((node for node in nodes if node.state is State.READY), nodes[0]).part.address

    @property
    def members(self) -> Cluster:
        """The broker nodes and database members."""
        return Cluster({keeper.part.label: keeper.part.address for keeper in self.supervisor.keepers})

    def stand_ins(self) -> StandIns:
        """The devices and chats of the customers."""
        addresses, token = self.addresses, f"1:{RunFolder(self.folder).secret('telegram')}"
        return StandIns.at(push_url=addresses["PUSH_URL"], chat_url=addresses["CHAT_URL"], token=token)

    @property
    def mail_log(self) -> Path:
        """Every mail that was taken."""
        return self.folder / "mails.jsonl"

    def keeper(self, label: str) -> Keeper:
        """The part of this name."""
        return next(keeper for keeper in self.supervisor.keepers if keeper.part.label == label)

    def replicas(self, *names: str) -> list[str]:
        """The labels of all replicas of these parts; of every service where none is named."""
        wanted = names or SERVICES
        return [keeper.part.label for keeper in self.supervisor.keepers if keeper.part.name in wanted]

    def counts(self) -> Counter[str]:
        """How many replicas each service has."""
        return Counter(keeper.part.name for keeper in self.supervisor.keepers)

    def trigger(self, label: str) -> Path:
        """The file that makes a replica die at the place it names."""
        return self.folder / "triggers" / label

    def down(self) -> list[str]:
        """The parts that aren't ready."""
        return [keeper.part.label for keeper in self.supervisor.keepers if keeper.state is not State.READY]

    def _wrapped(self, part: Part) -> Part:
        if part.name not in SERVICES:
            # the stand-ins for the world are where the services are
            return self.machines.inside(part) if self.machines and part.name in _ON_MACHINES else part
        program = part.program()
        self.trigger(part.label).parent.mkdir(parents=True, exist_ok=True)
        argv = (sys.executable, "-m", "tests.chaos.wrapped", program.argv[-1])
        more = {TRIGGER: str(self.trigger(part.label)), BUG: self.bug, "MK_LOAD": "", **_SHORT}
        wrapped = dataclasses.replace(program, argv=argv, env={**program.env, **more})
        return dataclasses.replace(part, program=lambda: wrapped)

    def _mail(self, port: int) -> Part:
        program = Program(
            argv=(sys.executable, "-m", "tests.chaos.sink"),
            env={sink.LOG: str(self.mail_log), sink.PORT: str(port)},
            log=self.folder / "log" / "mail.log",
            folder=ROOT,
        )
        return Part("mail", Stage.FOUNDATION, f"smtp://{LOOPBACK}:{port}", lambda: program, lambda: accepts(port))
