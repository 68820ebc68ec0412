"""The provider that the load is for: two hundred customers of one sector, told as MK tells them."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from bench.floor import TEXT
from chassis.messaging.envelope import Envelope
from chassis.messaging.publisher import Publisher
from contracts import mk
from contracts.message import Message
from contracts.requests import SubmitContact
from contracts.rpc import request_id

CUSTOMERS = 200
SECTOR_ID = "bench-sector"
SECTOR_EMAIL = "setor@bench.test"

_GROUP_ID = "bench-group"


def customer_id(number: int) -> str:
    """Return the customer of the contact with this number: each in turn."""
    return f"bench-customer-{number % CUSTOMERS}"


def text(marker: str) -> str:
    """Return what a customer writes: as much as in the floor's contacts, and the contact's marker."""
    return f"{marker} {TEXT}"


def command(number: int, marker: str) -> SubmitContact:
    """Return the contact with this number as the edge asks for it."""
    customer = customer_id(number)
    return SubmitContact(
        request_id=request_id(customer, marker), customer_id=customer, sector_id=SECTOR_ID, text=text(marker)
    )


def publish(amqp_url: str) -> None:
    """Publish the provider's registers on the exchange `mk`. Raises: BrokerDown, Unroutable."""
    asyncio.run(_publish(amqp_url))


async def _publish(amqp_url: str) -> None:
    publisher = Publisher(amqp_url, app_id="mk")
    await publisher.start()
    try:
        for message in _registers():
            await publisher.publish(Envelope.of(message))
    finally:
        await publisher.stop()


def _registers() -> list[Message]:
    return [
        _event(mk.SacOptionsSaved, mobile_menu=("tickets", "contacts")),
        # one value comes from the group and the other from the sector: both are looked up (R9)
        _event(mk.PersonGroupSaved, person_group_id=_GROUP_ID, name="Residencial", process="Suporte"),
        _event(
            mk.SectorSaved,
            sector_id=SECTOR_ID,
            name="Técnico",
            responsible_email=SECTOR_EMAIL,
            generate_ticket=True,
            auto_classification="Sem conexão",
        ),
        *(_customer(number) for number in range(CUSTOMERS)),
    ]


def _customer(number: int) -> Message:
    connection = mk.Connection(connection_id=f"bench-connection-{number}", label="Fibra 500 Mb", active=True)
    return _event(
        mk.CustomerSaved,
        customer_id=customer_id(number),
        name=f"Cliente {number}",
        email=f"cliente-{number}@bench.test",
        person_group_id=_GROUP_ID,
        connections=(connection,),
    )


def _event(message: type[Message], **fields: object) -> Message:
    common = {"event_id": uuid4(), "occurred_at": datetime.now(UTC), "correlation_id": str(uuid4())}
    return message.model_validate(common | fields)
