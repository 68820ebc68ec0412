"""Messages that parse and are extreme, through every real service: each ends, and none of their neighbours waits."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chassis.messaging.envelope import REASON
from contracts import contacts, feedback, mk, notifier, tickets
from contracts.message import Message
from contracts.requests import SubmitContact
from contracts.rpc import request_id
from contracts.topology import RETRY_LADDER, queues, rung
from mk.app import build as build_mk
from mk.settings import Settings as MkSettings
from tests.eventually import eventually
from tests.journeys.provider import ANA, Provider
from tests.system import emitted, is_well

SERVICES = ("contacts", "tickets", "notifier", "feedback", "mk")
MEGABYTE = "ã" * 500_000
HUGE = 10**30
IDS = (
    "$where",
    "a.b.c",
    "a\0b",
    "\0",
    "__proto__",
    "$",
    "é" * 128,
    "👩‍👩‍👧" * 16,
    "../../x",
    "\u202e\u2066",
    " ",
    "mk.*.#",
)
FIRST, LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)

Body = dict[str, Any]


def raw(message: Message, **more: object) -> tuple[str, str, bytes]:
    """A message as its publisher would send it, with fields that its own model might refuse."""
    body = message.model_dump(mode="json") | more
    return message.exchange(), message.routing_key(), json.dumps(body).encode()


def an_opening(ticket: str, **more: Any) -> mk.TicketOpened:  # noqa: ANN401 - any field
    fields = {"customer_id": ANA, "complaint": "Lenta", "notification_level": "all", "opened_by": "joana"} | more
    return emitted(mk.TicketOpened, ticket_id=ticket, **fields)


def a_closing(ticket: str, **more: Any) -> tickets.TicketClosed:  # noqa: ANN401 - any field
    fields: Body = {
        "protocol": f"P{ticket}",
        "customer_id": ANA,
        "notification_level": "all",
        "version": 2,
        "closed_at": FIRST,
        "closed_by": "joana",
        "request_evaluation": True,
        "cycle": 1,
    }
    return emitted(tickets.TicketClosed, ticket_id=ticket, **fields | more)


def odd_of(message: type[Message], odd: str, *names: str, **more: object) -> tuple[str, str, bytes]:
    """A message with something odd in these fields, whether its own model takes that or not."""
    fields: Body = dict.fromkeys(names, "x") | more
    return raw(emitted(message, **fields), **dict.fromkeys(names, odd))


def of_odd_ids() -> list[tuple[str, str, bytes]]:
    """Every id that a database or a broker might stumble over, as each kind of id."""
    said_of = []
    for number, odd in enumerate(IDS):
        said_of += [
            odd_of(mk.CustomerSaved, odd, "customer_id", "name", "email", "person_group_id", connections=[]),
            odd_of(mk.SectorSaved, odd, "sector_id", "name", "responsible_email", generate_ticket=True),
            odd_of(mk.PersonGroupSaved, odd, "person_group_id", "name", "process", "classification"),
            raw(an_opening("x"), ticket_id=odd, customer_id=odd, sector_id=odd, complaint=odd),
            odd_of(mk.ResponsibleAdded, odd, "ticket_id", "responsible_id", "name", "team"),
            odd_of(mk.PhaseChanged, odd, "ticket_id", "process", "phase", "customer_label"),
            raw(a_closing(f"{number}{odd}"[:128], customer_id=odd, closed_by=odd)),
            odd_of(mk.CustomerErased, odd, "customer_id"),
            raw(an_outcome(odd)),
            raw(an_email(odd)),
        ]
    return said_of


def an_outcome(recipient: str) -> notifier.NotificationSent:
    """A mail's outcome for a recipient that nobody has heard of."""
    about = {"event_id": str(uuid4()), "type": contacts.ContactReceived.type_name()}
    return emitted(
        notifier.NotificationSent, notification_id=uuid4(), about=about, channel="email", recipient=recipient
    )


def an_email(odd: str) -> notifier.EmailDue:
    """A note of the notifier's to itself that it never wrote."""
    about = {"event_id": str(uuid4()), "type": odd}
    fields: Body = {"notification_id": uuid4(), "about": about, "address": odd, "facts": {odd: odd}}
    return emitted(notifier.EmailDue, customer_id=odd[:128], template="contact_received", **fields)


