"""The signed link of an evaluation: it proves that we made it, and says nothing else (R23)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from itsdangerous import BadSignature, Signer

from services.feedback.errors import LinkInvalid

_LENGTH_IN_0_1 = 43


def sign(evaluation_id: UUID, *, secret: bytes) -> str:
    """A URL-safe token that only holders of `secret` can make: the id, a dot, and the signature."""
    return _signer(secret).sign(str(evaluation_id)).decode()


def read(token: str, *, secret: bytes) -> UUID:
    """The evaluation that a token was made for, by this release or by 0.1. Raises: LinkInvalid."""
    if len(token) == _LENGTH_IN_0_1:
        return _read_as_0_1(token, secret)
    try:
        evaluation_id = UUID(_signer(secret).unsign(token).decode())
    except (BadSignature, ValueError) as error:
        raise LinkInvalid from error
    # base64 is read leniently: only the one way in which we write a token counts
    if sign(evaluation_id, secret=secret) != token:
        raise LinkInvalid
    return evaluation_id


def _signer(secret: bytes) -> Signer:
    return Signer(secret, salt=b"evaluation link", key_derivation="hmac", digest_method=hashlib.sha256)


def _read_as_0_1(token: str, secret: bytes) -> UUID:
    # the id and half of an HMAC-SHA256 of it; such links are in customers' mails until they expire
    try:
        content = base64.urlsafe_b64decode(token + "=")[:16]
    except ValueError as error:
        raise LinkInvalid from error
    seal = hmac.digest(secret, b"evaluation:" + content, hashlib.sha256)[:16]
    expected = base64.urlsafe_b64encode(content + seal).rstrip(b"=")
    if len(content) != 16 or not hmac.compare_digest(expected, token.encode()):  # noqa: PLR2004 - a UUID's bytes
        raise LinkInvalid
    return UUID(bytes=content)


@dataclass(frozen=True, slots=True)
class Links:
    """The links of this provider: where its pages are, and what they are signed with."""

    public_url: str
    secret: bytes = field(repr=False)

    def to(self, evaluation_id: UUID) -> str:
        """The address of an evaluation's page."""
        return f"{self.public_url.rstrip('/')}/avaliacao/{sign(evaluation_id, secret=self.secret)}"

    def read(self, token: str) -> UUID:
        """The evaluation that a token leads to. Raises: LinkInvalid."""
        return read(token, secret=self.secret)
