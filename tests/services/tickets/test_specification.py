"""What tickets does when something happens, over ports made of dictionaries."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.persistence.documents import Conflict
from contracts import contacts, mk, tickets
from contracts.message import Cause, Message
from services.tickets.domain.openings import ticket_of
from services.tickets.domain.paging import Place
from services.tickets.domain.resolution import Group, Sector, SectorUnknown
from services.tickets.domain.ticket import Status, Ticket
from services.tickets.handlers import Handlers
from tests.services.tickets.given import CONTACT, STEPS, a_request, a_step, an_opening, minutes
from tests.system import LONG_AGO, said


def nothing() -> None:
    """Let nothing happen meanwhile."""


@dataclass
class _Memory:
    """Tickets, protocols, what MK told, and the count, in one memory; `meanwhile` runs before each commit."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    applied: set[tuple[str, UUID]] = field(default_factory=set)
    told: list[Message] = field(default_factory=list)
    taken: int = 0
    groups: dict[str, Group] = field(default_factory=dict)
    sectors: dict[str, Sector] = field(default_factory=dict)
    erasures: dict[str, mk.CustomerErased] = field(default_factory=dict)
    unresolved: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = nothing

    async def find(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    async def with_protocol(self, protocol: str) -> Ticket | None:
        return next(
            (one for one in self.tickets.values() if one.openings and one.openings[0].protocol == protocol), None
        )

    async def of_customer(self, customer_id: str) -> list[Ticket]:
        return [one for one in self.tickets.values() if one.openings and one.openings[0].customer_id == customer_id]

    async def newest(self, customer_id: str, status: Status, *, limit: int, behind: Place | None) -> list[Ticket]:
        raise NotImplementedError(customer_id, status, limit, behind)

    async def commit(self, ticket: Ticket, events: list[Message], *, cause: Cause) -> None:
        self.meanwhile()
        if (ticket.id, cause.event_id) in self.applied:
            return
        known = self.tickets.get(ticket.id)
        if ticket.version != (known.version if known else 0):
            raise Conflict(ticket.id)
        self.tickets[ticket.id] = replace(ticket, version=ticket.version + 1)
        self.applied.add((ticket.id, cause.event_id))
        self.told += events

    async def take(self) -> str:
        self.taken += 1
        return f"20260105{self.taken:06d}"

    async def group(self, person_group_id: str | None) -> Group | None:
        return self.groups.get(person_group_id or "")

    async def sector(self, sector_id: str) -> Sector | None:
        return self.sectors.get(sector_id)

    async def erasure(self, customer_id: str) -> mk.CustomerErased | None:
        return self.erasures.get(customer_id)

    async def membership(self, customer_id: str) -> tuple[bool, str | None]:
        raise NotImplementedError(customer_id)

    async def options(self) -> frozenset[str]:
        return frozenset({"tickets"})

    async def save_customer(self, event: mk.CustomerSaved) -> None:
        raise NotImplementedError(event)

    async def erase_customer(self, event: mk.CustomerErased) -> None:
        self.erasures[event.customer_id] = event

    async def save_group(self, event: mk.PersonGroupSaved) -> None:
        self.groups[event.person_group_id] = Group(
            event.person_group_id, event.name, event.process, event.classification
        )

    async def save_sector(self, event: mk.SectorSaved) -> None:
        raise NotImplementedError(event)

    async def save_options(self, event: mk.SacOptionsSaved) -> None:
        raise NotImplementedError(event)

    def count(self, field: str) -> None:
        self.unresolved.append(field)

    def handlers(self) -> Handlers:
        return Handlers(
            tickets=self, protocols=self, register=self, unresolved=self, zone=ZoneInfo("America/Sao_Paulo")
        )


async def handle(handlers: Handlers, message: Message) -> None:
    """Give a message to its handler."""
    takes: dict[type[Message], Any] = {
        mk.TicketOpened: handlers.on_ticket_opened,
        contacts.TicketRequested: handlers.on_ticket_requested,
        mk.CustomerErased: handlers.on_customer_erased,
        mk.ServiceOrderCreated: handlers.on_service_order_created,
        mk.PhaseChanged: handlers.on_phase_changed,
        mk.ResponsibleAdded: handlers.on_responsible_added,
        mk.DefectFound: handlers.on_defect_found,
        mk.NotificationLevelChanged: handlers.on_notification_level_changed,
        mk.TicketClosed: handlers.on_ticket_closed,
        mk.TicketReopened: handlers.on_ticket_reopened,
    }
    await takes[type(message)](message)


TECNICO = Sector("tecnico", "Técnico", "P2", "C2")
LIFE: list[Message] = [
    a_request(),
    *(a_step(kind, ticket_of(CONTACT)) for kind in STEPS),
    said(mk.CustomerErased, at=minutes(9), customer_id="ana"),
]


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=5))
def test_r27_an_erasure_at_any_time_ends_in_the_same_ticket_and_the_same_events(
    order: list[Message], repeated: list[Message]
) -> None:
    memory = _Memory(sectors={"tecnico": TECNICO})

    async def play() -> None:
        handlers = memory.handlers()
        for message in (*order, *repeated):
            await handle(handlers, message)

    asyncio.run(play())

    ticket = memory.tickets[ticket_of(CONTACT)]
    assert ticket.erased
    assert not [text for text in ("Sem conexão", "Rui Melo", "Fibra rompida", "Voltou a cair") if text in repr(ticket)]
    assert len(ticket.steps) == len(STEPS)
    assert {event.cause_id for event in memory.told} == {message.event_id for message in LIFE[:-1]}
    assert len(memory.told) == len(LIFE) - 1
    assert memory.taken == 1


