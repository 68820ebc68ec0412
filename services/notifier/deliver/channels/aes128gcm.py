"""Encrypts a message so that one browser can read it: RFC 8291, in a single record of RFC 8188.

Of the libraries that do this none has a wheel, and images take nothing that builds itself: this is `cryptography` put
together as the RFC says. Its own example, and decryption by such a library, are the tests.
"""

import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

RECORD_BYTES = 4_096
"""What is named as the record's size: more than any message has."""

_SALT_BYTES, _SECRET_BYTES, _KEY_BYTES, _NONCE_BYTES = 16, 32, 16, 12
_LAST_RECORD = b"\x02"


def encrypt(
    payload: bytes,
    *,
    p256dh: bytes,
    auth: bytes,
    salt: bytes | None = None,
    private_key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body for a browser whose point is `p256dh` and whose secret is `auth`.

    Salt and key are made for this message alone; they are given by tests. Raises: ValueError where the point is none.
    """
    salt = salt or os.urandom(_SALT_BYTES)
    ours = private_key or ec.generate_private_key(ec.SECP256R1())
    point = ours.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh))
    secret = _derived(shared, salt=auth, info=b"WebPush: info\x00" + p256dh + point, length=_SECRET_BYTES)
    key = _derived(secret, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=_KEY_BYTES)
    nonce = _derived(secret, salt=salt, info=b"Content-Encoding: nonce\x00", length=_NONCE_BYTES)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(point)]) + point
    return header + AESGCM(key).encrypt(nonce, payload + _LAST_RECORD, None)


def _derived(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
