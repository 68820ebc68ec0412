"""A cluster that loses a member: what was acknowledged stays, services come back by themselves, members rejoin.

`make test-cluster` runs it: six servers and some minutes.
"""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from yarl import URL

from chassis.messaging.hosts import OTHERS, hosts
from chassis.service import Service
from contracts import mk
from contracts.contacts import TicketRequested
from contracts.requests import SubmitContact
from ops.embedded.cluster import Cluster
from ops.embedded.keeper import Keeper, State
from ops.embedded.layout import Layout, read_layout
from ops.embedded.plan import Plan
from ops.embedded.ports import free_port
from ops.embedded.run_folder import RunFolder
from ops.embedded.supervisor import Supervisor
from ops.up import state_of
from services.contacts.app import build
from services.contacts.settings import Settings
from tests.eventually import eventually
from tests.infra import Broker
from tests.machines import Machines, are_allowed
from tests.stream import Stream
from tests.system import System, driven, emitted

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(900),
]

_MINUTE = timedelta(minutes=1)
# A node left behind is ended after a minute, and starts in another on a slow machine.
_HEALS_WITHIN = 3 * _MINUTE
_QUEUE = SubmitContact.queue()


@dataclass(slots=True)
class Running:
    """Three broker nodes and three database members, kept up by the embedded supervisor."""

    layout: Layout
    supervisor: Supervisor
    cluster: Cluster
    machines: Machines | None

    def keeper(self, label: str) -> Keeper:
        """The member of this label."""
        return next(keeper for keeper in self.supervisor.keepers if keeper.part.label == label)

    def kill(self, label: str) -> None:
        """End a member as a power cut would."""
        pid = self.keeper(label).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def host(self, label: str) -> str | None:
        """Where a member is."""
        return URL(self.cluster.addresses[label]).host

    async def whole(self) -> bool:
        """Tell whether every member is up and known to the others."""
        up = all(keeper.state is State.READY for keeper in self.supervisor.keepers)
        return up and await self.cluster.running() == set(self.cluster.nodes)


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines | None]:
    """Give a machine for each member where that is allowed; loopback has to do elsewhere."""
    if not are_allowed():
        yield None
        return
    machines = Machines(3)
    machines.open()
    yield machines
    machines.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(machines: Machines | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    layout = read_layout({name: str(free_port()) for name in ("AMQP_PORT", "MONGO_PORT")}, cluster=3)
    if machines is not None:
        layout.network = machines.network
    plan = Plan(layout, RunFolder(tmp_path_factory.mktemp("cluster")))
    parts = [part for part in plan.parts() if part.name in {"rabbitmq", "mongod"}]
    placed = parts if machines is None else [machines.inside(part) for part in parts]
    supervisor = Supervisor(placed, lambda _: None, patience=2 * _MINUTE)
    assert await supervisor.start() == []
    yield Running(layout, supervisor, Cluster({part.label: part.address for part in parts}), machines)
    await supervisor.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def system(running: Running) -> AsyncIterator[System]:
    await eventually(running.whole, within=_HEALS_WITHIN)
    broker = Broker(running.layout.addresses["AMQP_URL"], running.cluster.addresses["rabbitmq"])
    vhost = f"test-{uuid4().hex[:12]}"
    system = System(
        amqp_url=broker.make_vhost(vhost),
        mongo_url=running.layout.addresses["MONGO_URL"],
        database_prefix=f"t{uuid4().hex[:12]}_",
    )
    await system.open()
    yield system
    await system.close()


async def test_nothing_acknowledged_is_lost_with_the_node_that_leads_the_queue(
    running: Running, system: System
) -> None:
    vhost = _vhost(system)
    leader = await eventually(lambda: running.cluster.leader_of(_QUEUE, vhost=vhost))
    contacts = await _contacts(system, running, first_host=leader)
    assert await running.cluster.replicas_of(_QUEUE, vhost=vhost) == set(running.cluster.nodes)
    assert driven(contacts.publisher.link).url.host == running.host(leader)

    stream = Stream(system.publisher)
    async with stream.flowing():
        running.kill(leader)

    await _nothing_is_lost(stream, contacts, system)
    assert driven(contacts.publisher.link).url.host != running.host(leader)
    await eventually(running.whole, within=_HEALS_WITHIN)
    await eventually(lambda: _replicas_are(running.cluster, vhost, set(running.cluster.nodes)), within=_MINUTE)


async def test_nothing_acknowledged_is_lost_with_the_primary(running: Running, system: System) -> None:
    contacts = await _contacts(system, running)
    primary = await eventually(running.cluster.primary)

    stream = Stream(system.publisher)
    async with stream.flowing():
        running.kill(primary)
        await eventually(lambda: _leads_another_than(primary, running.cluster), within=_MINUTE)

    await _nothing_is_lost(stream, contacts, system)
    await eventually(running.whole, within=_HEALS_WITHIN)


async def test_nothing_acknowledged_is_lost_with_a_machine_that_is_cut_off(running: Running, system: System) -> None:
    if running.machines is None:
        pytest.skip("a partition takes network namespaces: root and iproute2")
    leader = await eventually(lambda: running.cluster.leader_of(_QUEUE, vhost=_vhost(system)))
    contacts = await _contacts(system, running, first_host=leader)
    number = running.keeper(leader).part.replica

    stream = Stream(system.publisher)
    async with stream.flowing():
        running.machines.cut_off(number)
        others = set(running.cluster.nodes) - {leader}
        await eventually(lambda: _running_are(running.cluster, others), within=_MINUTE)
        await stream.goes_on()
        running.machines.rejoin(number)

    await _nothing_is_lost(stream, contacts, system)
    await eventually(running.whole, within=_HEALS_WITHIN)


async def test_a_node_that_came_up_alone_while_it_was_cut_off_is_made_to_join_the_others(running: Running) -> None:
    if running.machines is None:
        pytest.skip("a partition takes network namespaces: root and iproute2")
    await eventually(running.whole, within=_HEALS_WITHIN)
    keeper = running.keeper("rabbitmq-2")
    running.machines.cut_off(keeper.part.replica)
    await eventually(lambda: _running_are(running.cluster, {"rabbitmq", "rabbitmq-3"}), within=_HEALS_WITHIN)
    # it too must have seen that the others are gone: else it would wait for them, and not come up alone
    await eventually(lambda: _pauses(keeper), within=_HEALS_WITHIN)

    restarts = keeper.restarts
    running.kill("rabbitmq-2")
    await eventually(lambda: keeper.restarts > restarts and keeper.state is State.READY, within=_HEALS_WITHIN)
    running.machines.rejoin(keeper.part.replica)

    await eventually(running.whole, within=_HEALS_WITHIN)
    assert keeper.restarts == restarts + 2


async def test_run_json_lists_a_clusters_processes_in_order(running: Running) -> None:
    await eventually(running.whole, within=_HEALS_WITHIN)

    state = state_of(running.supervisor.keepers)

    assert state["rabbitmq"] == [running.keeper(label).pid for label in running.cluster.nodes]
    assert state["mongod"] == [running.keeper(label).pid for label in running.cluster.members]
    assert state["addresses"] == running.cluster.addresses


async def _pauses(keeper: Keeper) -> bool:
    return not await keeper.part.ready()


async def _nothing_is_lost(stream: Stream, contacts: Service, system: System) -> None:
    await eventually(lambda: _are_stored(contacts, stream.acknowledged), within=_MINUTE)
    await eventually(lambda: _is_ready(contacts), within=_MINUTE)
    assert await _wanted_tickets(system) >= stream.acknowledged
    assert await system.dead("contacts") == []


async def _leads_another_than(primary: str, cluster: Cluster) -> bool:
    return await cluster.primary() not in {None, primary}


async def _running_are(cluster: Cluster, nodes: set[str]) -> bool:
    return await cluster.running() == nodes


def _vhost(system: System) -> str:
    return system.environment["amqp_url"].rpartition("/")[2]


async def _contacts(system: System, running: Running, *, first_host: str = "") -> Service:
    """contacts, connected to the node of this label where one is named, which knows a customer and a sector."""
    url = system.environment["amqp_url"]
    if first_host:
        there = next(URL(one) for one in hosts(url) if URL(one).host == running.host(first_host))
        others = [URL(one) for one in hosts(url) if URL(one).host != there.host]
        url = str(there.update_query({OTHERS: ",".join(f"{one.host}:{one.port}" for one in others)}))
    service = await system.run(build, Settings, amqp_url=url)
    await system.publish(
        emitted(mk.SacOptionsSaved, mobile_menu=["contacts"]),
        emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True),
        emitted(mk.CustomerSaved, customer_id="ana", name="Ana", connections=[]),
    )
    for collection in ("options", "sectors", "customers"):
        await eventually(service.database[collection].find_one)
    return service


async def _are_stored(contacts: Service, expected: set[UUID]) -> bool:
    missing = expected - set(await contacts.database["contacts"].distinct("_id"))
    assert not missing, f"{len(missing)} of {len(expected)}"
    return True


async def _is_ready(contacts: Service) -> bool:
    assert await contacts.ready() == {}
    return True


async def _replicas_are(cluster: Cluster, vhost: str, nodes: set[str]) -> bool:
    return await cluster.replicas_of(_QUEUE, vhost=vhost) == nodes


async def _wanted_tickets(system: System) -> set[UUID]:
    """The contacts for which a ticket waits to be opened: nobody consumes the queue of tickets here."""
    channel = await system.connection.channel()
    queue = await channel.declare_queue("tickets", passive=True, robust=False)
    found = set()
    while (message := await queue.get(fail=False, no_ack=True, timeout=60)) is not None:
        if message.type == TicketRequested.type_name():
            found.add(TicketRequested.model_validate_json(message.body).contact_id)
    await channel.close()
    return found
