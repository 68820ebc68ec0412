"""A frame as a line of text, for whoever traces."""

from typing import Any

from chassis.messaging.link import Arrival
from tests.simulation.broker.message import Message
from tests.simulation.broker.pipe import Act


def described(act: Act, carried: Any) -> str:  # noqa: ANN401 - each frame carries something else
    """What a frame does, and with what."""
    parts = carried if isinstance(carried, tuple) else (carried,)
    return " ".join([act.__name__, *filter(None, map(_part, parts))])


def _part(part: object) -> str:
    match part:
        case Message():
            return f"{part.exchange}/{part.routing_key} {part.type} {part.message_id}"
        case Arrival():
            again = " again" if part.redelivered else ""
            return f"#{part.tag} {part.exchange}/{part.routing_key} {part.type} {part.message_id}{again}"
        case tuple():
            return f"({' '.join(filter(None, map(_part, part)))})"
        case str() | int() | None:
            return str(part)
    return str(getattr(part, "__name__", ""))
