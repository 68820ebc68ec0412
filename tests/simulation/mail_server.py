"""The mail server at the other end, and the client that the notifier's lines use instead of aiosmtplib's."""

import re
from collections.abc import Callable
from typing import Any

import aiosmtplib

from tests.chaos.evidence import Mail
from tests.chaos.history import Fault, History
from tests.chaos.notifying import message_id_of
from tests.simulation.replica import true_time
from tests.simulation.weather import Weather

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)

TROUBLES = ("away", "lost", "busy", "broken")


class MailServer:
    """Takes mails, and keeps of each what the checker asks for."""

    def __init__(self, weather: Weather, history: History, arrived: Callable[[str, str], None]) -> None:
        self.weather = weather
        self.arrived = arrived
        self._history = history
        self.mails: list[Mail] = []
        self.refused: set[str] = set()
        """The addresses behind which there is no mailbox any more."""

    def take(self, recipient: str, mail: bytes) -> None:
        """Have one mail from now on."""
        found = _MESSAGE_ID.search(mail)
        message_id = message_id_of(found.group(1).decode() if found else "")
        self.arrived(message_id, "")
        self.mails.append(Mail(true_time(), message_id, recipient))

    def lose_answer(self) -> None:
        """Note that a mail was taken of which nobody will learn: it may come again."""
        self._history.note(Fault(true_time(), true_time(), "lost answer", "mail"))

    def client(self, **_settings: Any) -> Any:  # noqa: ANN401 - stands in for aiosmtplib's
        """A connection to it, as `aiosmtplib.SMTP` makes one."""
        return _Client(self)


class _Client:
    """As much of `aiosmtplib.SMTP` as a line uses."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._recipient = ""
        self.is_connected = False

    async def connect(self) -> None:
        if await self._server.weather.passes() == "away":
            raise aiosmtplib.SMTPConnectError("refused")
        self.is_connected = True

    async def mail(self, _sender: str) -> None:
        await self._answer()

    async def rcpt(self, recipient: str) -> None:
        match await self._answer():
            case "busy":
                raise aiosmtplib.SMTPRecipientRefused(451, "4.3.0 try again later", recipient)
            case "broken":
                raise self._gone()
        if recipient in self._server.refused:
            raise aiosmtplib.SMTPRecipientRefused(550, "5.1.1 no such user here", recipient)
        self._recipient = recipient

    async def data(self, mail: bytes) -> aiosmtplib.SMTPResponse:
        match await self._answer():
            case "broken":
                raise self._gone()
            case "lost":
                self._server.take(self._recipient, mail)
                self._server.lose_answer()
                raise self._gone()
        self._server.take(self._recipient, mail)
        return aiosmtplib.SMTPResponse(250, "2.0.0 queued")

    async def rset(self) -> None:
        await self._answer()

    async def quit(self) -> None:
        self.is_connected = False

    def close(self) -> None:
        self.is_connected = False

    async def _answer(self) -> str:
        trouble = await self._server.weather.passes()
        if trouble == "away":
            raise self._gone()
        return trouble

    def _gone(self) -> aiosmtplib.SMTPServerDisconnected:
        self.is_connected = False
        return aiosmtplib.SMTPServerDisconnected("connection lost")
