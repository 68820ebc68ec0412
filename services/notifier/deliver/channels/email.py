"""Hands mails to the mail server, over a few connections that are kept open."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from chassis.observability import tracing
from services.notifier.errors import MailRefused, MailServerAway, OutcomeUnknown

_PERMANENT = 500
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

    async def send(self, sender: str, recipient: str, mail: bytes) -> str:
        """Hand over one mail, in five time-outs at most, and return what the server answered, without addresses.

        Raises: MailServerAway, OutcomeUnknown, MailRefused.
        """
        with tracing.calling("SMTP send", self._server):
            return await self._send(sender, recipient, mail)

    async def _send(self, sender: str, recipient: str, mail: bytes) -> str:
        await self._begin(sender)
        try:
            await self._client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise await self._refusal(error, at_recipient=True) from error
        except _TROUBLE as error:
            raise self._away(error) from error
        try:
            answer = await self._client.data(mail)
        except aiosmtplib.SMTPDataError as error:
            raise await self._refusal(error) from error
        except _TROUBLE as error:
            self.abandon()
            raise OutcomeUnknown(type(error).__name__) from error
        return _impersonal(f"{answer.code} {answer.message}")

    async def _begin(self, sender: str) -> None:
        try:
            async with asyncio.timeout(2 * self._timeout.total_seconds()):
                if self._client.is_connected and await self._still_listens(sender):
                    return
                await self._client.connect()
                await self._client.mail(sender)
        except aiosmtplib.SMTPSenderRefused as error:
            raise await self._refusal(error) from error
        except _TROUBLE as error:
            raise self._away(error) from error

    async def _still_listens(self, sender: str) -> bool:
        # servers close what is idle; nothing was sent yet, so it can be sent on a new connection
        try:
            await self._client.mail(sender)
        except _TROUBLE:
            self.abandon()
            return False
        return True

    def abandon(self) -> None:
        """Drop the connection, in whatever state it is; the next mail opens another."""
        self._client.close()

    def _away(self, error: Exception) -> MailServerAway:
        self.abandon()
        return MailServerAway(type(error).__name__)

    async def _refusal(self, error: aiosmtplib.SMTPResponseException, *, at_recipient: bool = False) -> Exception:
        try:
            await self._client.rset()
        except _TROUBLE:
            self.abandon()
        answer = f"{error.code} {' '.join(error.message.split())}"
        if error.code < _PERMANENT:
            return MailServerAway(_impersonal(answer))
        return MailRefused(_impersonal(answer), by_mailbox=at_recipient and concerns_mailbox(answer))

    async def close(self) -> None:
        """Take leave of the server."""
        try:
            if self._client.is_connected:
                await self._client.quit()
        except _TROUBLE:
            self.abandon()


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
