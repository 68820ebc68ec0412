"""A real broker with an alarm on: services pause, say so, give nothing back, and go on by themselves."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from chassis.service import Service
from chassis.settings import Settings
from contracts import feedback, tickets
from ops.embedded.ports import free_port
from ops.embedded.process import stop
from ops.embedded.rabbitmq import RabbitMQ
from tests.chassis.closing import a_closing
from tests.eventually import eventually
from tests.system import System, emitted, is_well

pytestmark = pytest.mark.embedded

MESSAGES = 5
LONGER_THAN_A_PUBLISH_MAY_TAKE = timedelta(seconds=7)
PATIENCE = timedelta(seconds=150)
NO_MEMORY, ENOUGH_MEMORY = "1.0e-7", "0.6"


class Node:
    """A RabbitMQ of this test's own, whose memory can be made to be too little."""

    def __init__(self, folder: Path) -> None:
        self.rabbitmq = RabbitMQ(
            folder=folder / "rabbitmq",
            port=free_port(),
            management_port=free_port(),
            distribution_port=free_port(),
            log=folder / "rabbitmq.log",
        )
        self._process = self.rabbitmq.program().start()

    def has_memory(self, share: str) -> None:
        """Take this share of the machine's memory for the most that may be used, as `rabbitmqctl` would."""
        call = f"rpc:call('{self.rabbitmq.name}', vm_memory_monitor, set_vm_memory_high_watermark, [{share}])"
        name, port = f"test{os.getpid()}", str(self.rabbitmq.distribution_port)
        # rabbitmqctl asks for a daemon that this node does without
        command = ["erl", "-noshell", "-dist_listen", "false", "-sname", name, "-erl_epmd_port", port]
        subprocess.run(  # noqa: S603 - ours
            [*command, "-eval", f"ok = {call}, halt()."],
            env={**os.environ, "HOME": str(self.rabbitmq.folder / "home")},
            check=True,
            timeout=120,
        )

    def close(self) -> None:
        """Leave nothing behind."""
        stop(self._process, grace=timedelta())


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path)
    yield node
    node.close()


@pytest_asyncio.fixture
async def system(node: Node, mongo_url: str, database_prefix: str) -> AsyncIterator[System]:
    """Give a system on that node."""
    await eventually(node.rabbitmq.ready, PATIENCE)
    system = System(amqp_url=node.rabbitmq.url, mongo_url=mongo_url, database_prefix=database_prefix)
    await system.open()
    yield system
    await system.close()


class Publishing:
    """A handler that waits until it is let go, and then commits something with an event."""

    def __init__(self, service: Service) -> None:
        self._things = service.documents("things")
        self.go = asyncio.Event()
        self.begun = 0

    async def on_ticket_closed(self, event: tickets.TicketClosed) -> None:
        """Begin, wait, commit and publish."""
        self.begun += 1
        await self.go.wait()
        reminded = emitted(
            feedback.EvaluationReminded,
            evaluation_id=uuid4(),
            ticket_id=str(event.event_id),
            protocol="20260105000001",
            customer_id="ana",
        )
        await self._things.commit(str(event.event_id), {}, version=0, cause=event, events=[reminded])


def ends(service: Service, outcome: str) -> float:
    handled = service.metrics.registry.get_sample_value(
        "atendo_handled_total", {"handler": "on_ticket_closed", "outcome": outcome}
    )
    return handled or 0.0


async def test_an_alarm_pauses_the_consumers_and_counts_against_no_message(system: System, node: Node) -> None:
    handlers: list[Publishing] = []

    def build(settings: Settings) -> Service:
        service = Service("feedback", settings)
        handlers.append(Publishing(service))
        service.on(tickets.TicketClosed, handlers[0].on_ticket_closed)
        return service

    service = await system.run(build, Settings)
    (handler,) = handlers
    await system.publish(*(a_closing() for _ in range(MESSAGES)))
    await eventually(lambda: handler.begun == MESSAGES)

    node.has_memory(NO_MEMORY)
    handler.go.set()
    await eventually(lambda: service.alarm.is_on, PATIENCE)
    assert (await service.ready())["broker"] == "publishing is blocked by an alarm"
    await asyncio.sleep(LONGER_THAN_A_PUBLISH_MAY_TAKE.total_seconds())
    assert service.metrics.registry.get_sample_value("atendo_publishing_blocked") == 1
    assert [ends(service, outcome) for outcome in ("returned", "retried", "dead")] == [0, 0, 0]

    node.has_memory(ENOUGH_MEMORY)
    await eventually(lambda: ends(service, "done") == MESSAGES, PATIENCE)
    assert [ends(service, outcome) for outcome in ("returned", "retried", "dead")] == [0, 0, 0]
    assert await system.dead("feedback") == []
    await eventually(lambda: not service.alarm.is_on)
    await is_well(service)
    assert await service.live() == {}
