"""An SMTP server that takes every mail at the least cost (RFC 5321), so that it hardly weighs on what is measured."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import ClassVar, NamedTuple, cast

MAX_LINE_BYTES = 4096
MAX_MAIL_BYTES = 10_000_000

_HELLO = b"250-bench.localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE %d\r\n" % MAX_MAIL_BYTES
_OK = b"250 2.0.0 OK\r\n"
_OUT_OF_ORDER = b"503 5.5.1 Bad sequence of commands\r\n"
_NOT_UNDERSTOOD = b"501 5.5.4 Syntax error in parameters\r\n"
_PATH = re.compile(rb"(?:FROM|TO):\s*<([^<>\s]*)>", re.IGNORECASE)
_END = b"\r\n.\r\n"


class Mail(NamedTuple):
    """One mail as it came: when its end was seen, on the machine's monotonic clock, and for whom."""

    at: float
    recipients: tuple[str, ...]
    wire: bytes

    def content(self) -> bytes:
        """The message without the dots that the transport doubled (RFC 5321, 4.5.2)."""
        plain = (b"\r\n" + self.wire).replace(b"\r\n..", b"\r\n.")
        return plain[2:]


class Session(asyncio.Protocol):
    """One connection. Commands may be sent ahead of their answers; every mail goes to `take`."""

    def __init__(self, take: Callable[[Mail], None]) -> None:
        self._take = take
        self._waiting = bytearray()
        self._transport: asyncio.Transport | None = None
        self._greeted = self._has_sender = self._in_mail = False
        self._recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._reply(b"220 bench.localhost ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Take no more commands."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer all that is complete."""
        self._waiting += data
        while self._transport is not None and (self._end_mail() if self._in_mail else self._obey()):
            pass

    def _end_mail(self) -> bool:
        end = self._waiting.find(_END)
        if end < 0:
            return self._bounded(MAX_MAIL_BYTES, b"552 5.3.4 Message too big\r\n")
        mail = Mail(time.monotonic(), tuple(self._recipients), bytes(self._waiting[2 : end + 2]))
        del self._waiting[: end + len(_END)]
        self._in_mail = False
        self._forget()
        self._take(mail)
        return self._reply(_OK)

    def _obey(self) -> bool:
        end = self._waiting.find(b"\r\n")
        if end < 0:
            return self._bounded(MAX_LINE_BYTES, b"500 5.5.2 Line too long\r\n")
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 2]
        verb, _, argument = line.partition(b" ")
        obey = self._VERBS.get(verb.upper())
        return self._reply(obey(self, argument) if obey else b"500 5.5.2 Command not recognized\r\n")

    def _bounded(self, max_bytes: int, complaint: bytes) -> bool:
        if len(self._waiting) > max_bytes:
            self._reply(complaint)
            self._leave()
        return False

    def _reply(self, answer: bytes) -> bool:
        if self._transport is not None:
            self._transport.write(answer)
        return True

    def _leave(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _forget(self) -> None:
        self._has_sender = False
        self._recipients.clear()

    def _hello(self, _argument: bytes) -> bytes:
        self._greeted = True
        self._forget()
        return _HELLO

    def _plain_hello(self, argument: bytes) -> bytes:
        self._hello(argument)
        return b"250 bench.localhost\r\n"

    def _mail(self, argument: bytes) -> bytes:
        if not self._greeted or self._has_sender:
            return _OUT_OF_ORDER
        if not _PATH.match(argument):
            return _NOT_UNDERSTOOD
        self._has_sender = True
        return _OK

    def _rcpt(self, argument: bytes) -> bytes:
        if not self._has_sender:
            return _OUT_OF_ORDER
        path = _PATH.match(argument)
        if path is None or not path[1]:
            return _NOT_UNDERSTOOD
        self._recipients.append(path[1].decode("utf-8", "replace"))
        return _OK

    def _data(self, _argument: bytes) -> bytes:
        if not self._recipients:
            return _OUT_OF_ORDER
        self._in_mail = True
        # the end of an empty mail is its first line, which the end of this one then completes
        self._waiting[:0] = b"\r\n"
        return b"354 End data with <CR><LF>.<CR><LF>\r\n"

    def _rset(self, _argument: bytes) -> bytes:
        self._forget()
        return _OK

    def _noop(self, _argument: bytes) -> bytes:
        return _OK

    def _quit(self, _argument: bytes) -> bytes:
        self._reply(b"221 2.0.0 Bye\r\n")
        self._leave()
        return b""

    _VERBS: ClassVar[dict[bytes, Callable[["Session", bytes], bytes]]] = {
        b"EHLO": _hello,
        b"HELO": _plain_hello,
        b"MAIL": _mail,
        b"RCPT": _rcpt,
        b"DATA": _data,
        b"RSET": _rset,
        b"NOOP": _noop,
        b"QUIT": _quit,
    }
