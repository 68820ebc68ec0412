"""tickets without a broker or a database: its ports in memory, and the whole service over them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.persistence.documents import Decide, Decided
from chassis.service import Service
from contracts import mk
from contracts.message import Cause, Message, NotificationLevel
from contracts.requests import GetTicket
from contracts.rpc import Request
from services.tickets.app import build
from services.tickets.domain.resolution import Group, Sector
from services.tickets.domain.ticket import Status, Ticket, state
from services.tickets.ports import Place, Ports, Registered
from services.tickets.settings import Settings
from tests.fakes import InMemory
from tests.services.tickets.given import minutes


def nothing() -> None:
    """Let nothing happen meanwhile."""


class Tickets(InMemory[Ticket]):
    """The tickets; `meanwhile` runs between a decision and its commit, and a race that it wins is run again."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = nothing
        self.changed_at: dict[str, datetime] = {}
        self.now = minutes(30)

    async def update(self, key: str, decide: Decide[Ticket], *, cause: Cause) -> Ticket:
        """Decide, and again where somebody was faster."""

        async def decided(known: Ticket | None) -> Decided[Ticket]:
            first = decide(known)
            result = await first if isinstance(first, Awaitable) else first
            self.meanwhile()
            if self.kept.get(key) is known:
                return result
            again = decide(self.kept.get(key))
            return await again if isinstance(again, Awaitable) else again

        before = self.kept.get(key)
        kept = await super().update(key, decided, cause=cause)
        if kept is not before:
            self.changed_at[key] = self.now
        return kept

    async def changed_since(self, customer_id: str, since: datetime, *, limit: int) -> list[tuple[Ticket, datetime]]:
        """The opened tickets of a customer that changed since then, the latest last."""
        theirs = [(one, self.changed_at[one.id]) for one in await self.of_customer(customer_id)]
        return sorted((one for one in theirs if one[1] >= since), key=lambda one: one[1])[-limit:]

    async def with_protocol(self, protocol: str) -> Ticket | None:
        """The opened ticket with this protocol."""
        return next((one for one in self._opened() if one.openings[0].protocol == protocol), None)

    async def of_customer(self, customer_id: str) -> list[Ticket]:
        """The opened tickets of a customer."""
        return [one for one in self._opened() if one.openings[0].customer_id == customer_id]

    async def newest(self, customer_id: str, status: Status, *, limit: int, behind: Place | None) -> list[Ticket]:
        """One page of the list."""
        chosen = [one for one in await self.of_customer(customer_id) if state(one).status == status]
        newest = sorted(chosen, key=_place, reverse=True)
        return [one for one in newest if behind is None or _place(one) < behind][:limit]

    async def count_pending(self, customer_id: str, *, limit: int) -> int:
        """How many are pending."""
        return len(await self.newest(customer_id, "pending", limit=limit, behind=None))

    def _opened(self) -> list[Ticket]:
        return [one for one in self.kept.values() if one.openings]


def _place(ticket: Ticket) -> tuple[datetime, str]:
    return ticket.openings[0].opened_at, ticket.id


class Protocols:
    """One counter, whatever the day."""

    def __init__(self) -> None:
        self.taken = 0

    async def take(self) -> str:
        """The next protocol."""
        self.taken += 1
        return f"20260105{self.taken:06d}"


class Register:
    """The last that was announced, in whatever order."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.sectors: dict[str, Sector] = {}
        self.members: dict[str, str | None] = {}
        self.erasures: dict[str, mk.CustomerErased] = {}
        self.menu: frozenset[str] = frozenset()

    async def group(self, person_group_id: str | None) -> Group | None:
        """A group, if it was announced."""
        return self.groups.get(person_group_id or "")

    async def sector(self, sector_id: str) -> Sector | None:
        """A sector, if it was announced."""
        return self.sectors.get(sector_id)

    async def membership(self, customer_id: str) -> tuple[bool, str | None]:
        """Whether a customer is known, and their group."""
        return customer_id in self.members, self.members.get(customer_id)

    async def erasure(self, customer_id: str) -> mk.CustomerErased | None:
        """The erasure, if it was announced."""
        return self.erasures.get(customer_id)

    async def options(self) -> frozenset[str]:
        """What is switched on."""
        return self.menu

    async def save(self, event: Registered) -> None:
        """Keep what came last."""
        match event:
            case mk.CustomerSaved():
                self.members[event.customer_id] = event.person_group_id
            case mk.PersonGroupSaved():
                group = Group(event.person_group_id, event.name, event.process, event.classification)
                self.groups[event.person_group_id] = group
            case mk.SectorSaved():
                level = NotificationLevel(event.default_notification_level)
                self.sectors[event.sector_id] = Sector(
                    event.sector_id, event.name, event.auto_process, event.auto_classification, level
                )
            case mk.SacOptionsSaved():
                self.menu = frozenset(event.mobile_menu)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        """Keep that they had to go, unless they came back."""
        if self.erasures.get(event.customer_id) != event:
            self.members.pop(event.customer_id, None)
        self.erasures[event.customer_id] = event


class Whole:
    """The whole service, as `build` puts it together, over ports in memory; it is `minutes(30)`."""

    def __init__(self) -> None:
        self.tickets, self.protocols, self.register = Tickets(), Protocols(), Register()
        ports = Ports(self.tickets, self.protocols, self.register)
        self.service: Service = build(Settings(), ports=ports, clock=lambda: minutes(30))

    async def give(self, *messages: Message) -> None:
        """Hand messages to their handlers, as they come from the wire."""
        for message in messages:
            route = self.service.registry.messages[message.routing_key()]
            await route.handle(route.model.model_validate_json(message.model_dump_json()))

    async def give_up_waiting(self, message: Message) -> None:
        """Hand over a message whose patience is over."""
        patience = self.service.registry.messages[message.routing_key()].patience
        assert patience is not None
        await patience.at_last(message)

    async def ask(self, kind: type[Request[Any]], **fields: object) -> dict[str, Any]:
        """Ask, and give the answer as it goes over the wire. Raises: what the handler refuses."""
        route = self.service.registry.requests[kind.name()]
        answer = await route.handle(kind.model_validate({"request_id": UUID(int=1), **fields}))
        wired: dict[str, Any] = kind.answer().dump_python(answer, mode="json")
        return wired

    async def page(self) -> dict[str, Any]:
        """The page of the one ticket of Ana's."""
        return await self.ask(GetTicket, customer_id="ana", protocol="20260105000001")
