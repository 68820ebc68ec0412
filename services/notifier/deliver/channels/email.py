"""Hands mails to the mail server, over a few connections that are kept open."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from chassis.observability import tracing
from services.notifier.deliver.channels.smtp import Conversation, Reply
from services.notifier.errors import MailRefused, MailServerAway, OutcomeUnknown

_TAKEN = 250
_SEND_IT = 354
_GOES_ON = (frozenset({_TAKEN}), frozenset({_TAKEN, 251}), frozenset({_SEND_IT}))
"""The replies to MAIL, RCPT and DATA with which a mail goes on its way; 251: the server forwards it."""
_AT_RECIPIENT = 1
_PERMANENT = 500
_IN_A_COMMAND = re.compile("[!-;=?-~]+")
_OF_THE_MAILBOX = re.compile(r"550 5\.1\.(?![78]\b)\d+|55[02] 5\.2\.1\b")
"""Answers to RCPT that concern the mailbox, whoever writes and whatever it says (RFC 3463); x.1.7 and x.1.8 concern
the sender's."""
_NO_SUCH_MAILBOX = re.compile(
    r"5(50|51) (?!5\.\d)(?!.*(block|spam|policy|listed|denied|relay)).*"
    r"(no such (user|mailbox|recipient|address)|(user|mailbox|recipient|address)( is)? (unknown|not found)"
    r"|(unknown|invalid) (user|mailbox|recipient)|doesn't exist|does not exist)",
    re.IGNORECASE,
)
"""The same from servers without enhanced codes, where the text leaves no doubt."""
_SOMEBODY = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_LONGEST_REASON = 200
_TROUBLE = (aiosmtplib.SMTPException, OSError)
"""Time-outs and TLS errors are OSErrors too."""


