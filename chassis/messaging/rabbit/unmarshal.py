"""Reads the frames of which there are many, in a third of the time that pamqp takes for them; it reads the others.

A delivery is three frames and a confirm is one, and reading them is a third of what the client costs. Strings are
read leniently, as in `chassis.messaging.driver_quirks`; a frame that isn't as it should be is left to pamqp, and to
its errors.
"""

import struct
from datetime import UTC, datetime
from typing import Any

import pamqp.frame
from pamqp import commands as amqp
from pamqp import decode
from pamqp.body import ContentBody
from pamqp.frame import FrameTypes
from pamqp.header import ContentHeader

_HEAD = struct.Struct(">BHI").unpack_from
_INDEX = struct.Struct(">I").unpack_from
_CONTENT = struct.Struct(">HHQH").unpack_from
_LONG = struct.Struct(">Q").unpack_from
_METHOD, _HEADER, _BODY, _END = 1, 2, 3, 0xCE
_PAYLOAD = 7
_MORE_FLAGS = 1
_PROPERTIES = tuple((flag, name) for name, flag in amqp.Basic.Properties.flags.items())
_OCTETS = frozenset({"delivery_mode", "priority"})

_pamqp = pamqp.frame.unmarshal


def unmarshal(data_in: bytes) -> tuple[int, int, FrameTypes]:
    """What `pamqp.frame.unmarshal` gives: the bytes that were read, the channel, the frame. Raises: what it raises."""
    try:
        kind, channel, size = _HEAD(data_in)
        if len(data_in) > size + _PAYLOAD and data_in[size + _PAYLOAD] == _END:
            frame = _frame(kind, data_in[_PAYLOAD : size + _PAYLOAD])
            if frame is not None:
                return size + _PAYLOAD + 1, channel, frame
    except (struct.error, IndexError, ValueError, OverflowError, OSError):
        pass
    return _pamqp(data_in)


def _frame(kind: int, payload: bytes) -> FrameTypes | None:
    if kind == _BODY:
        return ContentBody(payload)
    if kind == _HEADER:
        return _header(payload)
    if kind == _METHOD:
        index = _INDEX(payload)[0]
        if index == amqp.Basic.Deliver.index:
            return _deliver(payload)
        if index == amqp.Basic.Ack.index:
            return amqp.Basic.Ack(_LONG(payload, 4)[0], bool(payload[12] & 1))
    return None


def _deliver(payload: bytes) -> amqp.Basic.Deliver:
    # not by its constructor, which looks at each letter of names that the broker gave us
    frame = amqp.Basic.Deliver.__new__(amqp.Basic.Deliver)
    frame.consumer_tag, at = _short(payload, 4)
    frame.delivery_tag = _LONG(payload, at)[0]
    frame.redelivered = bool(payload[at + 8] & 1)
    frame.exchange, at = _short(payload, at + 9)
    frame.routing_key, _ = _short(payload, at)
    return frame


def _header(payload: bytes) -> ContentHeader | None:
    frame = ContentHeader()
    frame.class_id, frame.weight, frame.body_size, flags = _CONTENT(payload)
    if flags & _MORE_FLAGS:
        return None
    at = 14
    for flag, name in _PROPERTIES:
        if flags & flag:
            value, at = _property(name, payload, at)
            setattr(frame.properties, name, value)
    return frame


def _property(name: str, payload: bytes, at: int) -> tuple[Any, int]:
    if name == "headers":
        consumed, table = decode.METHODS["table"](payload[at:])
        return table, at + consumed
    if name == "timestamp":
        return datetime.fromtimestamp(_LONG(payload, at)[0], tz=UTC), at + 8
    return (payload[at], at + 1) if name in _OCTETS else _short(payload, at)


def _short(payload: bytes, at: int) -> tuple[str, int]:
    start = at + 1
    end = start + payload[at]
    if end > len(payload):
        raise IndexError(end)
    return payload[start:end].decode(errors="ignore"), end
