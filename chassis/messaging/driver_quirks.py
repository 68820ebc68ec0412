"""Gets along with the AMQP library: reads odd properties for which it would drop the connection, sees what it hides.

The broker passes on strings that aren't UTF-8, times beyond the calendar and tables nested without end. Dropping the
connection over one of them hands the message out again, and with it all that the consumer had in hand (ADR 0010).
"""

from datetime import datetime

from aio_pika.abc import AbstractConnection
from pamqp import decode
from pamqp.common import FieldTable

from chassis.cancellation import lost_connection_is_an_error

__all__ = ["is_blocked", "lost_connection_is_an_error", "read_leniently"]

_LENGTH = 4
_TIMESTAMP = 8


def read_leniently() -> None:
    """Have the library leave out of a message's properties what it can't read; once a process is enough."""
    decode.METHODS |= {"shortstr": _short_string, "timestamp": _timestamp, "table": _table}
    decode.TABLE_MAPPING[b"T"] = _timestamp


def _short_string(value: bytes) -> tuple[int, str]:
    length = value[0] + 1
    # left out, not replaced: what takes its place could outgrow the 255 bytes of a short string
    return length, value[1:length].decode(errors="ignore")


def _timestamp(value: bytes) -> tuple[int, datetime | None]:
    try:
        return decode.timestamp(value)
    except (ValueError, OverflowError, OSError):
        return _TIMESTAMP, None


def _table(value: bytes) -> tuple[int, FieldTable]:
    try:
        return decode.field_table(value)
    except (ValueError, RecursionError):
        return _LENGTH + int.from_bytes(value[:_LENGTH]), {}


def is_blocked(connection: AbstractConnection) -> bool:
    """Whether the broker blocks this connection's publishes (`connection.blocked`): the library shows it by waiting."""
    transport = connection.transport
    if transport is None or connection.is_closed:
        return False
    waiting = transport.connection.ready()
    try:
        waiting.send(None)
    except StopIteration:
        return False
    finally:
        waiting.close()
    return True
