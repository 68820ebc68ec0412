"""The routes by which operators look at tickets, evaluations and contacts (R26)."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from contracts import tickets
from contracts.message import Message
from mk.domain.evaluation import State, current, evaluations
from mk.domain.ticket import Status, Ticket
from mk.errors import UnknownTicket
from mk.ports import Contacts, Tickets
from mk.problems import declared

_COMMON = {*Message.model_fields, "ticket_id", "protocol", "customer_id"}


class Opinion(BaseModel):
    """The customer's opinion of one closing."""

    model_config = ConfigDict(from_attributes=True)

    cycle: int
    state: State
    evaluation_id: UUID | None
    score: int | None
    comment: str | None
    channel: str | None


class Happened(BaseModel):
    """One event of a ticket, with what is particular to it."""

    at: datetime
    type: str
    fields: dict[str, JsonValue]

    @classmethod
    def of(cls, event: Message) -> Self:
        """An event as the ticket's timeline shows it."""
        particular = event.model_dump(mode="json", exclude=_COMMON, exclude_none=True)
        return cls(at=event.occurred_at, type=event.type_name(), fields=particular)


class Listed(BaseModel):
    """A ticket in a list; what isn't known yet is null. `cycle`, `state` and `score` are its newest closing's."""

    ticket_id: str
    protocol: str | None
    customer_id: str | None
    status: Status
    complaint: str | None
    opened_at: datetime | None
    cycle: int | None
    state: State | None
    score: int | None

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """A ticket as a list shows it."""
        return cls.model_validate(_listed(ticket))


class Shown(Listed):
    """A ticket's own page: double-clicking it shows its evaluations' comments."""

    sector_id: str | None
    process: str | None
    classification: str | None
    evaluations: list[Opinion]
    timeline: list[Happened]

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """A ticket as its page shows it."""
        opening = ticket.opening
        return cls.model_validate(
            {
                **_listed(ticket),
                "sector_id": opening.sector_id if opening else None,
                "process": opening.process if opening else None,
                "classification": opening.classification if opening else None,
                "evaluations": [Opinion.model_validate(one) for one in evaluations(ticket)],
                "timeline": [Happened.of(event) for event in ticket.history],
            }
        )


class Finished(Listed):
    """A line of Painel → Finalizados."""

    closed_at: datetime
    closed_by: str

    @classmethod
    def closed(cls, ticket: Ticket, closing: tickets.TicketClosed) -> Self:
        """A closed ticket as the panel shows it."""
        return cls.model_validate({**_listed(ticket), "closed_at": closing.closed_at, "closed_by": closing.closed_by})


def _listed(ticket: Ticket) -> dict[str, object]:
    opening, newest = ticket.opening, current(ticket)
    return {
        "ticket_id": ticket.id,
        "protocol": ticket.protocol,
        "customer_id": ticket.customer_id,
        "status": ticket.status,
        "complaint": opening.complaint if opening else None,
        "opened_at": opening.opened_at if opening else None,
        "cycle": newest and newest.cycle,
        "state": newest and newest.state,
        "score": newest and newest.score,
    }


def panel(known: Tickets, contacts: Contacts) -> APIRouter:
    """`GET /tickets`, `GET /tickets/{name}`, `GET /painel/finalizados`, `GET /contacts`."""
    router = APIRouter(tags=["Painel"])

    @router.get("/tickets", responses=declared(422))
    async def listed(status: Status | None = None, customer: str | None = None) -> list[Listed]:
        """The tickets, those with news first."""
        return [Listed.of(ticket) async for ticket in known.search(status=status, customer_id=customer)]

    @router.get("/tickets/{name}", responses=declared(404))
    async def shown(name: str) -> Shown:
        """One ticket, by its id or its protocol, with its evaluations' comments."""
        ticket = await known.named(name)
        if ticket is None:
            raise UnknownTicket
        return Shown.of(ticket)

    @router.get("/painel/finalizados")
    async def finished() -> list[Finished]:
        """The closed tickets, each with the state of its evaluation."""
        return [
            Finished.closed(ticket, ticket.closing) async for ticket in known.search(status="closed") if ticket.closing
        ]

    @router.get("/contacts")
    async def received() -> list[dict[str, Any]]:
        """The last contacts, newest first."""
        return await contacts.newest()

    return router
