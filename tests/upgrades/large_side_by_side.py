"""A rolling deploy for real, forward and back: the release before and today's version on the same queues and databases.

`make upgrade`. It needs the release's commit, so it is no part of `make test`, which runs in a clone without history.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts import feedback, mk, tickets, topology
from ops.dead_letters import Choice, chosen, replay
from tests.eventually import eventually
from tests.services.edge.surroundings import Issuer
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.upgrades.record import NAMES, registers
from tests.upgrades.versions import ROOT, Version, unpack

SERVICES = ("edge", *NAMES)
RELEASE = max(Path(__file__).parent.glob("v[0-9]*"))
IN_A_WAVE = 30
IN_ALL = 3 * IN_A_WAVE
MAILS = 3
"""Of each contact: the two of R11, and the request to evaluate, since nobody has the app (R16)."""

LONG = timedelta(seconds=120)

QUEUES = json.loads((RELEASE / "topology.json").read_text())["queues"]
ADDED = {
    (service, message.type_name(), "unknown_type")
    for service, of in topology.LISTENS.items()
    for message in of
    if service in NAMES and [message.exchange(), message.routing_key()] not in QUEUES[service]["bindings"]
}
"""Dead letters, as (service, type, reason), of a release that shares its queues with a version that listens to more."""

pytestmark = pytest.mark.timeout(600)


class Deploy:
    """Two versions, customers who keep writing through whatever door is open, and what came of it."""

    def __init__(self, system: System, mailbox: Mailbox, issuer: Issuer, versions: dict[str, Version]) -> None:
        self.system = system
        self.mailbox = mailbox
        self.versions = versions
        self.contacts: list[str] = []
        self._token = issuer.token("ana")
        self._turn = itertools.count()
        self._closed: set[str] = set()

    async def up(self, version: Version) -> None:
        """Migrate, then start one replica of every service of a version."""
        for name in NAMES:
            await version.migrate(name)
        for name in SERVICES:
            await version.run(name)
        for replica in version.replicas:
            await eventually(replica.is_ready, LONG, because=f"{version.name} {replica.name} is ready")

    async def down(self, version: Version) -> None:
        """Stop a version, one replica after the other."""
        for replica in version.replicas:
            await replica.stop()

    async def wave(self, number: int = IN_A_WAVE) -> None:
        """Have customers write at once, each until they are told yes."""
        keys = [f"wave-{next(self._turn)}" for _ in range(number)]
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {self._token}"}, timeout=10) as client:
            self.contacts += await asyncio.gather(*(self._write(client, key) for key in keys))

    async def _write(self, client: httpx2.AsyncClient, key: str) -> str:
        body = {"sector_id": "tecnico", "text": f"Sem conexão: {key}"}

        async def accepted() -> str | None:
            doors = [door for version in self.versions.values() for door in version.edges()]
            door = doors[next(self._turn) % len(doors)]
            try:
                answer = await client.post(f"{door.url}/v1/contacts", json=body, headers={"Idempotency-Key": key})
            except httpx2.HTTPError:
                return None
            assert answer.status_code in {202, 503}, answer.text
            return str(answer.json()["contact_id"]) if answer.status_code == 202 else None

        return await eventually(accepted, LONG)

    def opened(self) -> dict[str, list[dict[str, Any]]]:
        """The openings that were told, by contact."""
        found: dict[str, list[dict[str, Any]]] = {contact: [] for contact in self.contacts}
        for body in self.system.received_of(tickets.TicketOpened):
            found.setdefault(body["contact_id"], []).append(body)
        return found

    async def all_opened(self) -> None:
        """Wait until every contact has its ticket."""
        await eventually(lambda: all(self.opened().values()), LONG)

    async def close_all(self) -> None:
        """Wait until every contact has its ticket; work on those that are open, close them, ask for evaluations."""
        await self.all_opened()
        tickets_ = {openings[0]["ticket_id"] for openings in self.opened().values()}
        for ticket in sorted(tickets_ - self._closed):
            self._closed.add(ticket)
            phase = {"process": "Suporte", "phase": "Visita", "customer_label": "Visita"}
            closing = {"closed_by": "Rui", "request_evaluation": True}
            await self.system.publish(
                mk.PhaseChanged.model_validate(common_fields_of(ticket) | phase),
                mk.TicketClosed.model_validate(common_fields_of(ticket) | closing),
            )


def common_fields_of(ticket_id: str) -> dict[str, Any]:
    known = emitted(mk.TicketReopened, ticket_id=ticket_id).model_dump()
    return {name: value for name, value in known.items() if name != "reason"}


async def dead_of(deploy: Deploy) -> set[tuple[str, str, str]]:
    """What became a dead letter, as (service, type, reason)."""
    async with chosen(deploy.system.publisher, Choice()) as dead_letters:
        return {(one.service, one.type, one.reason) for one in dead_letters}


async def replay_unknown(deploy: Deploy) -> None:
    """What old replicas took of types that they don't know is given to the new ones, as runbook.md has it."""
    async with chosen(deploy.system.publisher, Choice(reason="unknown_type")) as dead_letters:
        for one in dead_letters:
            await replay(deploy.system.publisher, one)
    await deploy.system.quiet()


