"""The routes by which operators look at tickets, evaluations and contacts (R26)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from contracts import tickets
from contracts.message import Message
from mk.domain import ticket as mirror
from mk.domain.ticket import State, Ticket
from mk.errors import UnknownTicket
from mk.problems import declared
from mk.store import MongoContacts, MongoMirror

Status = Literal["pending", "closed"]

_COMMON = {*Message.model_fields, "ticket_id", "protocol", "customer_id"}


class Opinion(BaseModel):
    """The customer's opinion of one closing."""

    cycle: int
    state: State
    evaluation_id: UUID | None
    score: int | None
    comment: str | None
    channel: str | None


class Happened(BaseModel):
    """One thing that was told of a ticket, with what is particular to it."""

    at: datetime
    type: str
    fields: dict[str, JsonValue]


class Listed(BaseModel):
    """A ticket in a list; what wasn't told yet is null."""

    ticket_id: str
    protocol: str | None
    customer_id: str | None
    status: Status
    complaint: str | None
    opened_at: datetime | None

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
                "evaluations": [asdict(one) for one in mirror.evaluations(ticket)],
                "timeline": [_happened(message) for message in ticket.story],
            }
        )


class Finished(Listed):
    """A line of Painel → Finalizados."""

    closed_at: datetime
    closed_by: str
    cycle: int
    state: State
    score: int | None

    @classmethod
    def closed(cls, ticket: Ticket, closing: tickets.TicketClosed) -> Self:
        """A closed ticket as the panel shows it."""
        opinion = mirror.evaluation(ticket, closing)
        told = {"closed_at": closing.closed_at, "closed_by": closing.closed_by, "cycle": closing.cycle}
        return cls.model_validate({**_listed(ticket), **told, "state": opinion.state, "score": opinion.score})


def _listed(ticket: Ticket) -> dict[str, object]:
    opening = ticket.opening
    return {
        "ticket_id": ticket.id,
        "protocol": ticket.protocol,
        "customer_id": ticket.customer_id,
        "status": ticket.status,
        "complaint": opening.complaint if opening else None,
        "opened_at": opening.opened_at if opening else None,
    }


def _happened(message: Message) -> Happened:
    particular = message.model_dump(mode="json", exclude=_COMMON, exclude_none=True)
    return Happened(at=message.occurred_at, type=message.type_name(), fields=particular)


def panel(mirrored: MongoMirror, contacts: MongoContacts) -> APIRouter:
    """`GET /tickets`, `GET /tickets/{name}`, `GET /painel/finalizados`, `GET /contacts`."""
    router = APIRouter(tags=["Painel"])

    @router.get("/tickets", responses=declared(422))
    async def listed(status: Status | None = None, customer: str | None = None) -> list[Listed]:
        """The tickets, those with news first."""
        return [Listed.of(ticket) async for ticket in mirrored.search(status=status, customer_id=customer)]

    @router.get("/tickets/{name}", responses=declared(404))
    async def shown(name: str) -> Shown:
        """One ticket, by its id or its protocol, with its evaluations' comments."""
        ticket = await mirrored.named(name)
        if ticket is None:
            raise UnknownTicket(name)
        return Shown.of(ticket)

    @router.get("/painel/finalizados")
    async def finished() -> list[Finished]:
        """The closed tickets, each with the state of its evaluation."""
        return [
            Finished.closed(ticket, ticket.closing)
            async for ticket in mirrored.search(status="closed")
            if ticket.closing
        ]

    @router.get("/contacts")
    async def received() -> list[dict[str, Any]]:
        """The last contacts, newest first."""
        return await contacts.newest()

    return router
