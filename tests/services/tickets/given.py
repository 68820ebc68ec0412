"""What the tests of tickets begin with: a replica, and what MK, contacts and feedback say to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.service import Service
from contracts import contacts, mk, tickets
from contracts.message import Message
from contracts.requests import GetTicket, ListTickets, ResolveTicket
from services.tickets.app import build
from services.tickets.domain.changes import note, open_ticket
from services.tickets.domain.openings import asked_by_operator, protocol_of
from services.tickets.domain.resolution import chosen_by_operator
from services.tickets.domain.ticket import Step, Ticket
from services.tickets.settings import Settings
from tests.eventually import eventually
from tests.system import LONG_AGO, System, emitted

CONTACT = UUID("7b6a0f0e-3f7f-4a53-9b0c-0a4b6a1f5d11")
STEPS: dict[type[Message], tuple[type[Message], dict[str, Any]]] = {
    mk.ServiceOrderCreated: (tickets.ServiceOrderCreated, {"service_order_id": "os-1", "description": "Trocar a ONU"}),
    mk.PhaseChanged: (tickets.PhaseChanged, {"process": "Suporte", "phase": "Triagem", "visible": True}),
    mk.ResponsibleAdded: (tickets.ResponsibleAdded, {"responsible_id": "r-1", "name": "Rui Melo", "team": "Campo"}),
    mk.DefectFound: (tickets.DefectFound, {"defect_found": "Fibra rompida"}),
    mk.NotificationLevelChanged: (tickets.NotificationLevelChanged, {"notification_level": "none"}),
    mk.TicketClosed: (tickets.TicketClosed, {"closed_by": "olga", "request_evaluation": True}),
    mk.TicketReopened: (tickets.TicketReopened, {"reason": "Voltou a cair"}),
}


def minutes(count: float) -> datetime:
    """So long after the day began."""
    return LONG_AGO + timedelta(minutes=count)


ANSWERED = {"score": 5, "comment": "SEGREDO", "channel": "sac_plus"}
ASKED = {"expires_at": minutes(99), "link": "https://atendo/SEGREDO"}


def an_opening(ticket_id: str = "t1", *, at: datetime = LONG_AGO, **fields: object) -> mk.TicketOpened:
    usual = {"customer_id": "ana", "complaint": "Sem sinal", "notification_level": "all", "opened_by": "olga"}
    return emitted(mk.TicketOpened, at=at, **{"ticket_id": ticket_id, **usual, **fields})


def a_step(kind: type[Message], ticket_id: str = "t1", *, at: datetime | None = None) -> Message:
    return emitted(kind, at=at or minutes(5), ticket_id=ticket_id, **STEPS[kind][1])


def a_request(**fields: object) -> contacts.TicketRequested:
    usual = {"channel": "sac_plus", "customer_id": "ana", "sector_id": "tecnico", "complaint": "Sem conexão"}
    return emitted(contacts.TicketRequested, at=LONG_AGO, **{"contact_id": CONTACT, **usual, **fields})


def a_sector(*, at: datetime = LONG_AGO, **fields: object) -> mk.SectorSaved:
    usual = {"sector_id": "tecnico", "name": "Técnico", "generate_ticket": True}
    return emitted(mk.SectorSaved, at=at, **(usual | fields))


def an_evaluation(kind: type[Message], ticket_id: str, **fields: object) -> Message:
    usual = {"evaluation_id": uuid4(), "protocol": "20260105000001", "customer_id": "ana", "cycle": 1}
    return emitted(kind, at=minutes(9), ticket_id=ticket_id, **(usual | fields))


async def a_replica(system: System) -> Service:
    """tickets, with the customers' view of tickets switched on."""
    service = await system.run(build, Settings)
    await system.publish(emitted(mk.SacOptionsSaved, mobile_menu=["tickets"]))
    await eventually(lambda: is_on(system))
    return service


async def is_on(system: System) -> bool:
    return (await system.ask(ListTickets(request_id=uuid4(), customer_id="nobody"))).problem is None


async def told(system: System, kind: type[Message], count: int = 1, **fields: object) -> list[dict[str, Any]]:
    """What was said of this kind, once it was said this often.

    Each event once: where a repetition overtakes, both publish what is in the outbox, under one id (ADR 1).
    """
    await eventually(lambda: len(_events(system, kind, fields)) >= count, because=f"{count} {kind.__name__} {fields}")
    return _events(system, kind, fields)


def _events(system: System, kind: type[Message], fields: dict[str, object]) -> list[dict[str, Any]]:
    return list({event["event_id"]: event for event in system.received_of(kind, **fields)}.values())


async def page_of(system: System, protocol: str, customer_id: str = "ana") -> dict[str, Any]:
    page: dict[str, Any] = await system.answer(
        GetTicket(request_id=uuid4(), customer_id=customer_id, protocol=protocol)
    )
    return page


async def dry_run(system: System, customer_id: str = "ana", sector_id: str = "tecnico") -> dict[str, Any]:
    answer: dict[str, Any] = await system.answer(
        ResolveTicket(request_id=uuid4(), customer_id=customer_id, sector_id=sector_id)
    )
    return answer


async def resolves_to(system: System, **expected: object) -> bool:
    reply = await system.ask(ResolveTicket(request_id=uuid4(), customer_id="ana", sector_id="tecnico"))
    return isinstance(reply.ok, dict) and expected.items() <= {**reply.ok, "why": None}.items()


async def depth_is(system: System, queue: str, depth: int) -> bool:
    return await system.depth(queue) == depth


def play(messages: Sequence[Message]) -> tuple[Ticket, list[Message]]:
    """What these messages make of a ticket, and all that was announced on the way."""
    ticket, announced = Ticket("t1"), list[Message]()
    for number, message in enumerate(messages, start=1):
        ticket, events = _after(ticket, message, number)
        announced += events
    return ticket, announced


def _after(ticket: Ticket, message: Message, number: int) -> tuple[Ticket, list[Message]]:
    if isinstance(message, mk.TicketOpened):
        protocol = ticket.openings[0].protocol if ticket.openings else protocol_of(LONG_AGO.date(), number)
        return open_ticket(ticket, asked_by_operator(message, chosen_by_operator(message), protocol=protocol))
    assert isinstance(message, Step)
    return note(ticket, message)
