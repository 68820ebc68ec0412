"""Encryption for a browser: the RFC's own example, and what a library that we don't use reads."""

import base64
import os

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notifier.deliver.channels.aes128gcm import encrypt

# RFC 8291, appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RECEIVER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
    "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_r16_the_rfcs_example_comes_out_byte_for_byte() -> None:
    key = ec.derive_private_key(int.from_bytes(raw(SENDER), "big"), ec.SECP256R1())

    body = encrypt(PLAIN, p256dh=raw(RECEIVER), auth=raw(AUTH), salt=raw(SALT), private_key=key)

    assert body == raw(BODY)


@pytest.mark.parametrize("length", [0, 1, 300, 3_992])
def test_r16_another_library_reads_what_was_written(length: int) -> None:
    browser, auth, payload = ec.generate_private_key(ec.SECP256R1()), os.urandom(16), os.urandom(length)
    point = browser.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    bodies = [encrypt(payload, p256dh=point, auth=auth) for _ in range(2)]

    assert [http_ece.decrypt(one, private_key=browser, auth_secret=auth) for one in bodies] == [payload, payload]
    assert len(set(bodies)) == len(bodies)
    assert len(bodies[0]) <= 4_096