async def test_r27_an_erasure_that_slips_in_while_the_ticket_is_opened_still_reaches_it() -> None:
    memory = _Memory()
    erased = said(mk.CustomerErased, at=minutes(9), customer_id="ana")
    memory.meanwhile = lambda: memory.erasures.update({"ana": erased})

    await memory.handlers().on_ticket_opened(an_opening())

    assert memory.tickets["t1"].openings[0].complaint == "(removido)"


async def test_r27_a_ticket_opened_after_the_erasure_keeps_its_texts() -> None:
    memory = _Memory()
    handlers = memory.handlers()
    await handlers.on_ticket_opened(an_opening(at=minutes(10)))

    await handlers.on_customer_erased(said(mk.CustomerErased, at=minutes(9), customer_id="ana"))

    assert memory.tickets["t1"].openings[0].complaint == "Sem sinal"
    assert not memory.tickets["t1"].erased


async def test_r9_an_unknown_sector_is_waited_for() -> None:
    with pytest.raises(SectorUnknown):
        await _Memory().handlers().on_ticket_requested(a_request())


async def test_r9_at_last_the_group_still_counts_without_the_sector() -> None:
    memory = _Memory(groups={"vip": Group("vip", "VIP", process="P1")})

    await memory.handlers().on_ticket_requested_at_last(a_request(person_group_id="vip"))

    (opened,) = memory.told
    assert isinstance(opened, tickets.TicketOpened)
    assert (opened.process_from, opened.classification_from) == ("person_group:vip", "none")
    assert memory.unresolved == ["classification"]


async def test_r9_at_last_a_sector_that_came_meanwhile_counts() -> None:
    memory = _Memory(sectors={"tecnico": TECNICO})

    await memory.handlers().on_ticket_requested_at_last(a_request())

    assert memory.unresolved == []


async def test_r9_an_unknown_group_leaves_it_to_the_sector() -> None:
    memory = _Memory(sectors={"tecnico": TECNICO})

    await memory.handlers().on_ticket_requested(a_request(person_group_id="never told of"))

    (opened,) = memory.told
    assert isinstance(opened, tickets.TicketOpened)
    assert (opened.process_from, opened.classification_from) == ("sector:tecnico", "sector:tecnico")


async def test_r9_a_repetition_is_not_counted_as_unresolved_again_and_takes_no_protocol() -> None:
    memory = _Memory(sectors={"tecnico": replace(TECNICO, process=None)})
    request = a_request()

    await memory.handlers().on_ticket_requested(request)
    await memory.handlers().on_ticket_requested(request)

    assert memory.unresolved == ["process"]
    assert memory.taken == 1


async def test_r5_a_lost_race_leaves_a_gap_and_nothing_else() -> None:
    memory = _Memory()
    opening = an_opening(at=LONG_AGO)
    step = a_step(mk.TicketClosed)

    def somebody_was_first() -> None:
        memory.meanwhile = nothing
        memory.tickets["t1"] = Ticket("t1", steps=(step,), version=1)  # type: ignore[arg-type]

    memory.meanwhile = somebody_was_first
    with pytest.raises(Conflict):
        await memory.handlers().on_ticket_opened(opening)
    await memory.handlers().on_ticket_opened(opening)

    assert memory.tickets["t1"].openings[0].protocol == "20260105000002"
    assert [type(event) for event in memory.told] == [tickets.TicketOpened, tickets.TicketClosed]