class Line:
    """One connection to the mail server, opened when it is first used and again when the server has closed it."""

    def __init__(self, url: str, *, timeout: timedelta) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("SMTP_URL must be smtp://host:port or smtps://host:port")
        secure, asked = parts.scheme == "smtps", dict(parse_qsl(parts.query))
        if asked.keys() - {"starttls", "cafile"} or asked.get("starttls", "required") != "required":
            raise ValueError("SMTP_URL knows ?starttls=required and ?cafile=, and nothing else")
        self._timeout = timeout
        self._server = {"network.protocol.name": "smtp", "server.address": parts.hostname}
        self._client = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if secure else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=secure,
            # None takes it where it is offered, which whoever is in between can prevent
            start_tls=True if "starttls" in asked else None,
            cert_bundle=asked.get("cafile"),
            timeout=timeout.total_seconds(),
        )
        self._conversation: Conversation | None = None
        self._at_once = 1

    async def send(self, sender: str, recipient: str, mail: bytes) -> str:
        """Hand over one mail, in five time-outs at most, and return what the server answered, without addresses.

        Raises: MailServerAway, OutcomeUnknown, MailRefused; ValueError for what is no address.
        """
        with tracing.calling("SMTP send", self._server):
            return await self._send(sender, recipient, mail)

    async def _send(self, sender: str, recipient: str, mail: bytes) -> str:
        conversation = await self._announced(_address(sender), _address(recipient))
        try:
            reply = await conversation.hand_over(mail)
        except _TROUBLE as error:
            self.abandon()
            raise OutcomeUnknown(type(error).__name__) from error
        if reply.code != _TAKEN:
            raise await self._refusal(reply)
        return _impersonal(f"{reply.code} {reply.text}")

    async def _announced(self, sender: bytes, recipient: bytes) -> Conversation:
        """The conversation, at the point where the server wants the mail."""
        commands = (b"MAIL FROM:<%b>" % sender, b"RCPT TO:<%b>" % recipient, b"DATA")
        try:
            async with asyncio.timeout(4 * self._timeout.total_seconds()):
                conversation, replies = await self._begun(commands)
                while len(replies) < len(commands) and replies[-1].code in _GOES_ON[len(replies) - 1]:
                    replies += await conversation.ask(commands[len(replies)])
        except _TROUBLE as error:
            raise self._away(error) from error
        for place, reply in enumerate(replies):
            if reply.code not in _GOES_ON[place]:
                if replies[-1].code == _SEND_IT:
                    # it waits for a mail that it has nobody for; without its end none is delivered (RFC 2920, 3.1)
                    self.abandon()
                raise await self._refusal(reply, at_recipient=place == _AT_RECIPIENT)
        return conversation

    async def _begun(self, commands: Sequence[bytes]) -> tuple[Conversation, list[Reply]]:
        """The conversation and its first replies: to all commands at once where the server offers that (RFC 2920)."""
        kept = self._conversation
        if kept and kept.is_open:
            # servers close what is idle; no mail was sent yet, so it can be sent on a new connection
            with contextlib.suppress(*_TROUBLE):
                replies = await kept.ask(*commands[: self._at_once])
                if replies[0].code == _TAKEN:
                    return kept, replies
        self.abandon()
        async with asyncio.timeout(2 * self._timeout.total_seconds()):
            made = await self._connect()
            return made, await made.ask(*commands[: self._at_once])

    async def _connect(self) -> Conversation:
        await self._client.connect()
        if self._client.is_ehlo_or_helo_needed:
            try:
                await self._client.ehlo()
            except aiosmtplib.SMTPHeloError:
                await self._client.helo()
        self._at_once = 3 if self._client.supports_extension("pipelining") else 1
        transport = cast("asyncio.Transport", self._client.transport)
        made = self._conversation = Conversation(transport, timeout=self._timeout)
        return made

    def abandon(self) -> None:
        """Drop the connection, in whatever state it is; the next mail opens another."""
        self._conversation = None
        self._client.close()

    def _away(self, error: Exception) -> MailServerAway:
        self.abandon()
        return MailServerAway(type(error).__name__)

    async def _refusal(self, reply: Reply, *, at_recipient: bool = False) -> Exception:
        await self._forget_mail()
        answer = f"{reply.code} {' '.join(reply.text.split())}"
        if reply.code < _PERMANENT:
            return MailServerAway(_impersonal(answer))
        return MailRefused(_impersonal(answer), by_mailbox=at_recipient and concerns_mailbox(answer))

    async def _forget_mail(self) -> None:
        try:
            if self._conversation and (await self._conversation.ask(b"RSET"))[0].code != _TAKEN:
                self.abandon()
        except _TROUBLE:
            self.abandon()

    async def close(self) -> None:
        """Take leave of the server."""
        with contextlib.suppress(*_TROUBLE):
            if self._conversation and self._conversation.is_open:
                await self._conversation.ask(b"QUIT")
        self.abandon()


def _address(text: str) -> bytes:
    # what could end its command can't be sent
    if not _IN_A_COMMAND.fullmatch(text):
        raise ValueError("no address that can stand in a command")
    return text.encode("ascii")


def _impersonal(answer: str) -> str:
    # servers like to repeat the address, which is nobody's business (R28)
    return f"SMTP {_SOMEBODY.sub('(address)', ' '.join(answer.split()))}"[:_LONGEST_REASON].strip()


def concerns_mailbox(answer: str) -> bool:
    """Whether what a server answered to RCPT, as `550 5.1.1 no such user`, is of the mailbox itself (R19)."""
    return bool(_OF_THE_MAILBOX.match(answer) or _NO_SUCH_MAILBOX.match(answer))


class Mail:
    """The lines to the mail server, one caller each at a time."""

    def __init__(self, url: str, *, connections: int, timeout: timedelta) -> None:
        self._lines = [Line(url, timeout=timeout) for _ in range(connections)]
        # the last one used comes first: the others may rest
        self._free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        for line in self._lines:
            self._free.put_nowait(line)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A line of one's own, as soon as one is free."""
        line = await self._free.get()
        try:
            yield line
        except asyncio.CancelledError:
            line.abandon()
            raise
        finally:
            self._free.put_nowait(line)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(line.close() for line in self._lines))
