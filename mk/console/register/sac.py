"""Configuração SAC, aba Mobile: which options the app's menu shows (R1)."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mk.console.desk import Desk, form
from mk.console.pages import go_to
from mk.console.refusals import Refused
from mk.console.register.saving import publish
from mk.operators import Role

PATH = "/configuracao/sac"

OPTIONS = {"tickets": "Consultar Atendimentos", "contacts": "Contatos"}
"""What can be in the menu, in its order, as the setting calls it."""

IN_THE_APP = {"tickets": ("Atendimentos", "receipt"), "contacts": ("Contato", "mail")}
"""What customers see of each: its name and its icon."""


def sac(desk: Desk) -> APIRouter:
    """`GET` and `POST /configuracao/sac`; a press moves one option and saves."""
    router = desk.router(Role.ADMINISTRADOR)
    known = desk.stores.register

    @router.get(PATH)
    async def shown(request: Request, movido: str = "") -> Response:
        menu = await known.options()
        active = [one for one in await known.sectors() if one.active]
        return desk.page(
            request,
            "configuracao_sac.html",
            available={option: name for option, name in OPTIONS.items() if option not in menu},
            chosen={option: name for option, name in OPTIONS.items() if option in menu},
            preview=[IN_THE_APP[option] for option in OPTIONS if option in menu],
            moved=movido,
            lacks_sectors="contacts" in menu and not active,
        )

    @router.post(PATH)
    async def move(request: Request) -> Response:
        given = await form(request)
        option, is_on = given.get("opcao", ""), given.get("para") == "direita"
        if option not in OPTIONS:
            raise Refused(422, "Esta opção não existe", "Nada foi mudado. Volte e recarregue a tela.")
        menu = moved(await known.options(), option, is_on=is_on)
        await publish(desk, "SacOptionsSaved.v1", {"mobile_menu": list(menu)})
        done = "agora aparece no aplicativo" if is_on else "saiu do aplicativo"
        return go_to(f"{PATH}?movido={option}", f"{OPTIONS[option]} {done}")

    return router


def moved(menu: tuple[str, ...], option: str, *, is_on: bool) -> tuple[str, ...]:
    """The menu with or without an option, in the app's order; options that nobody here knows stay behind."""
    wanted = {*menu, option} if is_on else {*menu} - {option}
    others = tuple(one for one in menu if one not in OPTIONS)
    return (*(one for one in OPTIONS if one in wanted), *others)
