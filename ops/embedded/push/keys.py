"""The keys of a run on this machine: what Web Push is signed with, and a service account for its own phones."""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ops.embedded.run_folder import RunFolder

_RSA_BITS = 2048


def vapid_key(folder: RunFolder) -> Path:
    """The file of a P-256 private key; browsers that subscribed with it are reached in the next run too."""
    return folder.kept("vapid.pem", lambda: _pem(ec.generate_private_key(ec.SECP256R1())))


def service_account(folder: RunFolder, *, token_uri: str) -> Path:
    """The file of a service account whose tokens are given out at `token_uri`, which a run may have elsewhere."""
    key = folder.kept("fcm.pem", lambda: _pem(rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)))
    account = {"project_id": "atendo", "client_email": "push@atendo.local", "private_key": key.read_text()}
    port = token_uri.rpartition(":")[2].partition("/")[0]
    return folder.kept(f"fcm-{port}.json", lambda: json.dumps({**account, "token_uri": token_uri}))


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()
