"""What the app offers: its menu (R1, R2), and what a contact may be about (R6, R7)."""

from fastapi import APIRouter

from contracts.replies import ContactForm, Menu
from contracts.requests import GetContactForm, GetMenu
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import declared

router = APIRouter(route_class=Protected, dependencies=[TOKEN])


@router.get("/v1/menu", tags=["menu"], responses=declared(401, 503))
async def menu(caller: Calls) -> Menu:
    """Show which options the app has."""
    return await caller.read(GetMenu)


@router.get("/v1/contact-form", tags=["contacts"], responses=declared(401, 403, 404, 503))
async def contact_form(caller: Calls) -> ContactForm:
    """Show what the customer may choose from."""
    return await caller.read(GetContactForm)
