"""Whether a sender may push: the VAPID signature (RFC 8292), and the token that FCM's callers show."""

import base64
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.exceptions import PyJWTError

LONGEST = timedelta(hours=24)
_VAPID = re.compile(r"vapid\s+(?=.*\bt=(?P<t>[A-Za-z0-9_.-]+))(?=.*\bk=(?P<k>[A-Za-z0-9_-]+)).*", re.IGNORECASE)


class Forbidden(Exception):
    """The signature is missing, wrong, late or not for this push service."""


def check_vapid(authorization: str, *, audience: str) -> Mapping[str, Any]:
    """What the sender claims, if the signature is good. Raises: Forbidden with what is wrong."""
    found = _VAPID.fullmatch(authorization)
    if found is None:
        raise Forbidden("no vapid authorization")
    try:
        point = base64.urlsafe_b64decode(found["k"] + "=" * (-len(found["k"]) % 4))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        claims: dict[str, Any] = jwt.decode(
            found["t"], key, algorithms=["ES256"], audience=audience, options={"require": ["exp", "aud", "sub"]}
        )
    except (ValueError, PyJWTError) as error:
        raise Forbidden(type(error).__name__) from error
    if claims["exp"] - time.time() > LONGEST.total_seconds():
        raise Forbidden("expires after more than 24 hours")
    if not str(claims["sub"]).startswith(("mailto:", "https://")):
        raise Forbidden("sub is neither mailto: nor https:")
    return claims
