"""A broker of several hosts: which ones `AMQP_URL` names, and a connection that goes on to the next one."""

import random
import re
from asyncio import Future
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aio_pika
from aio_pika import RobustConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from yarl import URL

T = TypeVar("T")

OTHERS = "others"
"""The query parameter in which an address of one host carries the hosts to go on to, in order."""


def hosts(url: str) -> tuple[str, ...]:
    """One address per host of `amqp://user:password@one:5672,two:5672/vhost`.

    Whole addresses with commas between them are understood too; user, password and virtual host are the first one's.
    """
    first, *others = [_split(part) for part in re.split(r",(?=amqps?://)", url)]
    named = [host for part in (first, *others) for host in part["hosts"].split(",")]
    return tuple(f"{first['before']}{host}{first['after']}" for host in named)


def _split(url: str) -> dict[str, str]:
    # urllib takes several hosts for one, and refuses an IPv6 address among them
    found = re.fullmatch(r"(?P<before>\w+://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*)(?P<after>.*)", url, re.DOTALL)
    return found.groupdict() if found else {"before": "", "hosts": url, "after": ""}


def carrying(url: str) -> URL:
    """The address of one host, any, so that clients spread; it carries the others."""
    named = [URL(one) for one in hosts(url)]
    first, *others = random.sample(named, len(named))
    return first.update_query({OTHERS: ",".join(_host(other) for other in others)}) if others else first


def moved_on(url: URL) -> URL:
    """The next host's address; the one that was left comes last from now on."""
    carried = url.query.get(OTHERS)
    if not carried:
        return url
    following, *later = carried.split(",")
    host = URL(f"//{following}")
    there = url.with_host(host.host or "localhost").with_port(host.explicit_port)
    return there.update_query({OTHERS: ",".join([*later, _host(url)])})


def _host(url: URL) -> str:
    return url.raw_authority.rpartition("@")[2]


async def first_to_answer(url: URL, connect: Callable[[URL], Awaitable[T]]) -> T:
    """Connect to the first host that takes us. Raises: the last one's refusal."""
    for _ in filter(None, url.query.get(OTHERS, "").split(",")):
        try:
            return await connect(url)
        except CONNECTION_EXCEPTIONS:
            url = moved_on(url)
    return await connect(url)


async def visit(url: str, *, name: str) -> aio_pika.abc.AbstractConnection:
    """A plain connection that doesn't come back, for one command. Raises: what the driver raises."""
    return await first_to_answer(carrying(url).update_query(name=name), aio_pika.connect)


class RoamingConnection(RobustConnection):
    """Comes back by itself, each time at the next of the hosts that its address carries."""

    async def _on_connection_close(self, closing: "Future[Any]") -> None:
        # aio-pika calls this for a lost connection and for each attempt that failed
        self.url = moved_on(self.url)
        await super()._on_connection_close(closing)
