"""The browsers behind the push service: their keys, and the messages that they could decrypt."""

import base64
import os
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SALT_BYTES = 16
_HEADER_BYTES = 21
_LAST_RECORD = b"\x02"


class Undecipherable(Exception):
    """A body that this browser's keys don't open."""


@dataclass(slots=True)
class Browser:
    """One subscription: what a page would hand to its server, and the private half of its key."""

    id: str = field(default_factory=lambda: uuid4().hex)
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    gone: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def point(self) -> bytes:
        """Its public key, as 65 bytes."""
        return _point(self.key.public_key())

    def subscription(self, base_url: str) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` has it."""
        keys = {"p256dh": _text(self.point), "auth": _text(self.auth)}
        return {"endpoint": f"{base_url}/push/{self.id}", "expirationTime": None, "keys": keys}

    def decrypted(self, body: bytes) -> bytes:
        """What a message says (RFC 8291 over RFC 8188, one record). Raises: Undecipherable."""
        salt, length = body[:_SALT_BYTES], body[_HEADER_BYTES - 1] if len(body) > _HEADER_BYTES else 0
        sender, record = body[_HEADER_BYTES : _HEADER_BYTES + length], body[_HEADER_BYTES + length :]
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
            shared = self.key.exchange(ec.ECDH(), public)
            material = _derive(shared, salt=self.auth, info=b"WebPush: info\x00" + self.point + sender, length=32)
            key = _derive(material, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=16)
            nonce = _derive(material, salt=salt, info=b"Content-Encoding: nonce\x00", length=12)
            padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
        except (ValueError, InvalidTag) as error:
            raise Undecipherable(type(error).__name__) from error
        if not padded.endswith(_LAST_RECORD):
            raise Undecipherable("no last record")
        return padded[:-1]


def _derive(material: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(material)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
