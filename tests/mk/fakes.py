"""What MK's stand-in keeps and publishes, in memory, so that all of it runs without a broker or a database."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

from chassis.messaging.envelope import Envelope
from chassis.service import Service
from contracts import contacts, mk
from contracts.message import Channel, Message
from contracts.rpc import Request
from mk.app import build
from mk.asking import Unanswered
from mk.domain.listing import Line, Listed, Page, Position, Selection, line_of, terms, views
from mk.domain.ticket import Ticket
from mk.ports import Stores
from mk.presence import LASTS
from mk.sessions import Session
from mk.settings import Settings
from tests.fakes import InMemory
from tests.mk.figures import Figures
from tests.mk.register import Register

A = TypeVar("A")


class Tickets(InMemory[Ticket]):
    """The tickets, by id."""

    async def named(self, name: str) -> Ticket | None:
        """Find one by its id or its protocol."""
        return next((one for one in self.kept.values() if name in {one.id, one.protocol}), None)

    async def search(self, **having: str | None) -> AsyncIterator[Ticket]:
        """Find those that have all of it."""
        for one in self.kept.values():
            if all(getattr(one, name) == value for name, value in having.items() if value is not None):
                yield one

    async def of_customer(self, customer_id: str) -> list[str]:
        """Find a customer's."""
        return [one.id for one in self.kept.values() if one.customer_id == customer_id]

    async def of_contact(self, contact_id: UUID) -> str | None:
        """Find the one that a contact opened."""
        unknown = (one for one in self.kept.values() if one.opening and one.channel is None)
        return next((one.id for one in unknown if one.opening and one.opening.contact_id == contact_id), None)


class Panel:
    """The lines of the tickets; a ticket's version is the length of its history."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    async def page(self, selection: Selection, position: Position | None, *, size: int) -> Page:
        """Give so many lines."""
        lines = self._lines(selection)
        if position is None:
            return Page(tuple(lines[:size]), has_older=len(lines) > size, has_newer=False)
        mark = (position.listed_at, position.ticket_id)
        if position.is_before:
            newer = [one for one in lines if _place(one) > mark]
            return Page(tuple(newer[-size:]), has_older=True, has_newer=len(newer) > size)
        older = [one for one in lines if _place(one) < mark]
        return Page(tuple(older[:size]), has_older=len(older) > size, has_newer=True)

    async def count(self, selection: Selection, *, limit: int, newer_than: datetime | None = None) -> int:
        """Count up to a limit."""
        lines = self._lines(selection)
        return len([one for one in lines if newer_than is None or one.line.listed_at > newer_than][:limit])

    async def changed(self, versions: Mapping[str, int]) -> list[Listed]:
        """Give those that have another version by now."""
        found = [_listed(one) for key, one in self._tickets.kept.items() if key in versions]
        return [one for one in found if one.version != versions[one.line.ticket_id]]

    def _lines(self, selection: Selection) -> list[Listed]:
        lines = [_listed(one) for one in self._tickets.kept.values()]
        return sorted((one for one in lines if _fits(one.line, selection)), key=_place, reverse=True)


def _listed(ticket: Ticket) -> Listed:
    return Listed(line_of(ticket), len(ticket.history))


def _place(listed: Listed) -> tuple[datetime, str]:
    return listed.line.listed_at, listed.line.ticket_id


def _fits(line: Line, selection: Selection) -> bool:
    if selection.view not in views(line) or (selection.since and line.listed_at < selection.since):
        return False
    found = set(terms(line))
    by_terms = bool(selection.terms) and found >= set(selection.terms)
    wanted = selection.terms or selection.customers
    return not wanted or by_terms or bool(found & set(selection.customers))


class Contacts:
    """The contacts, in the order of their arrival."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    async def save(self, event: contacts.ContactReceived) -> None:
        """Keep one."""
        self.kept[str(event.contact_id)] = {
            "customer_id": event.customer.id,
            "text": event.text,
            "channel": event.channel,
        }

    async def channel(self, contact_id: UUID) -> Channel | None:
        """Give where one was written."""
        found = self.kept.get(str(contact_id))
        return found["channel"] if found else None

    async def newest(self) -> list[dict[str, Any]]:
        """Give all of them."""
        return list(reversed(self.kept.values()))

    async def erase(self, customer_id: str) -> None:
        """Remove what a customer wrote."""
        for one in self.kept.values():
            if one["customer_id"] == customer_id:
                one["text"] = ""


class Erasures:
    """The customers who were erased."""

    def __init__(self) -> None:
        self._erased: set[str] = set()

    async def add(self, event: mk.CustomerErased) -> None:
        """Leave a mark."""
        self._erased.add(event.customer_id)

    async def has(self, customer_id: str) -> bool:
        """Whether there is one."""
        return customer_id in self._erased


class Looking:
    """Who looks at tickets, and since when."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}

    async def look(self, ticket_id: str, *, user: str, name: str, now: datetime) -> list[str]:
        """Note one, and give the others."""
        self._seen[ticket_id, user] = (name, now)
        others = [one for (of, who), one in self._seen.items() if of == ticket_id and who != user]
        return sorted(name for name, at in others if at > now - LASTS)


class Sessions:
    """The operators' sessions, by key."""

    def __init__(self) -> None:
        self.kept: dict[str, Session] = {}

    async def save(self, session: Session) -> None:
        """Keep one."""
        self.kept[session.key] = session

    async def find(self, key: str) -> Session | None:
        """Find one."""
        return self.kept.get(key)

    async def remove(self, key: str) -> None:
        """End one."""
        self.kept.pop(key, None)


class Services:
    """Answers what the console asks the services; nobody is there until `answers` says so."""

    def __init__(self) -> None:
        self.asked: list[Request[Any]] = []
        self._answers: dict[type[Request[Any]], object] = {}

    def answers(self, kind: type[Request[A]], answer: A | Exception) -> None:
        """Let every request of a kind be answered so, or fail so."""
        self._answers[kind] = answer

    def forget(self, kind: type[Request[Any]]) -> None:
        """Let requests of a kind be answered by nobody again."""
        self._answers.pop(kind, None)

    async def ask(self, request: Request[A]) -> A:
        """Answer one."""
        self.asked.append(request)
        answer = self._answers.get(type(request), Unanswered(request.queue()))
        if isinstance(answer, Exception):
            raise answer
        return cast("A", answer)


class Published:
    """Takes what is published; `error` is raised instead, where there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.envelopes: list[Envelope] = []
        self._error = error

    async def publish(self, outgoing: Envelope) -> None:
        """Take one."""
        if self._error is not None:
            raise self._error
        self.envelopes.append(outgoing)


def stores_in_memory() -> Stores:
    """Give empty stores."""
    tickets = Tickets()
    panel, figures = Panel(tickets), Figures(tickets)
    return Stores(tickets, Contacts(), Erasures(), Sessions(), Register(), panel, Looking(), figures)


def mk_in_memory(folder: Path, *, publisher: Published | None = None, stores: Stores | None = None) -> Service:
    """Give the whole stand-in, built and not started; its key is in `folder`."""
    settings = Settings.model_validate({"var_dir": folder, "issuer": "https://mk.provedor.example"})
    return build(settings, stores=stores or stores_in_memory(), publisher=publisher or Published(), asks=Services())


async def handle(service: Service, *events: Message) -> None:
    """Have the handlers take these events, as the dispatcher would hand them over."""
    for event in events:
        await service.registry.messages[event.routing_key()].handle(event)
