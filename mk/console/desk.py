"""What every screen of the console is made with."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from chassis.clock import Clock
from mk.asking import Asks
from mk.console.guard import guard
from mk.console.pages import Pages
from mk.operators import Operators, Role, parse
from mk.ports import Stores
from mk.publishing import Announcer
from mk.sessions import Door, Session
from mk.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """Hands a screen what it needs: stores, services to ask, what publishes, and pages."""

    settings: Settings
    stores: Stores
    announcer: Announcer
    asks: Asks
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


def desk(settings: Settings, stores: Stores, announcer: Announcer, asks: Asks, *, clock: Clock) -> Desk:
    """What every screen is made with, of what the stand-in is made of."""
    pages = Pages(settings.zone, clock, has_stand_ins=bool(settings.mail_url or settings.chat_url))
    operators = Operators(parse(settings.operators.get_secret_value()))
    door = Door(stores.sessions, operators)
    return Desk(settings, stores, announcer, asks, pages, door, clock)
