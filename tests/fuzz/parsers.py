"""The targets that need neither broker nor database: everything that reads bytes from outside."""

import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from pamqp import commands, encode, frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from pydantic import BaseModel, ValidationError

from chassis.messaging.arrival import Answered, Arrival
from chassis.messaging.driver_quirks import read_leniently
from chassis.messaging.envelope import Delivery
from chassis.messaging.rabbit.contents import Content
from chassis.messaging.registry import Registry, Unreadable
from contracts import topology
from contracts.catalogue import all_requests, messages
from contracts.channels import TakeTelegramUpdate
from contracts.rpc import Reply
from contracts.topology import Queue
from mk.app import build as build_mk
from mk.settings import Settings as MkSettings
from services.contacts.app import build as build_contacts
from services.contacts.settings import Settings as ContactsSettings
from services.feedback.app import build as build_feedback
from services.feedback.settings import Settings as FeedbackSettings
from services.notifier.app import build as build_notifier
from services.notifier.settings import Settings as NotifierSettings
from services.tickets.app import build as build_tickets
from services.tickets.settings import Settings as TicketsSettings
from tests.fuzz.hostile import bodies, texts
from tests.fuzz.target import Target
from tests.fuzz.wire import PROPERTIES, long, properties, short, table

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FRAME = 131_072
PUBLISHERS = ("mk", "contacts", "tickets", "feedback", "notifier")
BUILDS: dict[str, tuple[Callable[..., Any], Any]] = {
    "contacts": (build_contacts, ContactsSettings),
    "tickets": (build_tickets, TicketsSettings),
    "notifier": (build_notifier, NotifierSettings),
    "feedback": (build_feedback, FeedbackSettings),
    "mk": (build_mk, MkSettings),
}


@cache
def routes_of(service: str) -> Registry:
    """A service's table of handlers, of a service that never connects."""
    build, settings = BUILDS[service]
    given = settings.model_validate({"link_secret": "s" * 32, "public_url": "http://localhost"})
    routes: Registry = build(given).registry
    return routes


# What the broker hands over: its form is sound, its content anything.


def _short_strings() -> SearchStrategy[bytes]:
    return st.one_of(st.binary(max_size=255), texts().map(lambda text: text.encode(errors="replace")[:255])).map(short)


def _numbers(form: str, low: int, high: int) -> SearchStrategy[bytes]:
    return st.one_of(st.integers(low, high), st.sampled_from([low, high])).map(lambda n: struct.pack(form, n))


def _fields() -> SearchStrategy[bytes]:
    simple = st.one_of(
        st.just(b"V"),
        st.binary(min_size=1, max_size=1).map(lambda one: b"t" + one),
        _numbers(">q", -(2**63), 2**63 - 1).map(lambda one: b"l" + one),
        _numbers(">Q", 0, 2**64 - 1).map(lambda one: b"T" + one),
        st.binary(min_size=5, max_size=5).map(lambda one: b"D" + one),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda n: b"d" + struct.pack(">d", n)),
        st.binary(max_size=200).map(lambda one: b"S" + long(one)),
        st.binary(max_size=20).map(lambda one: b"x" + long(one)),
        st.sampled_from([NOW.isoformat(), "9999-01-01T00:00:00Z", "2026-01-05"]).map(lambda s: b"S" + long(s.encode())),
        st.integers(1000, 100_000).map(lambda n: b"S" + long(b"x" * n)),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda many: b"A" + long(b"".join(many))),
            st.dictionaries(st.binary(max_size=8), inner, max_size=3).map(lambda some: b"F" + table(some)),
        ),
        max_leaves=6,
    )


_OURS = ("exchange", "key", "queue", "attempts", "first-failure", "reason", "replays")


def _headers() -> SearchStrategy[bytes]:
    names = st.one_of(
        st.sampled_from([f"x-atendo-{name}".encode() for name in _OURS] + [b"CC", b"BCC", b"x-death", b"traceparent"]),
        st.binary(max_size=12),
    )
    return st.dictionaries(names, _fields(), max_size=5).map(table)


@st.composite
def deliveries(draw: DrawFn) -> bytes:
    """A content header frame's payload with arbitrary properties."""
    given: dict[str, bytes] = {}
    for name in draw(st.sets(st.sampled_from(list(PROPERTIES)))):
        match name:
            case "headers":
                given[name] = draw(_headers())
            case "delivery_mode":
                given[name] = draw(st.sampled_from([b"\x01", b"\x02"]))
            case "priority":
                given[name] = draw(st.binary(min_size=1, max_size=1))
            case "timestamp":
                given[name] = draw(_numbers(">Q", 0, 2**64 - 1))
            case "expiration":
                given[name] = short(str(draw(st.integers(0, 2**32 - 1))).encode())
            case _:
                given[name] = draw(_short_strings())
    return struct.pack(">HHQ", 60, 0, 2) + properties(given)


