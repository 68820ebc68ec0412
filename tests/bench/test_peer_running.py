"""A peer's three workers take contacts from queue to mails, and leave nothing; FastStream is one that we have, too."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import aio_pika
import aio_pika.exceptions
import pymongo
import pytest

from bench import provider
from bench.burst import burst
from bench.floor import TEXT
from bench.mails import marker, tally
from bench.peers.lineup import PEERS, ROLES
from bench.peers.running import DATABASE, PeerFailed, Places, workers
from bench.sink import sink
from bench.waiting import until

FASTSTREAM = PEERS[2]


def test_two_mails_a_contact_come_and_nothing_is_left(amqp_url: str, mongo_url: str, tmp_path: Path) -> None:
    markers = [marker("0a1b2c3d", number) for number in range(12)]
    commands = [
        FASTSTREAM.command({"id": one, "customer": "c@x.test", "sector": provider.SECTOR_EMAIL, "text": TEXT})
        for one in markers
    ]

    with sink() as mails:
        places = Places(amqp_url, mongo_url, mails.port, tmp_path)
        with workers(FASTSTREAM, places, interpreter=Path(sys.executable)) as running:
            with burst(amqp_url, FASTSTREAM.queue("contacts"), commands):
                until(lambda: mails.waiting >= 2 * len(markers), within=timedelta(seconds=120), what="all mails")
            cpu, megabytes = running.cpu(), running.megabytes()
        came = tally(mails.take(), markers, sector=provider.SECTOR_EMAIL)

    assert (came.is_sound, len(came.done)) == (True, len(markers))
    assert set(cpu) == set(megabytes) == set(ROLES)
    assert all(seconds > 0 for seconds in cpu.values())
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        assert DATABASE not in client.list_database_names()
    assert asyncio.run(_is_there(amqp_url, FASTSTREAM.queue("contacts"))) is False


def test_a_worker_that_ends_is_named_with_what_its_log_holds(amqp_url: str, mongo_url: str, tmp_path: Path) -> None:
    places = Places(amqp_url, mongo_url, 1, tmp_path)

    with (
        pytest.raises(PeerFailed, match=r"FastStream's (contacts|tickets|notifier) ended"),
        workers(FASTSTREAM, places, interpreter=Path(sys.executable)),
    ):
        pass


async def _is_there(amqp_url: str, queue: str) -> bool:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        try:
            await channel.declare_queue(queue, passive=True)
        except aio_pika.exceptions.ChannelNotFoundEntity:
            return False
    return True
