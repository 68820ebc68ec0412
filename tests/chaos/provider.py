"""The provider that a run is about: its sectors, its customers and what MK publishes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from contracts import mk
from contracts.message import Message, NotificationLevel

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Sector:
    """Whom customers write to; `level` is what tickets from contacts begin with (R14)."""

    id: str
    generates_ticket: bool
    level: NotificationLevel = NotificationLevel.START_END
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with one connection, and perhaps with an address, a device, and a chat with the bot."""

    id: str
    email: str | None
    has_device: bool = False
    chat: int | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """What brings messages about tickets to them (R16)."""
        return ("inbox", *(("push",) if self.has_device else ()), *(("telegram",) if self.chat else ()))


SECTORS = {
    sector.id: sector
    for sector in (
        Sector("tecnico", generates_ticket=True, level=NotificationLevel.ALL, email="tecnico@chaos.test"),
        Sector("financeiro", generates_ticket=True, email="financeiro@chaos.test"),
        Sector("cobranca", generates_ticket=True, level=NotificationLevel.NONE),
        Sector("comercial", generates_ticket=False, email="comercial@chaos.test"),
    )
}
_WITHOUT_ADDRESS = 7
"""Every seventh customer has none."""


_KINDS = ((False, False), (True, False), (True, True), (False, True))
"""Who has a device and a chat, in turns."""

_FIRST_CHAT = 700_000


def customers(count: int) -> dict[str, Customer]:
    """So many customers, by id."""
    made = (_customer(number) for number in range(count))
    return {customer.id: customer for customer in made}


def _customer(number: int) -> Customer:
    has_device, has_chat = _KINDS[number % len(_KINDS)]
    email = f"cliente-{number}@chaos.test" if number % _WITHOUT_ADDRESS else None
    return Customer(f"cliente-{number}", email, has_device, _FIRST_CHAT + number if has_chat else None)


def registers(people: dict[str, Customer]) -> Iterator[Message]:
    """What MK publishes before anything else can happen."""
    yield message(mk.SacOptionsSaved, mobile_menu=("tickets", "contacts"))
    yield message(mk.PersonGroupSaved, person_group_id="residencial", name="Residencial", process="Suporte")
    for sector in SECTORS.values():
        yield message(
            mk.SectorSaved,
            sector_id=sector.id,
            name=sector.id.title(),
            responsible_email=sector.email,
            generate_ticket=sector.generates_ticket,
            auto_classification="Geral",
            default_notification_level=sector.level,
        )
    for customer in people.values():
        yield message(
            mk.CustomerSaved,
            customer_id=customer.id,
            name=f"Cliente {customer.id}",
            email=customer.email,
            person_group_id="residencial",
            connections=(mk.Connection(connection_id=f"c-{customer.id}", label="Casa", active=True),),
        )


def two_versions(group_id: str) -> tuple[mk.PersonGroupSaved, mk.PersonGroupSaved]:
    """What MK publishes of a new person group, and a moment later again."""
    at = datetime.now(UTC)
    first, newer = (
        message(
            mk.PersonGroupSaved,
            occurred_at=at + timedelta(milliseconds=later),
            person_group_id=group_id,
            name=group_id.title(),
            process=f"Processo {later}",
        )
        for later in (0, 1)
    )
    return first, newer


def message(kind: type[M], **fields: object) -> M:
    """A message of MK, of now unless the fields say otherwise."""
    common = {"event_id": uuid4(), "occurred_at": datetime.now(UTC), "correlation_id": str(uuid4())}
    return kind.model_validate(common | fields)
