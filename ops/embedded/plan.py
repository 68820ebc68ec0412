"""Which parts a run has, from broker to edge, and what each is started with."""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ops.embedded import operators
from ops.embedded.foundation import broker_nodes, database_members
from ops.embedded.layout import SERVICES, Layout
from ops.embedded.left_behind import PATIENCE, is_left_behind
from ops.embedded.mongodb import find_mongod
from ops.embedded.part import Part, Stage, http_checks
from ops.embedded.ports import LOOPBACK
from ops.embedded.process import Program
from ops.embedded.push.keys import service_account, vapid_key
from ops.embedded.rabbitmq import RabbitMQ, find_server
from ops.embedded.replica_set import ReplicaSet
from ops.embedded.run_folder import RunFolder
from services.notifier.deliver.channels.push_hosts import PUBLIC

ROOT = Path(__file__).resolve().parents[2]
_FIRST_SERVICE_PORT = 9101


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
            yield from self._rabbitmq()
        if self.layout.uses_own("MONGO_URL"):
            find_mongod()
            yield from self._mongod()
        if self.layout.uses_own("SMTP_URL"):
            yield self._mailbox()
        if self.layout.uses_own("CHAT_URL"):
            yield self._chat()
        if self.layout.uses_own("PUSH_URL"):
            yield self._part(_Module("push", "ops.embedded.push", Stage.FOUNDATION), self.layout.ports["PUSH_PORT"])

    def _rabbitmq(self) -> Iterator[Part]:
        nodes = broker_nodes(self.layout, self.folder)
        for number, node in enumerate(nodes, start=1):
            yield Part(
                "rabbitmq",
                Stage.FOUNDATION,
                node.management_url.replace("//", "//guest:guest@"),
                program=node.program,
                ready=partial(asyncio.to_thread, node.ready),
                alive=partial(_goes_along, node, nodes) if len(nodes) > 1 else None,
                patience=PATIENCE,
                replica=number,
            )

    def _mongod(self) -> Iterator[Part]:
        members = database_members(self.layout, self.folder)
        together = ReplicaSet(members)
        for number, member in enumerate(members, start=1):
            yield Part(
                "mongod",
                Stage.FOUNDATION,
                member.url,
                program=member.program,
                ready=partial(together.serves, member),
                replica=number,
            )

    def _mailbox(self) -> Part:
        env = {"MAIL_FOLDER": str(self.folder.path / "mail"), "SMTP_PORT": str(self.layout.ports["SMTP_PORT"])}
        module = _Module("mailbox", "ops.embedded.mailbox", Stage.FOUNDATION, env)
        return self._part(module, self.layout.ports["MAIL_PORT"])

    def _chat(self) -> Part:
        env = {"CHAT_FOLDER": str(self.folder.path / "chat"), **self._bot()}
        module = _Module("chat", "ops.embedded.chat", Stage.FOUNDATION, env)
        return self._part(module, self.layout.ports["CHAT_PORT"])

    def _bot(self) -> Mapping[str, str]:
        """What the notifier knows of the bot in our own chat; of another it reads in the environment."""
        if not self.layout.uses_own("CHAT_URL"):
            return {}
        url = self.layout.addresses["CHAT_URL"]
        token = f"1:{self.folder.secret('telegram')}"
        return {"TELEGRAM_BOT_TOKEN": token, "TELEGRAM_API_URL": url, "TELEGRAM_LINK_URL": url}

    def _pushes(self) -> Mapping[str, str]:
        """What the notifier knows of devices: what the environment names, else our own push service's."""
        keys = {} if _is_set("VAPID_KEY") else {"VAPID_KEY_FILE": str(vapid_key(self.folder))}
        if not self.layout.uses_own("PUSH_URL"):
            return keys
        url = self.layout.addresses["PUSH_URL"]
        # the browser in which somebody looks at the demo has a push service of its own
        hosts = ",".join((LOOPBACK, "localhost", *PUBLIC))
        phones = {"FCM_CREDENTIALS_FILE": str(service_account(self.folder, token_uri=f"{url}/token")), "FCM_URL": url}
        return {**keys, "PUSH_HOSTS": hosts, **({} if _is_set("FCM_CREDENTIALS") else phones)}

    def _services(self) -> Iterator[Part]:
        for name in SERVICES:
            stage = Stage.EDGE if name == "edge" else Stage.SERVICES
            env = {**self._bot(), **self._pushes()} if name == "notifier" else {}
            module = _Module(name, f"services.{name}.app", stage, env)
            for replica in range(1, self.layout.replicas[name] + 1):
                known = name == "edge" and replica == 1
                port = self.layout.ports["EDGE_PORT"] if known else self.layout.port_from(_FIRST_SERVICE_PORT)
                yield self._part(module, port, replica)

    def _mk(self) -> Iterator[Part]:
        if self.layout.uses_own("MK_URL"):
            # It publishes the demo provider at its start, when the services' queues are there to take it.
            module = _Module("mk", "mk.app", Stage.MK, {"MK_LOAD": "provider", **operators.setting()})
            yield self._part(module, self.layout.ports["MK_PORT"])

    def _part(self, module: "_Module", port: int, replica: int = 1) -> Part:
        program = Program(
            argv=(sys.executable, "-m", *module.argv),
            env={**self._environment(), **module.env, "PORT": str(port)},
            log=self.folder.log(module.name, replica),
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
            "ISSUER_URL": addresses["MK_URL"],
            "LINK_SECRET": self.folder.secret("link"),
            "RECEIPT_SECRET": self.folder.secret("receipt"),
            "VAR_DIR": str(self.folder.path),
            # a dozen demo customers stand for many
            "RATE_LIMIT": os.environ.get("RATE_LIMIT", "6000/minute"),
            "CONTACT_RATE_LIMIT": os.environ.get("CONTACT_RATE_LIMIT", "3000/minute"),
            "ADDRESS_RATE_LIMIT": os.environ.get("ADDRESS_RATE_LIMIT", "6000/minute"),
            "LOG_FORMAT": os.environ.get("LOG_FORMAT", "json"),
            "PYTHONUNBUFFERED": "1",
        }


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


async def _goes_along(node: RabbitMQ, nodes: tuple[RabbitMQ, ...]) -> bool:
    return not await asyncio.to_thread(is_left_behind, node, nodes)


@dataclass(frozen=True, slots=True)
class _Module:
    """A Python program of ours: `python -m path`."""

    name: str
    path: str
    stage: Stage
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def argv(self) -> tuple[str, ...]:
        """What follows `python -m`: a service runs with what its own image would have."""
        return (self.path,) if self.path.startswith("ops.") else ("ops.embedded.service", self.path)