@pytest.fixture
async def deploy(system: System, mailbox: Mailbox, tmp_path: Path) -> AsyncIterator[Deploy]:
    issuer = Issuer()
    often = "100000/minute"
    environment = {name.upper(): value for name, value in system.environment.items()}
    environment |= {
        "SMTP_URL": mailbox.url,
        "JWKS_URL": issuer.url,
        "LINK_SECRET": "s" * 32,
        "RECEIPT_SECRET": "r" * 32,
        "MIGRATES": "job",
    }
    environment |= {"RATE_LIMIT": often, "CONTACT_RATE_LIMIT": often, "ADDRESS_RATE_LIMIT": often}
    # one customer writes all of it, and gets more mails in an hour than a person should
    environment |= {"MAIL_HOURLY_CAP": "1000"}
    trees = {"released": unpack((RELEASE / "commit").read_text().strip(), tmp_path / "released"), "today": ROOT}
    versions = {name: Version(name, tree, tmp_path, environment) for name, tree in trees.items()}
    yield Deploy(system, mailbox, issuer, versions)
    for version in versions.values():
        await version.kill()
    issuer.close()


@pytest.mark.parametrize(("before", "after"), [("released", "today"), ("today", "released")])
async def test_nothing_is_lost_or_doubled_while_one_version_takes_over_from_the_other(
    deploy: Deploy, before: str, after: str
) -> None:
    old, new = deploy.versions[before], deploy.versions[after]
    await deploy.up(old)
    await deploy.system.publish(*registers())
    await deploy.wave()
    await deploy.all_opened()

    await deploy.up(new)
    await deploy.wave()
    await deploy.close_all()
    await asyncio.gather(deploy.wave(), deploy.down(old))
    await deploy.close_all()

    await eventually(lambda: len(deploy.system.received_of(feedback.EvaluationRequested)) >= IN_ALL, LONG)
    await eventually(lambda: len(deploy.mailbox.messages) >= MAILS * IN_ALL, LONG)
    await deploy.system.quiet()
    opened = deploy.opened()
    assert len(set(deploy.contacts)) == len(opened) == IN_ALL
    assert {contact: len(openings) for contact, openings in opened.items() if len(openings) != 1} == {}
    assert len({openings[0]["protocol"] for openings in opened.values()}) == IN_ALL
    asked = Counter(one["ticket_id"] for one in deploy.system.received_of(feedback.EvaluationRequested))
    assert asked == dict.fromkeys((openings[0]["ticket_id"] for openings in opened.values()), 1)
    mails = Counter((mail["Message-ID"], tuple(mail.recipients)) for mail in deploy.mailbox.messages)
    assert Counter(mails.values()) == {1: MAILS * IN_ALL}
    assert await dead_of(deploy) <= ADDED
    if new.name == "today":
        await replay_unknown(deploy)
        assert await dead_of(deploy) == set()
    for version in (old, new):
        assert all(version.handled()[name] > 0 for name in NAMES), (version.name, version.handled())
