"""Reads the frames of which there are many, in a fifth of the time that pamqp takes for them; it reads the others.

A delivery is three frames and a confirm is one, and reading them is a third of what the client costs. Strings are
read leniently, as in `chassis.messaging.driver_quirks`; a frame that isn't as it should be is left to pamqp, and to
its errors.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
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
_PAYLOAD, _AROUND = 7, 8
_MORE_FLAGS = 1
_DELIVER, _ACK = amqp.Basic.Deliver.index, amqp.Basic.Ack.index

_Read = Callable[[bytes, int], tuple[Any, int]]
"""Reads what is at a place in a payload, and gives the place behind it."""


def size_of(data: bytes, at: int) -> int:
    """How many bytes the frame at `at` takes; 0 where they aren't all there yet."""
    there = len(data) - at
    if there < _AROUND:
        return 0
    size: int = _HEAD(data, at)[2] + _AROUND
    return size if size <= there else 0


def channel_of(data: bytes, at: int) -> int:
    """Whose the frame at `at` is; 0 is the connection itself."""
    number: int = _HEAD(data, at)[1]
    return number


def unmarshal(data: bytes, at: int, size: int) -> tuple[int, int, FrameTypes]:
    """What `pamqp.frame.unmarshal` gives of the whole frame at `at`: bytes, channel, frame. Raises: the same."""
    kind, channel, _ = _HEAD(data, at)
    end = at + size - 1
    try:
        if data[end] == _END:
            frame = _frame(kind, data[at + _PAYLOAD : end])
            if frame is not None:
                return size, channel, frame
    except (struct.error, IndexError, ValueError, OverflowError, OSError):
        pass
    return pamqp.frame.unmarshal(data[at : at + size])


def _frame(kind: int, payload: bytes) -> FrameTypes | None:
    if kind == _BODY:
        return ContentBody(payload)
    if kind == _HEADER:
        return _header(payload)
    if kind == _METHOD:
        index = _INDEX(payload)[0]
        if index == _DELIVER:
            return _deliver(payload)
        if index == _ACK:
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
    class_id, weight, body_size, flags = _CONTENT(payload)
    if flags & _MORE_FLAGS:
        return None
    found: dict[str, Any] = {}
    at = 14
    for name, read in _properties(flags):
        if read is not None:
            found[name], at = read(payload, at)
            continue
        start = at + 1
        at = start + payload[at]
        found[name] = payload[start:at].decode("utf-8", "ignore")
    if at > len(payload):
        raise IndexError(at)
    frame = ContentHeader(weight, body_size, amqp.Basic.Properties(**found))
    frame.class_id = class_id
    return frame


@lru_cache(maxsize=64)
def _properties(flags: int) -> tuple[tuple[str, _Read | None], ...]:
    """The properties that are there, by name, in order; and how to read those that are no short string."""
    return tuple((name, _READ.get(name)) for name, flag in amqp.Basic.Properties.flags.items() if flags & flag)


def _octet(payload: bytes, at: int) -> tuple[int, int]:
    return payload[at], at + 1


def _timestamp(payload: bytes, at: int) -> tuple[datetime, int]:
    return datetime.fromtimestamp(_LONG(payload, at)[0], UTC), at + 8


def _table(payload: bytes, at: int) -> tuple[Any, int]:
    consumed, table = decode.METHODS["table"](payload[at:])
    return table, at + consumed


_READ = {"headers": _table, "delivery_mode": _octet, "priority": _octet, "timestamp": _timestamp}


def _short(payload: bytes, at: int) -> tuple[str, int]:
    start = at + 1
    end = start + payload[at]
    if end > len(payload):
        raise IndexError(end)
    return payload[start:end].decode("utf-8", "ignore"), end
