"""Does what an operator asks of a ticket, and waits a moment until the services announce that it happened."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from chassis.messaging.publisher import BrokerDown, Unroutable
from contracts.message import Message
from mk.console.desk import Desk
from mk.console.ticket.actions import REOPENING, Action
from mk.domain.listing import defect_found, level
from mk.domain.ticket import Ticket
from mk.ports import Tickets

SHOWN_WITHIN = timedelta(seconds=3)
"""How long a page waits for what was just done to come back; after that it says that it is on its way."""

_LOOK_EVERY = timedelta(milliseconds=40)

CLOSED_ALREADY = "Este atendimento já foi finalizado."
OPEN_ALREADY = "Este atendimento já está aberto."
NOT_PUBLISHED = "O MK não conseguiu publicar agora. Nada se perdeu: tente de novo em instantes."


def conflict(action: Action, ticket: Ticket) -> str:
    """Why a ticket's state doesn't allow an action, as where somebody else was faster (R15b); empty where it does."""
    if action is REOPENING:
        return "" if ticket.status == "closed" else OPEN_ALREADY
    return CLOSED_ALREADY if ticket.status == "closed" else ""


def changes_nothing(event: Message, ticket: Ticket) -> bool:
    """Whether a ticket is already as an event would make it: then there is nothing to announce (R15b)."""
    wanted_level, found = getattr(event, "notification_level", None), getattr(event, "defect_found", None)
    match event.type_name():
        case "NotificationLevelChanged.v1":
            return bool(wanted_level == level(ticket))
        case "DefectFound.v1":
            return (found or None) == defect_found(ticket)
    return False


def form_id(given: str) -> UUID:
    """The id that a form carries, so that it counts once however often it is sent; a new one where it carries none."""
    try:
        return UUID(given)
    except ValueError:
        return uuid4()


async def publish(desk: Desk, event: Message) -> str:
    """Publish what an operator did; why that wasn't possible, or nothing."""
    try:
        await desk.announcer.publish(event)
    except (BrokerDown, Unroutable):
        return NOT_PUBLISHED
    return ""


async def arrives(tickets: Tickets, ticket_id: str, event_id: UUID) -> bool:
    """Whether what an event leads to is in the ticket, waiting for it a moment."""
    return await _comes(tickets, ticket_id, lambda it: any(one.cause_id == event_id for one in it.history))


async def opens(tickets: Tickets, ticket_id: str) -> bool:
    """Whether a ticket has its protocol, waiting for it a moment."""
    return await _comes(tickets, ticket_id, lambda it: it.protocol is not None)


async def _comes(tickets: Tickets, ticket_id: str, there: Callable[[Ticket], bool]) -> bool:
    deadline = asyncio.get_running_loop().time() + SHOWN_WITHIN.total_seconds()
    while True:
        ticket = await tickets.named(ticket_id)
        if ticket is not None and there(ticket):
            return True
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