def _received(payload: bytes, exchange: str = "mk") -> Arrival:
    read_leniently()
    raw = struct.pack(">BHI", 2, 1, len(payload)) + payload + b"\xce"
    header = frame.unmarshal(raw)[2]
    assert isinstance(header, ContentHeader)
    method = commands.Basic.Deliver("c", 1, False, exchange, "mk.sector_saved.v1")  # noqa: FBT003 - AMQP's order
    content = Content(method)
    content.is_whole_with(header)
    content.is_whole_with(ContentBody(b"{}"))
    return content.arrival(method, cast("Answered", None))


def _check_delivery(payload: bytes) -> None:
    letter = Delivery.read(topology.queues()[0], _received(payload))
    again = letter.again(now=NOW)
    sent = commands.Basic.Properties(
        headers=dict(again), message_type=letter.type, correlation_id=letter.correlation_id, reply_to=letter.reply_to
    )
    written = sent.marshal()
    assert len(written) < FRAME, "outgrew its frame"
    assert len(encode.short_string(letter.key)) <= 256
    back = _received(struct.pack(">HHQ", 60, 0, 2) + written, topology.RETRIED)
    assert Delivery.read(topology.queues()[0], back).attempts > 0


# What a service makes of it.


def _queues(service: str) -> tuple[Queue, ...]:
    kinds = {"events", "commands", "queries", "deliveries"}
    return tuple(queue for queue in topology.queues() if queue.service == service and queue.kind in kinds)


@st.composite
def letters(draw: DrawFn, service: str) -> Delivery:
    """A letter to a service: mostly one that it has a handler for."""
    routes = routes_of(service)
    queue = draw(st.sampled_from(_queues(service)))
    # a key comes as UTF-8 or not at all
    unknown = texts().map(lambda text: text.encode(errors="ignore").decode())
    key = draw(st.one_of(st.sampled_from(sorted(routes.messages)), unknown))
    example = "requests" if queue.kind in {"commands", "queries"} else key.split(".")[0]
    folders = (example,) if example in {*PUBLISHERS, "requests"} else PUBLISHERS
    kind = routes.messages[key].model.type_name() if key in routes.messages else ""  # type: ignore[union-attr]
    return Delivery(
        queue=queue.name,
        kind=queue.kind,
        exchange="mk",
        key=key,
        type=draw(st.sampled_from([kind, "", "Odd.v1"])),
        body=draw(bodies(*folders)),
        headers={},
        correlation_id="c",
        reply_to=None,
        attempts=0,
        first_failure=None,
    )


def _check_letter(service: str) -> Callable[[Delivery], None]:
    def check(letter: Delivery) -> None:
        try:
            route, said = routes_of(service).find(letter)
        except Unreadable as unreadable:
            # what is told of it travels in headers
            encode.long_string(f"{unreadable.reason} {unreadable}"[:2000])
        else:
            assert type(said) is route.model

    return check


# The contracts by themselves.

_MODELS: tuple[type[BaseModel], ...] = (*messages(), *all_requests(), Reply)
_OTHERS_JSON = {Reply, TakeTelegramUpdate}
"""What holds JSON of somebody else's: a number that JSON doesn't have, as NaN, is read there, and written as null."""


def check_models(body: bytes) -> None:
    """Have every contract read a body: what is read is written as it was, what is not is a ValidationError."""
    for model in _MODELS:
        try:
            read = model.model_validate_json(body)
        except ValidationError:
            continue
        again = model.model_validate_json(read.model_dump_json())
        assert again == read or model in _OTHERS_JSON
        assert model is Reply or again.model_dump_json() == read.model_dump_json()
    try:
        loose = json.loads(body)
    except (ValueError, RecursionError):
        return
    for model in (*messages(), *all_requests()):
        try:
            model.model_validate(loose)
        except ValidationError:
            continue


def targets(_folder: Path) -> list[Target]:
    """Every target of this module."""
    for name in BUILDS:
        # chance in there is none of the inputs'
        routes_of(name)
    return [
        Target("letter.read", deliveries(), _check_delivery, share=4),
        Target("models", bodies(*PUBLISHERS, "requests"), check_models, share=3),
        *(Target(f"routes.find {name}", letters(name), _check_letter(name), share=4) for name in BUILDS),
    ]
