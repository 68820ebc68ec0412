"""The signed link of an evaluation: it proves that we made it, and says nothing else (R23)."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from services.feedback.domain import Refusal

_ID_BYTES = 16
_SEAL_BYTES = 16
"""Half of an HMAC-SHA256 (RFC 2104, section 5): 128 bits, for a token of 43 characters."""


class LinkInvalid(Refusal):
    """The link was not signed by us, or leads nowhere."""

    def __init__(self) -> None:
        super().__init__("Este link de avaliação não é válido.")


def sign(evaluation_id: UUID, *, secret: bytes) -> str:
    """A URL-safe token of 43 characters that only holders of `secret` can make."""
    return _text(evaluation_id.bytes + _seal(evaluation_id.bytes, secret))


def read(token: str, *, secret: bytes) -> UUID:
    """The evaluation that a token was made for. Raises: LinkInvalid."""
    try:
        evaluation_id = UUID(bytes=base64.urlsafe_b64decode(token.encode() + b"=")[:_ID_BYTES])
    except (binascii.Error, ValueError) as error:
        raise LinkInvalid from error
    # the whole token is compared, so that there is but one way to write it
    if not hmac.compare_digest(sign(evaluation_id, secret=secret).encode(), token.encode()):
        raise LinkInvalid
    return evaluation_id


def _seal(content: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, b"evaluation:" + content, hashlib.sha256)[:_SEAL_BYTES]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


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
