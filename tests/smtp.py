"""A real SMTP server for tests, which can be told to refuse, to be slow and to be away."""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ops.embedded.ports import LOOPBACK, free_port

_OK = "250 OK"
_STARTS_WITHIN = timedelta(seconds=60)
_LOOKS_EVERY = timedelta(milliseconds=20)


class Received(EmailMessage):
    """A message as it arrived, with the envelope that it came in."""

    sender: str
    recipients: list[str]


@dataclass(slots=True)
class Mailbox:
    """What tests see of the server: `messages` in order of arrival, and how it answers from now on."""

    port: int = field(default_factory=free_port)
    messages: list[Received] = field(default_factory=list)
    # Answer to the end of a message, such as "451 4.3.0 try again later"; None accepts it.
    refusal: str | None = None
    # How many more messages get that refusal; None means all of them.
    refusals_left: int | None = None
    # Answer to RCPT TO by address, such as "550 5.1.1 no such user".
    refused_recipients: dict[str, str] = field(default_factory=dict)
    # Answer to MAIL FROM, such as "550 5.7.1 you are on a block list"; None takes any sender.
    refused_sender: str | None = None
    delay: timedelta = timedelta()
    # Keeps every message waiting for its answer until `accept`.
    holds: bool = False
    # Whether it says that commands may be sent ahead of their answers, which it takes in any case.
    offers_pipelining: bool = False
    # Messages whose end was seen, refused ones included.
    attempts: int = 0
    # From the first byte on, or when it is asked for, which it is offered then.
    tls: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    # User and password that a client must give before its first mail, once it speaks TLS; None asks for none.
    login: tuple[str, str] | None = None
    # How often a client gave them.
    logins: int = 0
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        """The address that services get as `SMTP_URL`."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def to(self, address: str) -> list[Received]:
        """Return the messages that were sent to an address."""
        return [message for message in self.messages if address in message.recipients]

    def refuse(self, answer: str, *, times: int | None = None) -> None:
        """Answer so to the next messages: `times` of them, or all until `accept`."""
        self.refusal, self.refusals_left = answer, times

    def accept(self) -> None:
        """Take every message again, without delay."""
        self.refusal, self.refusals_left, self.delay, self.holds = None, None, timedelta(), False
        self.refused_recipients.clear()
        self.refused_sender = None

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._controller = Controller(
            _Handler(self),
            hostname=LOOPBACK,
            port=self.port,
            ready_timeout=_STARTS_WITHIN.total_seconds(),
            ssl_context=self.tls,
            tls_context=self.starttls,
            auth_required=self.login is not None,
            authenticator=self._authenticate if self.login else None,
        )
        self._controller.start()

    def _authenticate(self, *given: object) -> AuthResult:
        self.logins += 1
        user, password = self.login or ("", "")
        # the server itself, its session, envelope and mechanism stand before it
        login = given[-1]
        right = isinstance(login, LoginPassword) and (login.login, login.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    def stop(self) -> None:
        """Listen no more, as a server that is down."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def answer(self) -> str:
        """Return the answer to one message, and count it."""
        self.attempts += 1
        if self.refusal is None or self.refusals_left == 0:
            return _OK
        if self.refusals_left is not None:
            self.refusals_left -= 1
        return self.refusal


# Without slots: aiosmtpd looks at every member, which Python 3.11.2 (Debian 12) fails at where there are some.
@dataclass(frozen=True)
class _Handler:
    """The server's side: aiosmtpd finds these methods by name."""

    mailbox: Mailbox

    async def handle_EHLO(  # noqa: N802 - as below
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*answers[:-1], *(["250-PIPELINING"] if self.mailbox.offers_pipelining else []), answers[-1]]

    async def handle_MAIL(  # noqa: N802 - as below
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mailbox.refused_sender:
            return self.mailbox.refused_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return _OK

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and signature
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refused = self.mailbox.refused_recipients.get(address)
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return _OK

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.mailbox.delay.total_seconds())
        while self.mailbox.holds:  # noqa: ASYNC110 - it is set from another thread
            await asyncio.sleep(_LOOKS_EVERY.total_seconds())
        answer = self.mailbox.answer()
        if answer == _OK:
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            message = cast("Received", BytesParser(Received, policy=policy.default).parsebytes(content))
            message.sender, message.recipients = envelope.mail_from or "", list(envelope.rcpt_tos)
            self.mailbox.messages.append(message)
        return answer
