"""Live streams over real connections: two replicas on a real broker, a lost broker, a reader that takes nothing."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import notifier
from contracts.message import Message
from contracts.replies import InboxItem, RecentNotifications
from tests.eventually import eventually
from tests.services.edge.conftest import BringUp, Serve, Served, brought_up, served
from tests.services.edge.surroundings import Issuer
from tests.services.edge.wire import wired

pytestmark = pytest.mark.asyncio(loop_scope="module")

A_WHILE = timedelta(seconds=60)
AT_ONCE = timedelta(seconds=10)
"""Before a stream's next comment."""


def an_item(n: int, *, body: str = "…") -> InboxItem:
    at = datetime.now(UTC)
    return InboxItem(id=UUID(int=n), at=at, type="phase_changed", title=f"Título {n}", body=body, read=False)


def sent(n: int, **fields: str) -> Message:
    return notifier.NotificationSent(
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        correlation_id="c",
        notification_id=UUID(int=n),
        about=notifier.About(event_id=uuid4(), type="PhaseChanged.v1"),
        customer_id="ana",
        channel="inbox",
        item=an_item(n, **fields),
    )


def recent(*items: InboxItem) -> dict[str, Any]:
    return RecentNotifications(items=list(items), put_at=[one.at for one in items]).model_dump(mode="json")


class Reading:
    """What a stream showed."""

    def __init__(self) -> None:
        self.last, self.titles, self.is_over = "", list[str](), False

    def take(self, line: str) -> None:
        """Take one line."""
        name, _, value = line.partition(": ")
        if name == "id":
            self.last = value
        elif name == "data":
            self.titles.append(json.loads(value).get("title"))


@contextlib.asynccontextmanager
async def reading(here: Served, *, last: str = "") -> AsyncIterator[Reading]:
    found = Reading()

    async def read() -> None:
        headers = {"Last-Event-ID": last} if last else {}
        async with here.client.stream("GET", "/v1/live", headers=headers) as answer:
            assert answer.status_code == 200
            async for line in answer.aiter_lines():
                found.take(line)
        found.is_over = True

    task = asyncio.create_task(read())
    await eventually(lambda: bool(found.last) or task.done())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait({task})


async def is_ready(here: Served) -> bool:
    if (await here.client.get("/health/ready")).status_code != HTTPStatus.OK:
        return False
    return bool(here.broker._events.name)  # noqa: SLF001 - nobody else knows when its events are read


async def test_an_event_reaches_the_customer_on_every_replica_and_resumes_on_the_other(
    serve: Serve, bring_up: BringUp
) -> None:
    one, other = await serve(), await serve()
    stub = await bring_up()
    await eventually(lambda: is_ready(one))
    await eventually(lambda: is_ready(other))

    async with reading(one) as here, reading(other) as there:
        await stub.publish(sent(1))
        await eventually(lambda: here.titles == there.titles == ["Título 1"], AT_ONCE)
    await stub.publish(sent(2))
    stub.says("list_recent_notifications", recent(an_item(1), an_item(2)))
    stub.says("list_changed_tickets", [])

    async with reading(other, last=here.last) as again:
        await stub.publish(sent(2))
        await stub.publish(sent(3))
        await eventually(lambda: again.titles == ["Título 2", "Título 3"])


async def test_streams_end_when_the_broker_was_lost_and_resume_without_a_gap(amqp_url: str, issuer: Issuer) -> None:
    async with (
        wired(amqp_url) as (wire, url),
        served(issuer, amqp_url=url) as here,
        brought_up(amqp_url) as stub,
    ):
        await eventually(lambda: is_ready(here))
        async with reading(here) as first:
            await stub.publish(sent(1))
            await eventually(lambda: first.titles == ["Título 1"])
            wire.cut()
            await stub.publish(sent(2))
            wire.mend()
            await eventually(lambda: first.is_over, A_WHILE)
        stub.says("list_recent_notifications", recent(an_item(1), an_item(2)))
        stub.says("list_changed_tickets", [])

        async with reading(here, last=first.last) as again:
            await stub.publish(sent(3))
            await eventually(lambda: again.titles == ["Título 2", "Título 3"])


async def test_a_connection_that_takes_nothing_is_cut_off(serve: Serve, issuer: Issuer) -> None:
    here = await serve()
    await eventually(lambda: is_ready(here))
    streams, port = here.broker.live.streams, here.client.base_url.port
    assert port is not None
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)  # noqa: FBT003 - the socket's own
        await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", port))
        asked = f"GET /v1/live HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {issuer.token()}\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(slow, asked.encode())
        await eventually(lambda: len(streams) == 1)
        assert is_established(port, slow.getsockname()[1])

        for n in range(300):
            event = sent(n, body="x" * 100_000)
            here.broker.live.take(event.routing_key(), event.model_dump_json().encode())
            await asyncio.sleep(0.002)

        await eventually(lambda: len(streams) == 0)
        await eventually(lambda: not is_established(port, slow.getsockname()[1]))


def is_established(here: int, there: int) -> bool:
    """Whether the kernel knows our side of a connection as open: one that waits to be flushed still is."""
    ours = f":{here:04X} 0100007F:{there:04X} 01 "
    return ours in Path("/proc/net/tcp").read_text()
