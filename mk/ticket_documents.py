"""How a ticket stands in the database: its history, and what lists and searches find it by."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from contracts.message import Channel, NotificationLevel
from mk.domain.figures import counted
from mk.domain.listing import Line, Listed, line_of, terms, views
from mk.domain.ticket import EVENTS, Ticket

COUNTED = "counted"
"""The field that figures are counted over."""

_OF_A_LINE = {field.name for field in fields(Line)}


def ticket_of(found: Mapping[str, Any]) -> Ticket:
    """The ticket that a document holds."""
    # `story` is the history's stored name; the last release noted no channel
    return Ticket(
        id=found["_id"],
        history=tuple(EVENTS[one["type"]].model_validate(one["body"]) for one in found["story"]),
        channel=Channel(found["channel"]) if found.get("channel") else None,
    )


def document_of(ticket: Ticket) -> dict[str, Any]:
    """What is stored of a ticket."""
    return {
        "story": [{"type": one.type_name(), "body": one.model_dump(mode="json")} for one in ticket.history],
        "protocol": ticket.protocol,
        "customer_id": ticket.customer_id,
        "status": ticket.status,
        "latest_at": ticket.history[-1].occurred_at,
        **listing_of(ticket),
        COUNTED: counted_of(ticket),
    }


def listing_of(ticket: Ticket) -> dict[str, Any]:
    """What the Painel lists it by, and shows of it."""
    line = line_of(ticket)
    return {
        "channel": ticket.channel.value if ticket.channel else None,
        "contact_id": ticket.opening.contact_id if ticket.opening else None,
        "line": asdict(line),
        "listed_at": line.listed_at,
        "views": views(line),
        "terms": terms(line),
    }


def counted_of(ticket: Ticket) -> dict[str, Any]:
    """What is counted of it for figures."""
    return asdict(counted(ticket))


def listed_of(found: Mapping[str, Any]) -> Listed:
    """The line that a document holds."""
    kept = {name: value for name, value in found["line"].items() if name in _OF_A_LINE}
    level = NotificationLevel(kept["level"]) if kept["level"] else None
    return Listed(Line(**{**kept, "level": level}), found["version"])
