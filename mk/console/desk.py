"""What every screen of the console is made with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from chassis.clock import Clock
from chassis.messaging import rpc
from chassis.service import Service
from contracts.rpc import Request as Question
from mk.console.guard import guard
from mk.console.pages import Pages
from mk.operators import Operators, Role, parse
from mk.ports import Stores
from mk.publishing import Announcer
from mk.sessions import Door, Session
from mk.settings import Settings

A = TypeVar("A")


class Requests(Protocol):
    """Asks the services, as `chassis.messaging.rpc.Requests` does."""

    async def ask(self, request: Question[A], *, within: timedelta) -> A:
        """What the service answers. Raises: NoReply, NobodyThere, RequestRefused, UnreadableReply."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Hands a screen what it needs: stores, services to ask, what publishes, and pages."""

    settings: Settings
    stores: Stores
    announcer: Announcer
    requests: Requests
    pages: Pages
    door: Door
    clock: Clock

    def router(self, role: Role = Role.OPERADOR) -> APIRouter:
        """Routes for operators of this role and those above, whose forms must be ours."""
        return APIRouter(dependencies=[Depends(guard(self.door, role, clock=self.clock))])

    def page(self, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A page of a template."""
        return self.pages.page(request, template, status=status, **values)


def operator(request: Request) -> Session:
    """Who asks, behind `Desk.router`."""
    session: Session = request.state.session
    return session


async def form(request: Request) -> dict[str, str]:
    """The texts of a form, trimmed; of several with one name the last, and no files."""
    return {name: value.strip() for name, value in (await request.form()).multi_items() if isinstance(value, str)}


def desk(settings: Settings, stores: Stores, announcer: Announcer, requests: Requests, *, clock: Clock) -> Desk:
    """What every screen is made with, of what the stand-in is made of."""
    pages = Pages(settings.zone, clock, has_stand_ins=bool(settings.mail_url or settings.chat_url))
    operators = Operators(parse(settings.operators.get_secret_value()))
    door = Door(stores.sessions, operators)
    return Desk(settings, stores, announcer, requests, pages, door, clock)


def asking(service: Service) -> Requests:
    """Asks the services over the broker, from when the service has started."""
    requests = rpc.Requests(service.publisher, asker="mk")
    service.prepares(requests.start)
    return requests
