"""What MK knows beside tickets: customers with their connections, sectors, person groups, and the app's menu."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from contracts import mk
from contracts.addresses import NO_ADDRESS, UNUSABLE, lacking, usable
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
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in decomposed if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", bare))


def terms(customer: Customer) -> list[str]:
    """What a customer is found by: each of these, from its beginning."""
    phone = re.sub(r"\D", "", customer.phone or "")
    mails = [one.lower() for one in usable(customer.email)]
    names = [one.partition("@")[0] for one in mails]
    texts = (customer.name, *names, *(one.address or "" for one in customer.connections))
    return sorted({part for text in texts for part in folded(text).split()} | {customer.id, phone, *mails} - {""})


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


def gaps_of_sector(sector: Sector) -> list[str]:
    """What is missing of a sector before it hurts, in sentences; nothing hurts where the sector is not active."""
    if not sector.active:
        return []
    missing = {"processo": sector.process, "classificação": sector.classification}
    absent = [name for name, value in missing.items() if not value] if sector.generate_ticket else []
    return [
        *_gap_of_address(sector.email, _SECTOR_UNREACHED),
        *(
            f"Sem {name}: onde o grupo do cliente não define, o atendimento abre sem e conta como não resolvido."
            for name in absent
        ),
    ]


def gaps_of_customer(customer: Customer) -> list[str]:
    """What is missing of a customer before it hurts, in sentences."""
    return _gap_of_address(customer.email, _CUSTOMER_UNREACHED)


_SECTOR_UNREACHED = {
    NO_ADDRESS: "Sem e-mail responsável: os contatos não chegam à equipe por e-mail.",
    UNUSABLE: "O e-mail responsável não pode receber mensagens: os contatos não chegam à equipe por e-mail.",
}
_CUSTOMER_UNREACHED = {
    NO_ADDRESS: "Sem e-mail: a confirmação de um contato não é enviada.",
    UNUSABLE: "O e-mail não pode receber mensagens: a confirmação de um contato não é enviada.",
}


def _gap_of_address(text: str | None, sentences: Mapping[str, str]) -> list[str]:
    reason = lacking(text)
    return [sentences[reason]] if reason else []
