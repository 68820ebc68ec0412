"""The way to a real mail server: connections kept open, lost and found, and every answer taken for what it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import pytest_asyncio

from services.notifier.deliver.channels.email import Line, Mail
from services.notifier.errors import MailRefused, MailServerAway, OutcomeUnknown
from tests.smtp import Mailbox

SENDER = "nao-responda@provedor.example"
TO = "ana@cliente.example"
PATIENCE = timedelta(seconds=30)
MAIL = b"Subject: oi\r\n\r\noi\r\n.\r\n..fim\r\n"


@pytest.fixture(autouse=True, params=[False, True], ids=["one by one", "ahead"])
def _offers_pipelining(request: pytest.FixtureRequest, mailbox: Mailbox) -> None:
    mailbox.offers_pipelining = request.param


@pytest_asyncio.fixture
async def mail(mailbox: Mailbox) -> AsyncIterator[Mail]:
    """Give one line to the mailbox."""
    mail = Mail(mailbox.url, connections=1, timeout=PATIENCE)
    yield mail
    await mail.close()


async def send(mail: Mail, recipient: str = TO) -> None:
    async with mail.line() as line:
        await line.send(SENDER, recipient, MAIL)


async def test_a_mail_arrives_as_it_was_made(mail: Mail, mailbox: Mailbox) -> None:
    await send(mail)

    assert [message.get_payload() for message in mailbox.to(TO)] == ["oi\r\n.\r\n..fim\r\n"]
    assert mailbox.messages[0].sender == SENDER


async def test_a_connection_serves_many_mails_and_a_refusal_does_not_end_it(mailbox: Mailbox) -> None:
    async with a_door(mailbox) as door:
        mail = Mail(f"smtp://127.0.0.1:{door.port}", connections=1, timeout=PATIENCE)
        mailbox.refused_recipients["eva@cliente.example"] = "550 5.1.1 no such user"

        await send(mail)
        with pytest.raises(MailRefused):
            await send(mail, "eva@cliente.example")
        await send(mail)
        await mail.close()

    assert len(mailbox.messages) == 2
    assert door.opened == 1


@dataclass(slots=True)
class Script:
    """A server that answers pieces of a conversation as it is written, and keeps what came."""

    answers: list[bytes]
    """To each piece that comes on a connection in turn; None of it left: it closes."""
    connections: list[list[bytes]] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        came: list[bytes] = []
        self.connections.append(came)
        writer.write(b"220 hello\r\n")
        while piece := await reader.read(4096):
            came.append(piece)
            if piece.startswith(b"EHLO"):
                writer.write(b"250-hello\r\n250 PIPELINING\r\n")
            elif self.answers:
                writer.write(self.answers.pop(0))
            else:
                break
        writer.close()


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[tuple[Mail, Script]]:
    script = Script([*answers])
    async with await asyncio.start_server(script.talk, "127.0.0.1") as server:
        url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        mail = Mail(url, connections=1, timeout=PATIENCE)
        yield mail, script
        await mail.close()


GO_AHEAD = b"250 ok\r\n250 ok\r\n354 go ahead\r\n"
TAKEN = b"250 taken\r\n"


async def test_where_it_is_offered_all_commands_go_ahead_of_their_replies() -> None:
    async with scripted(GO_AHEAD, TAKEN, GO_AHEAD, TAKEN) as (mail, script):
        await send(mail)
        await send(mail)

    envelope = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{TO}>\r\nDATA\r\n".encode()
    (pieces,) = script.connections
    assert pieces[1] == pieces[3] == envelope
    assert pieces[2] == b"Subject: oi\r\n\r\noi\r\n..\r\n...fim\r\n.\r\n"


async def test_a_server_that_wants_a_mail_for_nobody_gets_none() -> None:
    for_nobody = b"250 ok\r\n550 5.1.1 no such user\r\n354 go ahead\r\n"
    async with scripted(for_nobody, GO_AHEAD, TAKEN) as (mail, script):
        with pytest.raises(MailRefused) as refused:
            await send(mail)
        await send(mail, "rui@cliente.example")

    assert refused.value.by_mailbox
    # hello, the commands, and not a byte more
    assert len(script.connections[0]) == 2
    assert len(script.connections) == 2


async def test_a_server_that_leaves_after_a_refusal_has_refused() -> None:
    async with scripted(b"250 ok\r\n550 5.1.1 no such user\r\n") as (mail, script):
        with pytest.raises(MailRefused) as refused:
            await send(mail)

    assert refused.value.by_mailbox
    assert len(script.connections) == 1


async def test_a_server_that_leaves_before_it_wants_the_mail_does_not_have_it() -> None:
    async with scripted(b"250 ok\r\n250 ok\r\n") as (mail, _):
        with pytest.raises(MailServerAway) as away:
            await send(mail)

    assert not isinstance(away.value, OutcomeUnknown)


async def test_replies_in_pieces_and_of_several_lines_are_read_whole() -> None:
    in_lines = b"250-o\r\n250 k\r\n250 ok\r\n354 go ahead\r\n", b"250-queued\r\n250 as 1\r\n"
    async with scripted(*in_lines) as (mail, _), mail.line() as line:
        answer = await line.send(SENDER, TO, MAIL)

    assert answer == "SMTP 250 queued as 1"


async def test_a_reply_that_nobody_asked_for_ends_the_connection_and_not_what_was_answered() -> None:
    async with scripted(GO_AHEAD, TAKEN + b"421 4.4.2 idle for too long\r\n", GO_AHEAD, TAKEN) as (mail, script):
        await send(mail)
        await send(mail)

    assert len(script.connections) == 2


@pytest.mark.parametrize("address", ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "ana@josé.example"])
async def test_what_could_end_its_command_is_not_sent(mail: Mail, mailbox: Mailbox, address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        await send(mail, address)

    assert not mailbox.messages


@dataclass
class Door:
    """A port in front of the mailbox, and how often somebody came through."""

    port: int = 0
    opened: int = 0


@asynccontextmanager
async def a_door(mailbox: Mailbox) -> AsyncIterator[Door]:
    door = Door()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        door.opened += 1
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", mailbox.port)
        await asyncio.gather(copy(reader, behind_writer), copy(behind_reader, writer))

    async with await asyncio.start_server(through, "127.0.0.1") as server:
        door.port = server.sockets[0].getsockname()[1]
        yield door


async def test_a_server_that_was_restarted_is_found_again(mail: Mail, mailbox: Mailbox) -> None:
    await send(mail)
    mailbox.stop()
    mailbox.start()

    await send(mail)

    assert len(mailbox.messages) == 2


async def test_a_server_that_is_down_is_away(mail: Mail, mailbox: Mailbox) -> None:
    await send(mail)
    mailbox.stop()

    with pytest.raises(MailServerAway):
        await send(mail)


@pytest.mark.parametrize("answer", ["451 4.3.0 try again later", "421 4.3.2 shutting down"])
async def test_a_server_that_asks_to_try_later_is_away_and_has_not_taken_it(
    mail: Mail, mailbox: Mailbox, answer: str
) -> None:
    mailbox.refuse(answer, times=1)

    with pytest.raises(MailServerAway) as away:
        await send(mail)
    await send(mail)

    assert not isinstance(away.value, OutcomeUnknown)
    assert len(mailbox.messages) == 1


async def test_r19_a_recipient_refused_for_good_is_covered_byout_the_address(mail: Mail, mailbox: Mailbox) -> None:
    mailbox.refused_recipients[TO] = f"550 5.1.1 <{TO}>: no such user"

    with pytest.raises(MailRefused) as refused:
        await send(mail)
    await send(mail, "rui@cliente.example")

    assert refused.value.by_mailbox
    assert refused.value.reason == "SMTP 550 5.1.1 (address): no such user"
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(
    ("answer", "by_mailbox"),
    [
        ("550 5.1.1 no such user", True),
        ("550 5.1.10 recipient address has null MX", True),
        ("552 5.2.1 mailbox disabled", True),
        ("550 no such user here", True),
        ("550 User unknown", True),
        ("550 blocked: your address is on a list", False),
        ("550 no such user, or your host is listed", False),
        ("550 requested action not taken", False),
        ("550 5.1.8 bad sender's system address", False),
        ("550 5.7.1 relay access denied", False),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 your host is blocked", False),
    ],
)
async def test_r19_only_what_rcpt_says_of_the_mailbox_concerns_the_address(
    mail: Mail, mailbox: Mailbox, answer: str, *, by_mailbox: bool
) -> None:
    mailbox.refused_recipients[TO] = answer

    with pytest.raises(MailRefused) as refused:
        await send(mail)

    assert refused.value.by_mailbox is by_mailbox


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "550 no such user", "554 5.6.0 content refused"])
async def test_r19_what_is_said_of_a_mail_s_text_never_concerns_the_address(
    mail: Mail, mailbox: Mailbox, answer: str
) -> None:
    mailbox.refuse(answer)

    with pytest.raises(MailRefused) as refused:
        await send(mail)

    assert not refused.value.by_mailbox
    assert refused.value.reason == f"SMTP {answer}"


async def test_r19_a_sender_that_is_refused_concerns_that_mail_alone(mail: Mail, mailbox: Mailbox) -> None:
    mailbox.refused_sender = "550 5.1.1 sender unknown"

    with pytest.raises(MailRefused) as refused:
        await send(mail)
    mailbox.refused_sender = None
    await send(mail)

    assert not refused.value.by_mailbox
    assert len(mailbox.messages) == 1


async def test_a_recipient_to_be_tried_later_is_an_outage(mail: Mail, mailbox: Mailbox) -> None:
    mailbox.refused_recipients[TO] = "450 4.2.1 greylisted"

    with pytest.raises(MailServerAway):
        await send(mail)


async def test_no_answer_after_the_mail_was_handed_over_leaves_the_outcome_unknown(
    mailbox: Mailbox,
) -> None:
    mailbox.delay = PATIENCE
    mail = Mail(mailbox.url, connections=1, timeout=timedelta(seconds=4))

    with pytest.raises(OutcomeUnknown):
        await send(mail)

    mailbox.delay = timedelta()
    await send(mail)
    await mail.close()


async def test_a_mail_that_is_cut_short_leaves_a_line_that_works(mail: Mail, mailbox: Mailbox) -> None:
    mailbox.delay = PATIENCE
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await send(mail)
    mailbox.delay = timedelta()

    await send(mail)

    assert len(mailbox.messages) >= 1


async def test_more_mails_than_lines_wait_for_a_line(mailbox: Mailbox) -> None:
    mail = Mail(mailbox.url, connections=3, timeout=PATIENCE)

    await asyncio.gather(*(send(mail) for _ in range(30)))

    assert len(mailbox.messages) == 30
    await mail.close()


@pytest.mark.parametrize("url", ["http://x", "smtp://", "localhost:25"])
def test_an_smtp_url_that_is_none_is_refused_at_start(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        Line(url, timeout=timedelta(seconds=1))
