"""What the shared fixtures promise to every other test."""

import smtplib
import time
from datetime import timedelta
from email.message import EmailMessage

import aio_pika
import pymongo
import pytest

from tests.eventually import eventually
from tests.infra import Broker
from tests.smtp import Mailbox


async def test_a_vhost_is_empty_and_usable(amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("q", durable=True, arguments={"x-queue-type": "quorum"})

        await channel.default_exchange.publish(aio_pika.Message("olá".encode()), routing_key="q", mandatory=True)
        message = await eventually(lambda: queue.get(fail=False, timeout=60))

    assert message.body == "olá".encode()


async def test_two_vhosts_do_not_see_each_other(amqp_url: str, broker: Broker) -> None:
    other = broker.make_vhost("test-other")
    async with await aio_pika.connect(amqp_url) as connection:
        await (await connection.channel()).declare_queue("q", durable=True)

    async with await aio_pika.connect(other) as connection:
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await (await connection.channel()).declare_queue("q", passive=True)

    broker.drop_vhost("test-other")


def test_a_database_takes_a_journaled_majority_write(mongo_url: str, database_prefix: str) -> None:
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        durable = pymongo.WriteConcern(w="majority", j=True)
        things = client.get_database(f"{database_prefix}tickets", write_concern=durable)["things"]

        result = things.insert_one({"_id": "a"})

    assert result.acknowledged


def test_the_mailbox_keeps_envelope_and_headers(mailbox: Mailbox) -> None:
    _send(mailbox, subject="Recebemos seu contato", to="ana@example.com")

    (message,) = mailbox.messages
    assert message["Subject"] == "Recebemos seu contato"
    assert (message.sender, message.recipients) == ("sac@example.com", ["ana@example.com"])


def test_the_mailbox_refuses_as_often_as_told(mailbox: Mailbox) -> None:
    mailbox.refuse("451 4.3.0 try again later", times=1)

    with pytest.raises(smtplib.SMTPDataError) as refused:
        _send(mailbox)
    _send(mailbox)

    assert refused.value.smtp_code == 451
    assert (mailbox.attempts, len(mailbox.messages)) == (2, 1)


def test_the_mailbox_refuses_one_recipient(mailbox: Mailbox) -> None:
    mailbox.refused_recipients["ana@example.com"] = "550 5.1.1 no such user"

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        _send(mailbox, to="ana@example.com")
    _send(mailbox, to="bia@example.com")

    assert [message.recipients for message in mailbox.messages] == [["bia@example.com"]]


def test_the_mailbox_comes_back_on_the_same_port(mailbox: Mailbox) -> None:
    mailbox.stop()
    with pytest.raises(ConnectionRefusedError):
        _send(mailbox)

    mailbox.start()
    _send(mailbox)

    assert len(mailbox.messages) == 1


async def test_eventually_tells_what_did_not_come() -> None:
    begun = time.monotonic()

    with pytest.raises(AssertionError, match="the moon falls"):
        await eventually(lambda: False, within=timedelta(milliseconds=100), because="the moon falls")

    assert time.monotonic() - begun < 20


async def test_eventually_takes_a_failed_assertion_for_not_yet() -> None:
    calls: list[int] = []

    async def third_time() -> int:
        calls.append(1)
        assert len(calls) == 3
        return len(calls)

    assert await eventually(third_time) == 3


def _send(mailbox: Mailbox, *, subject: str = "Olá", to: str = "ana@example.com") -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "sac@example.com", to
    message.set_content("Protocolo 20260727000001")
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=60) as client:
        client.send_message(message)
