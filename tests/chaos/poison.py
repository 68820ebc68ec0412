"""Messages that nobody can read, marked so that they are known again among the dead."""

import json
from random import Random

from chassis.messaging.envelope import Envelope
from contracts.topology import LISTENS

MARK = "x-chaos-mark"
"""The header by which an undecodable message is known again among the dead."""


def poison(rng: Random, mark: str) -> tuple[Envelope, tuple[str, ...]]:
    """Something that nobody can read, and the services among whose dead letters it belongs."""
    nonsense = rng.choice(
        (b"\xff\xfe not JSON", b"{}", b"[]", b'{"event_id": 1}', json.dumps({"a": "b" * 5000}).encode())
    )
    exchange, key, services = rng.choice(
        (
            ("mk", "mk.customer_saved.v1", ("contacts", "tickets", "notifier")),
            ("mk", "mk.ticket_closed.v1", ("tickets",)),
            ("mk", "mk.never_heard_of.v1", ("tickets",)),
            ("atendo", "tickets.ticket_closed.v1", _listeners_of("TicketClosed.v1", "tickets")),
            ("", "contacts.commands", ("contacts",)),
            ("", "feedback.commands", ("feedback",)),
            ("", "notifier.email", ("notifier",)),
        )
    )
    return Envelope(exchange=exchange, routing_key=key, body=nonsense, type="", headers={MARK: mark}), services


def _listeners_of(type_name: str, publisher: str) -> tuple[str, ...]:
    return tuple(
        service
        for service, listened in LISTENS.items()
        if any(one.type_name() == type_name and one.publisher == publisher for one in listened)
    )
