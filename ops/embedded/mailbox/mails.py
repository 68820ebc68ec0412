"""Received mails, kept as `.eml` files, the newest thousand of them."""

import contextlib
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import getaddresses
from pathlib import Path
from typing import Any, cast

MOST_KEPT = 1_000
_FAILURES = (LookupError, ValueError, TypeError, AttributeError, RecursionError, MessageError)


class _Patient(EmailPolicy):
    """Reads a header that the library's parser fails on as an empty one: it must not hide the rest of the mailbox."""

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ANN401 - the library's type
        """A header as it is read."""
        try:
            return super().header_fetch_parse(name, value)
        except _FAILURES:
            return self.header_factory(name, "")


@dataclass(frozen=True, slots=True)
class Mail:
    """One received mail."""

    id: str
    received_at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject, or nothing."""
        return _text(self.message.get("Subject", ""))

    def addresses(self, header: str) -> list[dict[str, str]]:
        """Return the addresses in a header, as maildev writes them."""
        values = [_text(value) for value in self.message.get_all(header, [])]
        return [{"address": address, "name": name} for name, address in getaddresses(values)]

    def text(self) -> str:
        """Return the plain text, or nothing."""
        return _content(_body(self.message, "plain"))

    def html(self) -> str:
        """Return the HTML as it came: never trust it."""
        return _content(_body(self.message, "html"))

    def as_maildev(self) -> dict[str, object]:
        """Return it as maildev's API does."""
        envelope = [_text(value) for value in self.message.get_all("X-Original-To", [])]
        return {
            "id": self.id,
            "subject": self.subject,
            "from": self.addresses("From"),
            "to": self.addresses("To"),
            "cc": self.addresses("Cc"),
            "date": _text(self.message.get("Date", "")),
            "time": self.received_at.isoformat(),
            "messageId": _text(self.message.get("Message-ID", "")).strip("<>"),
            "headers": {_text(name).lower(): _text(value) for name, value in self.message.items()},
            "envelope": {
                "from": {"address": _text(self.message.get("Return-Path", "")).strip("<>")},
                "to": [{"address": one} for one in envelope],
            },
            "text": self.text(),
            "html": self.html(),
            "attachments": [{"fileName": name} for name in _attachments(self.message)],
        }


@dataclass(slots=True)
class Mails:
    """The folder of mails. An id is the name of its file: time of arrival and a running number."""

    folder: Path
    _cache: dict[str, Mail] = field(default_factory=dict)
    _ids: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ids = sorted(file.stem for file in self.folder.glob("*.eml"))

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, content: bytes, *, sender: str, recipients: list[str]) -> str:
        """Keep a mail with its envelope in the headers that a mail server adds; return its id."""
        mail_id = f"{time.time_ns() // 1_000_000:013d}-{next(self._numbers):06d}"
        envelope = f"Return-Path: <{sender}>\r\n" + "".join(f"X-Original-To: {one}\r\n" for one in recipients)
        (self.folder / f"{mail_id}.eml").write_bytes(envelope.encode() + content)
        self._ids.append(mail_id)
        for old in self._ids[:-MOST_KEPT]:
            self.delete(old)
        return mail_id

    def all(self) -> list[Mail]:
        """Return all mails, the oldest first, as maildev does."""
        return [mail for one in self._ids if (mail := self.get(one)) is not None]

    def newest(self, count: int) -> list[Mail]:
        """Return the newest mails, the newest first."""
        return [mail for one in reversed(self._ids[-count:]) if (mail := self.get(one)) is not None]

    def get(self, mail_id: str) -> Mail | None:
        """Return one mail, or nothing."""
        if mail_id not in self._ids:
            return None
        if mail_id not in self._cache:
            parser = BytesParser(EmailMessage, policy=_Patient())
            message = cast("EmailMessage", parser.parsebytes(self.source(mail_id)))
            received_at = datetime.fromtimestamp(int(mail_id.partition("-")[0]) / 1_000, tz=UTC)
            self._cache[mail_id] = Mail(mail_id, received_at, message)
        return self._cache[mail_id]

    def source(self, mail_id: str) -> bytes:
        """Return a mail that is kept as it came. Raises: FileNotFoundError."""
        return (self.folder / f"{mail_id}.eml").read_bytes()

    def delete(self, mail_id: str) -> bool:
        """Forget a mail; tell whether it was there."""
        if mail_id not in self._ids:
            return False
        self._ids.remove(mail_id)
        self._cache.pop(mail_id, None)
        (self.folder / f"{mail_id}.eml").unlink(missing_ok=True)
        return True

    def delete_all(self) -> None:
        """Forget every mail."""
        for one in list(self._ids):
            self.delete(one)


def _text(value: object) -> str:
    # bytes that were no text came as surrogates, which nothing can be written with
    return str(value).encode(errors="replace").decode()


def _attachments(message: EmailMessage) -> list[str | None]:
    with contextlib.suppress(*_FAILURES):
        return [name and _text(name) for name in (part.get_filename() for part in message.iter_attachments())]
    return []


def _body(message: EmailMessage, kind: str) -> MIMEPart | None:
    with contextlib.suppress(*_FAILURES):
        return message.get_body((kind,))
    return None


def _content(part: MIMEPart | None) -> str:
    if part is None:
        return ""
    # A charset that doesn't exist must not hide the rest of the mailbox.
    with contextlib.suppress(*_FAILURES):
        return _text(part.get_content())
    return ""
