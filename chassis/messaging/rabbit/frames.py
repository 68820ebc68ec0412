"""The frames of which there are many, written by hand: pamqp takes ten times as long, field by field."""

import time
from datetime import timedelta
from struct import Struct

from pamqp import encode

from chassis.messaging.envelope import Envelope

_FRAME = Struct(">BHI").pack
_CONTENT = Struct(">HHQH").pack
_ACK = Struct(">BHIHHQBB").pack
_LONG = Struct(">Q").pack
_END = b"\xce"
_METHOD, _HEADER, _BODY = 1, 2, 3
_BASIC, _ACKS, _NACKS = 60, 80, 120
_PUBLISH = b"\x00\x3c\x00\x28\x00\x00"
_AROUND = 8
"""Bytes of a frame beside its payload."""

_JSON = b"\x10application/json"
_CONTENT_TYPE, _HEADERS, _DELIVERY_MODE = 1 << 15, 1 << 13, 1 << 12
_CORRELATION_ID, _REPLY_TO, _EXPIRATION = 1 << 10, 1 << 9, 1 << 8
_MESSAGE_ID, _TIMESTAMP, _TYPE, _APP_ID = 1 << 7, 1 << 6, 1 << 5, 1 << 3
_ALWAYS = _CONTENT_TYPE | _DELIVERY_MODE | _MESSAGE_ID | _TIMESTAMP
_LONGEST = 255
_MILLISECOND = timedelta(milliseconds=1)


def ack(channel: int, tag: int, *, multiple: bool) -> bytes:
    """`basic.ack`: done with this delivery, and where `multiple` with all before it."""
    return _ACK(_METHOD, channel, 13, _BASIC, _ACKS, tag, multiple, 0xCE)


def give_back(channel: int, tag: int) -> bytes:
    """`basic.nack`, to have it delivered again."""
    return _ACK(_METHOD, channel, 13, _BASIC, _NACKS, tag, 0b10, 0xCE)


def publish(channel: int, envelope: Envelope, *, message_id: str, app_id: str, frame_max: int) -> bytes:
    """`basic.publish` with its header and its body. Raises: ValueError where a name is too long for AMQP."""
    method = b"".join((_PUBLISH, _short(envelope.exchange), _short(envelope.routing_key), bytes((envelope.mandatory,))))
    header = _header(envelope, message_id, app_id)
    frames = [_frame(_METHOD, channel, method), _frame(_HEADER, channel, header)]
    room = frame_max - _AROUND
    frames += (
        _frame(_BODY, channel, envelope.body[start : start + room]) for start in range(0, len(envelope.body), room)
    )
    return b"".join(frames)


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return _FRAME(kind, channel, len(payload)) + payload + _END


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} bytes: {text[:40]!r}…")
    return bytes((len(encoded),)) + encoded


def _header(envelope: Envelope, message_id: str, app_id: str) -> bytes:
    # in the order of their flags, as AMQP has them
    flags, properties = _ALWAYS, [_JSON]
    if envelope.headers:
        flags |= _HEADERS
        properties.append(encode.field_table(envelope.headers))
    properties.append(b"\x02" if envelope.persistent else b"\x01")
    expiration = "" if envelope.expires is None else str(envelope.expires // _MILLISECOND)
    for flag, text in (
        (_CORRELATION_ID, envelope.correlation_id),
        (_REPLY_TO, envelope.reply_to),
        (_EXPIRATION, expiration),
    ):
        if text:
            flags |= flag
            properties.append(_short(text))
    # whole seconds, as AMQP has it: by this a message's wait is measured
    properties += (_short(message_id), _LONG(int(time.time())))
    for flag, text in ((_TYPE, envelope.type), (_APP_ID, envelope.app_id or app_id)):
        if text:
            flags |= flag
            properties.append(_short(text))
    return _CONTENT(_BASIC, 0, len(envelope.body), flags) + b"".join(properties)
