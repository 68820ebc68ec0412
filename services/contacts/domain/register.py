"""What MK published last: customers, sectors and options, which a contact is checked against (R1, R2, R6, R7)."""

from dataclasses import dataclass

from services.contacts.errors import ConnectionRequired, OptionOff, UnknownConnection, UnknownCustomer, UnknownSector

CONTACTS_OPTION = "contacts"
MENU = ("tickets", CONTACTS_OPTION)
"""The options that the app knows, in the menu's order (R1)."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One internet access of a customer."""

    id: str
    label: str
    active: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, by the newest event about them."""

    id: str
    name: str
    email: str | None = None
    person_group_id: str | None = None
    connections: tuple[Connection, ...] = ()

    @property
    def active_connections(self) -> tuple[Connection, ...]:
        """Those that a contact may be about."""
        return tuple(connection for connection in self.connections if connection.active)


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector, by the newest event about it."""

    id: str
    name: str
    responsible_email: str | None
    generate_ticket: bool
    active: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that one contact is checked against; None is what MK has not published, or has erased."""

    customer: Customer | None
    sector: Sector | None
    options: frozenset[str]


def menu(options: frozenset[str]) -> list[str]:
    """The options that are on and that the app knows (R1)."""
    return [option for option in MENU if option in options]


def who_may_write(customer: Customer | None, options: frozenset[str]) -> Customer:
    """The customer, where contacts are on for them. Raises: OptionOff (R1), UnknownCustomer."""
    if CONTACTS_OPTION not in options:
        raise OptionOff("O envio de contatos não está disponível.")
    if customer is None:
        raise UnknownCustomer("Cliente não encontrado.")
    return customer


def active(sector: Sector | None) -> Sector:
    """The sector, where it takes contacts (R7). Raises: UnknownSector."""
    if sector is None or not sector.active:
        raise UnknownSector("Escolha um dos setores da lista.")
    return sector


def choose_connection(customer: Customer, connection_id: str | None) -> Connection | None:
    """The connection that a contact is about (R6). Raises: ConnectionRequired, UnknownConnection."""
    choice = customer.active_connections
    if connection_id is not None:
        for connection in choice:
            if connection.id == connection_id:
                return connection
        raise UnknownConnection("Escolha uma das suas conexões ativas.")
    if len(choice) > 1:
        raise ConnectionRequired("Escolha a conexão a que o contato se refere.")
    return choice[0] if choice else None
