"""The app's menu (R1, R2)."""

from fastapi import APIRouter

from contracts.requests import GetMenu
from services.edge.answers import Menu
from services.edge.dependencies import TOKEN, Calls, Protected
from services.edge.errors.problems import declared

router = APIRouter(tags=["menu"], route_class=Protected, dependencies=[TOKEN])


@router.get("/v1/menu", responses=declared(401, 503))
async def menu(caller: Calls) -> Menu:
    """Tell which options the app shows."""
    return await caller.ask(caller.says(GetMenu), Menu)