def of_extreme_values() -> list[tuple[str, str, bytes]]:
    """The ends of time, integers without end, and texts of a megabyte."""
    visit = emitted(mk.ServiceOrderCreated, ticket_id="early", service_order_id="o", scheduled_for=FIRST)
    rated: Body = {
        "evaluation_id": uuid4(),
        "ticket_id": "early",
        "protocol": "p",
        "customer_id": ANA,
        "channel": "x",
    }
    ends = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
    return [
        raw(an_opening("early", at=FIRST)),
        raw(an_opening("late", at=LAST)),
        raw(visit),
        *(raw(visit, event_id=str(uuid4()), scheduled_for=end) for end in ends),
        *(raw(an_opening("end"), event_id=str(uuid4()), occurred_at=end) for end in ends),
        raw(a_closing("c-late", closed_at=LAST)),
        raw(a_closing("c-early", closed_at=FIRST)),
        raw(a_closing("c-huge"), cycle=HUGE, version=HUGE),
        raw(emitted(feedback.EvaluationSubmitted, cycle=1, score=HUGE, **rated)),
        raw(emitted(feedback.EvaluationSubmitted, cycle=-HUGE, score=-1, **rated)),
        raw(an_opening("large", complaint=MEGABYTE)),
        raw(emitted(mk.CustomerSaved, customer_id="large", name=MEGABYTE, connections=[])),
        raw(emitted(mk.DefectFound, ticket_id="large", defect_found=MEGABYTE)),
        ("mk", "mk.sector_saved.v1", b"[" * 1_000_000),
        ("mk", "mk.sector_saved.v1", b'{"a":' * 100_000),
        ("mk", "mk.never_heard_of.v1", b"{}"),
        ("", "contacts.commands", b'{"kind": {"$gt": ""}}'),
        ("", "notifier.commands", b'{"kind": "mark_notification_read", "request_id": 1e999}'),
        ("", "tickets.queries", b"\xff\xfe"),
        ("", "feedback.queries", b""),
    ]


async def test_extreme_messages_end_and_their_neighbours_are_handled(provider: Provider) -> None:
    await provider.start()
    await provider.system.run(build_mk, MkSettings)
    hostile = of_odd_ids() + of_extreme_values()

    for exchange, key, body in hostile:
        await provider.system.publish_raw(exchange, key, body)
    contact = await provider.write(ANA, key="neighbour")
    command = SubmitContact(
        request_id=request_id(ANA, "odd"), customer_id=ANA, sector_id="\0$.", text=MEGABYTE, connection_id="$"
    )
    refused = await provider.system.problem(command)

    assert contact.json()["protocol"]
    assert refused.status == 422
    await eventually(lambda: everything_ended(provider), timedelta(seconds=150))
    await provider.system.quiet()
    for service in provider.system.services:
        await is_well(service)
    reasons = {name: [letter.headers[REASON] for letter in await provider.system.dead(name)] for name in SERVICES}
    assert {reason for found in reasons.values() for reason in found} <= {"permanent", "unreadable", "unknown_type"}
    assert 0 < sum(map(len, reasons.values())) < len(hostile)
    # what was taken in can be shown
    pages = [await provider.app(ANA).get("/v1/tickets", params={"status": status}) for status in ("pending", "closed")]
    assert [page.status_code for page in pages] == [200, 200]
    for item in pages[0].json()["items"]:
        assert (await provider.app(ANA).get(f"/v1/tickets/{item['protocol']}")).status_code == 200
    assert (await provider.app(ANA).get("/v1/notifications")).status_code == 200


async def everything_ended(provider: Provider) -> bool:
    working = [queue.name for queue in queues() if queue.kind in {"events", "commands", "queries", "deliveries"}]
    waiting = [f"{service}.retry.{rung(delay)}" for service in SERVICES for delay in RETRY_LADDER]
    left = {name: depth for name in (*working, *waiting) if (depth := await provider.system.depth(name))}
    assert left == {}
    return True
