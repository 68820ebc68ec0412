"""What MK knows beside tickets: customers with their connections, sectors, person groups, and the app's menu."""

import re
import unicodedata
from dataclasses import dataclass

from contracts import mk
from contracts.message import NotificationLevel

Registered = mk.CustomerSaved | mk.CustomerErased | mk.SectorSaved | mk.PersonGroupSaved | mk.SacOptionsSaved
"""What changes the register; of each thing the newest `occurred_at` counts."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One internet access of a customer."""

    id: str
    label: str
    address: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as an operator saved them last."""

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    group_id: str | None = None
    connections: tuple[Connection, ...] = ()

    @property
    def active_connections(self) -> tuple[Connection, ...]:
        """Those that a contact may be about (R6)."""
        return tuple(one for one in self.connections if one.active)


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector as an operator saved it last."""

    id: str
    name: str
    email: str | None = None
    generate_ticket: bool = True
    process: str | None = None
    classification: str | None = None
    level: NotificationLevel = NotificationLevel.START_END
    active: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A person group as an operator saved it last."""

    id: str
    name: str
    process: str | None = None
    classification: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The names of what a page speaks of, by id; whoever asks for one that is missing shows the id."""

    customers: dict[str, str]
    sectors: dict[str, str]
    groups: dict[str, str]


def folded(text: str) -> str:
    """A text as it is searched for and sorted by: without case, accents and double spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", bare))


def terms(customer: Customer) -> list[str]:
    """What a customer is found by: each of these, from its beginning."""
    phone = re.sub(r"\D", "", customer.phone or "")
    texts = (customer.name, customer.email or "", *(one.address or "" for one in customer.connections))
    return sorted({part for text in texts for part in folded(text).split()} | {customer.id, phone} - {""})


def customer_of(event: mk.CustomerSaved) -> Customer:
    """The customer that was saved."""
    connections = tuple(Connection(one.connection_id, one.label, one.address, one.active) for one in event.connections)
    return Customer(event.customer_id, event.name, event.email, event.phone, event.person_group_id, connections)


def sector_of(event: mk.SectorSaved) -> Sector:
    """The sector that was saved."""
    return Sector(
        id=event.sector_id,
        name=event.name,
        email=event.responsible_email,
        generate_ticket=event.generate_ticket,
        process=event.auto_process,
        classification=event.auto_classification,
        level=event.default_notification_level,
        active=event.active,
    )


def group_of(event: mk.PersonGroupSaved) -> Group:
    """The person group that was saved."""
    return Group(event.person_group_id, event.name, event.process, event.classification)
