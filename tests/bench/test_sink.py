"""The mail sink speaks SMTP as clients expect it, and gives mails back as they were."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from bench.sink import Sink, sink


@pytest.fixture
def mails() -> Iterator[Sink]:
    with sink() as server:
        yield server


@pytest.fixture
async def client(mails: Sink) -> AsyncIterator[aiosmtplib.SMTP]:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=mails.port, timeout=60) as connected:
        yield connected


async def _reply(port: int, replies: bytes, *, lines: int) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(replies)
    answers = [await asyncio.wait_for(reader.readline(), 60) for _ in range(lines)]
    writer.close()
    await writer.wait_closed()
    return answers


async def test_a_client_hands_over_two_mails_on_one_connection(mails: Sink, client: aiosmtplib.SMTP) -> None:
    before = time.monotonic()

    for address in ("um@exemplo.test", "dois@exemplo.test"):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "sac@exemplo.test", address, "Contato"
        message.set_content("Sem conexão")
        await client.send_message(message)

    assert mails.waiting == 2
    taken = mails.take()
    assert [mail.recipients for mail in taken] == [("um@exemplo.test",), ("dois@exemplo.test",)]
    assert before <= taken[0].at <= taken[1].at <= time.monotonic()
    assert mails.waiting == 0
    assert mails.take() == []


@pytest.mark.parametrize(
    "content",
    [b".\r\n", b"..\r\n.dot\r\na.\r\n", b"", b"no header\r\n\r\n.\r\n..\r\n", b"x" * 200_000 + b"\r\n"],
    ids=["a dot", "dots", "nothing", "dots in a body", "long"],
)
async def test_a_mail_comes_out_as_it_went_in(mails: Sink, client: aiosmtplib.SMTP, content: bytes) -> None:
    await client.mail("sac@exemplo.test")
    await client.rcpt("um@exemplo.test")

    await client.data(content)

    assert [mail.content() for mail in mails.take()] == [content or b"\r\n"]


async def test_more_mails_than_a_pipe_holds_are_taken_at_once(mails: Sink, client: aiosmtplib.SMTP) -> None:
    for _ in range(30):
        await client.mail("sac@exemplo.test")
        await client.rcpt("um@exemplo.test")
        await client.data(b"x" * 100_000 + b"\r\n")

    taken = mails.take()

    assert [len(mail.content()) for mail in taken] == [100_002] * 30


async def test_commands_may_run_ahead_of_their_answers(mails: Sink) -> None:
    session = (
        b"EHLO bench\r\nMAIL FROM:<a@exemplo.test>\r\nRCPT TO:<b@exemplo.test>\r\nRCPT TO:<c@exemplo.test>\r\n"
        b"DATA\r\nprimeiro\r\n.\r\nNOOP\r\nMAIL FROM:<>\r\nRCPT TO:<d@exemplo.test>\r\nDATA\r\n.\r\nQUIT\r\n"
    )

    answers = await _reply(mails.port, session, lines=17)

    assert [answer[:3] for answer in answers] == [
        b"220",
        *[b"250"] * 5,
        *[b"250"] * 3,
        b"354",
        *[b"250"] * 4,
        b"354",
        b"250",
        b"221",
    ]
    assert [(mail.recipients, mail.content()) for mail in mails.take()] == [
        (("b@exemplo.test", "c@exemplo.test"), b"primeiro\r\n"),
        (("d@exemplo.test",), b""),
    ]


async def test_a_mail_may_come_byte_by_byte(mails: Sink) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mails.port)

    for byte in b"HELO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nx\r\n..y\r\n.\r\n":
        writer.write(bytes((byte,)))
        await writer.drain()
    answers = [(await asyncio.wait_for(reader.readline(), 60))[:3] for _ in range(6)]
    writer.close()

    assert answers == [b"220", b"250", b"250", b"250", b"354", b"250"]
    assert [mail.content() for mail in mails.take()] == [b"x\r\n.y\r\n"]


async def test_what_is_out_of_order_is_refused(mails: Sink) -> None:
    replies = b"MAIL FROM:<a@b.test>\r\nHELO a\r\nRCPT TO:<c@d.test>\r\nDATA\r\nMAIL FROM:a\r\nGOSH\r\n"

    answers = await _reply(mails.port, replies, lines=7)

    assert [answer[:3] for answer in answers] == [b"220", b"503", b"250", b"503", b"503", b"501", b"500"]


async def test_reset_forgets_the_recipients(mails: Sink, client: aiosmtplib.SMTP) -> None:
    await client.mail("sac@exemplo.test")
    await client.rcpt("um@exemplo.test")

    await client.rset()

    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await client.data(b"x\r\n")
    assert refused.value.code == 503
    assert mails.waiting == 0


async def test_an_endless_line_ends_the_connection(mails: Sink) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mails.port)

    writer.write(b"x" * 5000)
    answers = await asyncio.wait_for(reader.read(), 60)
    writer.close()

    assert answers.splitlines()[1].startswith(b"500 ")
