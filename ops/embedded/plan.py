"""Which parts a run has, from broker to edge, and what each is started with."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.embedded.layout import SERVICES, Layout
from ops.embedded.mongodb import MongoDB, find_mongod
from ops.embedded.part import Part, Stage, accepts, answers_ok, http_checks
from ops.embedded.ports import LOOPBACK
from ops.embedded.process import Program
from ops.embedded.rabbitmq import RabbitMQ, find_server
from ops.embedded.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
_FIRST_SERVICE_PORT = 9101
_FIRST_MANAGEMENT_PORT = 15_679
_FIRST_DISTRIBUTION_PORT = 25_679


@dataclass(frozen=True, slots=True)
class Plan:
    """Makes the parts of one run."""

    layout: Layout
    folder: RunFolder

    def parts(self) -> list[Part]:
        """Return every part. Raises: MissingPartError, before anything is started."""
        return [*self._foundation(), *self._services(), *self._mk()]

    def _foundation(self) -> Iterator[Part]:
        if self.layout.uses_own("AMQP_URL"):
            find_server()
            yield self._rabbitmq()
        if self.layout.uses_own("MONGO_URL"):
            find_mongod()
            yield self._mongod()
        if self.layout.uses_own("SMTP_URL"):
            yield self._mailbox()

    def _rabbitmq(self) -> Part:
        node = RabbitMQ(
            folder=self.folder.path / "rabbitmq",
            port=self.layout.ports["AMQP_PORT"],
            management_port=self.layout.port_from(_FIRST_MANAGEMENT_PORT),
            distribution_port=self.layout.port_from(_FIRST_DISTRIBUTION_PORT),
            log=self._log("rabbitmq"),
        )

        async def ready() -> bool:
            return await accepts(node.port) and await answers_ok(node.management_port, "/")

        return Part("rabbitmq", Stage.FOUNDATION, f"{node.management_url} (guest)", program=node.program, ready=ready)

    def _mongod(self) -> Part:
        port = self.layout.ports["MONGO_PORT"]
        mongod = MongoDB(folder=self.folder.path / "mongod", port=port, log=self._log("mongod"))
        return Part("mongod", Stage.FOUNDATION, mongod.url, program=mongod.program, ready=lambda: accepts(port))

    def _mailbox(self) -> Part:
        env = {"MAIL_FOLDER": str(self.folder.path / "mail"), "SMTP_PORT": str(self.layout.ports["SMTP_PORT"])}
        module = _Module("mailbox", "ops.embedded.mailbox", Stage.FOUNDATION, env)
        return self._part(module, self.layout.ports["MAIL_PORT"])

    def _services(self) -> Iterator[Part]:
        for name in SERVICES:
            module = _Module(name, f"services.{name}.app", Stage.EDGE if name == "edge" else Stage.SERVICES)
            for replica in range(1, self.layout.replicas[name] + 1):
                known = name == "edge" and replica == 1
                port = self.layout.ports["EDGE_PORT"] if known else self.layout.port_from(_FIRST_SERVICE_PORT)
                yield self._part(module, port, replica)

    def _mk(self) -> Iterator[Part]:
        if self.layout.uses_own("MK_URL"):
            # It publishes the demo provider at its start, when the services' queues are there to take it.
            module = _Module("mk", "mk.app", Stage.MK, {"MK_LOAD": "provider"})
            yield self._part(module, self.layout.ports["MK_PORT"])

    def _part(self, module: "_Module", port: int, replica: int = 1) -> Part:
        label = module.name if replica == 1 else f"{module.name}-{replica}"
        program = Program(
            argv=(sys.executable, "-m", module.path),
            env={**self._environment(), **module.env, "PORT": str(port)},
            log=self._log(label),
            folder=ROOT,
        )
        ready, alive = http_checks(port)
        address = f"http://{LOOPBACK}:{port}"
        return Part(
            name=module.name,
            stage=module.stage,
            address=address,
            program=lambda: program,
            ready=ready,
            alive=alive,
            replica=replica,
        )

    def _environment(self) -> dict[str, str]:
        addresses = self.layout.addresses
        return {
            **addresses,
            "PUBLIC_URL": os.environ.get("PUBLIC_URL", addresses["EDGE_URL"]),
            "JWKS_URL": f"{addresses['MK_URL']}/.well-known/jwks.json",
            "LINK_SECRET": self.folder.secret("link"),
            "VAR_DIR": str(self.folder.path),
            # a dozen demo customers stand for many
            "RATE_LIMIT": os.environ.get("RATE_LIMIT", "6000/minute"),
            "CONTACT_RATE_LIMIT": os.environ.get("CONTACT_RATE_LIMIT", "3000/minute"),
            "ADDRESS_RATE_LIMIT": os.environ.get("ADDRESS_RATE_LIMIT", "6000/minute"),
            "LOG_FORMAT": os.environ.get("LOG_FORMAT", "json"),
            "PYTHONUNBUFFERED": "1",
        }

    def _log(self, label: str) -> Path:
        return self.folder.path / "log" / f"{label}.log"


@dataclass(frozen=True, slots=True)
class _Module:
    """A Python program of ours: `python -m path`."""

    name: str
    path: str
    stage: Stage
    env: Mapping[str, str] = field(default_factory=dict)
