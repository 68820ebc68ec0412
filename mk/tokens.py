"""Signs customers' tokens, and shows the keys to check them with (RS256, RFC 7517 to 7519)."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "atendo"
LASTS = timedelta(hours=8)

_ALGORITHM = "RS256"
_CURRENT = "mk-signing-key.pem"
_RETIRED = "mk-signing-key-*.pem"
"""Keys that sign no more, whose tokens are still out: a rotation renames the current one to this."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its id, the RFC 7638 thumbprint of its public half."""

    private: rsa.RSAPrivateKey = field(repr=False)
    id: str
    public: dict[str, Any]

    @classmethod
    def of(cls, private: rsa.RSAPrivateKey) -> "SigningKey":
        """A key with the id that follows from it."""
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        kid = _thumbprint(public)
        return cls(private, kid, {"kty": "RSA", "n": public["n"], "e": public["e"]} | _for_signatures(kid))


def _for_signatures(kid: str) -> dict[str, str]:
    return {"kid": kid, "use": "sig", "alg": _ALGORITHM}


def _thumbprint(public: dict[str, Any]) -> str:
    required = json.dumps({name: public[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(required.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs now, first, and what signed before."""

    current: SigningKey
    retired: tuple[SigningKey, ...] = ()

    def jwks(self) -> dict[str, Any]:
        """The public keys, as `/.well-known/jwks.json` shows them."""
        return {"keys": [key.public for key in (self.current, *self.retired)]}


def ensure_keys(folder: Path) -> Keys:
    """The keys of `folder`, read anew so that a rotation counts at once; the first one is made where there is none."""
    if not (folder / _CURRENT).exists():
        _make(folder)
    return read_keys(folder)


def _make(folder: Path) -> None:
    # readable for its owner alone
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = folder / f".{uuid4()}.pem"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    # whole or not at all, and the first of several wins
    with suppress(FileExistsError):
        os.link(written, folder / _CURRENT)
    written.unlink()


def read_keys(folder: Path) -> Keys:
    """The keys of `folder`. Raises: FileNotFoundError where nothing was ever signed."""
    return Keys(_read(folder / _CURRENT), tuple(_read(path) for path in sorted(folder.glob(_RETIRED))))


def _read(path: Path) -> SigningKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError(f"{path.name} holds no RSA key")
    return SigningKey.of(private)


def sign(whom: Mapping[str, str], *, key: SigningKey, issuer: str, now: datetime, lasts: timedelta = LASTS) -> str:
    """A token that speaks for a customer for as long as it `lasts`; `whom`: the claims `sub` and, if known, `name`."""
    claims = {**whom, "aud": AUDIENCE, "iss": issuer, "iat": now, "exp": now + lasts}
    return jwt.encode(claims, key.private, algorithm=_ALGORITHM, headers={"kid": key.id})


def issue(customer_id: str, *, folder: Path, issuer: str, lasts: timedelta = LASTS) -> str:
    """A token for the command line, signed with the key in `folder`, from now on.

    Raises: FileNotFoundError where nothing was ever signed.
    """
    return sign({"sub": customer_id}, key=read_keys(folder).current, issuer=issuer, now=datetime.now(UTC), lasts=lasts)
