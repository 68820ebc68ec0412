"""Whatever a sender puts into a message's properties, the consumer keeps its connection and ends with the message."""

import struct
from datetime import timedelta

import pytest

from chassis.messaging.envelope import FIRST_FAILURE, REASON, Delivery
from chassis.service import Service
from contracts import mk
from services.contacts.app import build
from services.contacts.settings import Settings
from tests.eventually import eventually
from tests.fuzz.wire import Wire, long, short, table
from tests.system import LONG_AGO, System, emitted, is_well

SECTOR_KEY = mk.SectorSaved.routing_key()


def a_sector(sector_id: str) -> mk.SectorSaved:
    return emitted(mk.SectorSaved, sector_id=sector_id, name="Técnico", generate_ticket=True)


def nested(depth: int) -> bytes:
    value = table({b"a": b"V"})
    for _ in range(depth):
        value = table({b"a": b"F" + value})
    return value


ODD: dict[str, dict[str, bytes]] = {
    "a time beyond the calendar": {"timestamp": struct.pack(">Q", 2**63 - 1)},
    "the last of all times": {"timestamp": struct.pack(">Q", 2**64 - 1)},
    "a content type that is no text": {"content_type": short(b"\xff\xfe")},
    "a correlation id that is no text": {"correlation_id": short(b"\xff" * 255)},
    "a message id that is no text": {"message_id": short(b"\xfe")},
    "a header's time beyond the calendar": {"headers": table({b"at": b"T" + struct.pack(">Q", 2**63 - 1)})},
    "a header's name that is no text": {"headers": table({b"\xff\xfe": b"V"})},
    "a header's value that is no text": {"headers": table({b"a": b"S" + long(b"\xff\x00")})},
    "a header's number without end": {"headers": table({b"a": b"D\xff\xff\xff\xff\xff"})},
    "a header's number beyond four bytes": {"headers": table({b"a": b"d" + struct.pack(">d", 1e300)})},
    "headers in headers without end": {"headers": nested(2000)},
    "headers in headers": {"headers": nested(300)},
    "a header as large as a frame": {"headers": table({b"a": b"S" + long(b"x" * 130_900)})},
    "a key of ours, as large as a frame": {"headers": table({b"x-atendo-key": b"S" + long(b"x" * 130_000)})},
    "attempts beyond counting": {"headers": table({b"x-atendo-attempts": b"l" + struct.pack(">q", 2**63 - 1)})},
    "a caller that the broker won't reply to": {"reply_to": short(b"amq.rabbitmq.reply-to.nobody")},
}


async def kept(service: Service, sector_id: str) -> bool:
    return bool(await service.database["sectors"].count_documents({"_id": sector_id}))


@pytest.mark.parametrize("given", ODD.values(), ids=ODD)
async def test_odd_properties_cost_neither_the_message_nor_its_neighbours(
    system: System, amqp_url: str, given: dict[str, bytes]
) -> None:
    service = await system.run(build, Settings)
    wire = await Wire.open(amqp_url)

    readable = await wire.publish("mk", SECTOR_KEY, a_sector("odd").model_dump_json().encode(), given)
    poison = await wire.publish("mk", SECTOR_KEY, b"{", given)
    await system.publish(a_sector("neighbour"))

    assert (readable, poison) == ("Basic.Ack", "Basic.Ack")
    await eventually(lambda: kept(service, "neighbour"))
    await eventually(lambda: dead_are(system, 1))
    assert await system.depth("contacts") == 0
    # set aside by the service, not by the broker after as many redeliveries as it allows
    (dead,) = await system.dead("contacts")
    assert dead.headers[REASON]
    await is_well(service)
    await wire.close()


async def dead_are(system: System, count: int) -> bool:
    return await system.depth("contacts.dead") == count


async def test_a_dead_letter_takes_no_copy_back_to_its_queue(system: System, amqp_url: str) -> None:
    await system.run(build, Settings)
    wire = await Wire.open(amqp_url)
    copies = table({b"CC": b"A" + long(b"S" + long(b"contacts"))})

    await wire.publish("", "contacts", b"{", {"headers": copies})

    await eventually(lambda: dead_are(system, 1))
    # whatever would have come back is handled before what is said now
    await system.publish_raw("mk", SECTOR_KEY, b"{")
    await eventually(lambda: dead_are(system, 2))
    await system.quiet()
    assert await system.depth("contacts.dead") == 2
    await wire.close()


def a_letter(**headers: object) -> Delivery:
    return Delivery(
        queue="contacts",
        kind="events",
        exchange="mk",
        key=SECTOR_KEY,
        type="",
        body=b"",
        headers=headers,
        correlation_id="",
        reply_to=None,
        attempts=0,
        first_failure=LONG_AGO + timedelta(days=1),
    )


def test_a_first_failure_of_tomorrow_is_one_of_now() -> None:
    assert a_letter().again(now=LONG_AGO)[FIRST_FAILURE] == LONG_AGO.isoformat()


def test_a_senders_simple_headers_are_sent_on_and_none_where_they_are_too_many() -> None:
    few, many = a_letter(traceparent="00-1", nested={"a": 1}), a_letter(traceparent="x" * 20_000)

    assert few.again(now=LONG_AGO)["traceparent"] == "00-1"
    assert "nested" not in few.again(now=LONG_AGO)
    # what the library writes in four bytes
    for number in (-1e39, float("nan"), float("inf")):
        assert "large" not in a_letter(large=number).again(now=LONG_AGO)
    assert a_letter(large=3.4e38).again(now=LONG_AGO)["large"] == 3.4e38
    assert "traceparent" not in many.again(now=LONG_AGO)
