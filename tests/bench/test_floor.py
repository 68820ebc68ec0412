"""The floor does the whole of a contact's least work, and leaves nothing behind."""

import asyncio

import aio_pika
import aio_pika.exceptions
import pymongo

from bench import floor
from bench.sink import sink


def test_the_floor_sends_two_mails_a_contact_and_leaves_nothing(amqp_url: str, mongo_url: str) -> None:
    with sink() as mails:
        measured = floor.measure(floor.Places(amqp_url, mongo_url, mails.port), 20)
        sent = mails.take()

    recipients = [mail.recipients[0] for mail in sent]
    assert recipients.count("sector@isp.test") == 20
    assert len(set(recipients)) == 21
    assert set(measured.cpu_seconds) == set(floor.ROLES)
    assert measured.seconds > 0
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        assert "floor" not in client.list_database_names()
    assert [role for role in floor.ROLES if _exists(amqp_url, f"floor.{role}")] == []


def _exists(amqp_url: str, queue: str) -> bool:
    async def look() -> bool:
        async with await aio_pika.connect(amqp_url) as connection:
            try:
                await (await connection.channel()).get_queue(queue, ensure=True)
            except aio_pika.exceptions.ChannelNotFoundEntity:
                return False
        return True

    return asyncio.run(look())
