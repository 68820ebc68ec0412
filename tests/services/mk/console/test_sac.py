"""Configuração SAC, aba Mobile: one press moves an option, saves, and the focus goes with it (R1)."""

import re
from datetime import timedelta

import pytest

from contracts import mk
from tests.services.mk.console.browser import Console, Page
from tests.services.mk.console.provider import LONG_BEFORE, knows, published, sector
from tests.system import emitted

PATH = "/configuracao/sac"


@pytest.fixture
async def console(console: Console) -> Console:
    """Give the console to an administrator."""
    await console.enter("carla")
    return console


def pools(page: Page) -> tuple[list[str], list[str]]:
    """Give what is in the left list, and in the right one."""
    found = re.findall(r"Mover ([\w ]+) para a (direita|esquerda)", page.html)
    return [name for name, to in found if to == "direita"], [name for name, to in found if to == "esquerda"]


async def test_r2_before_anybody_saved_it_the_menu_is_empty(console: Console) -> None:
    page = await console.get(PATH)

    assert (page.title, page.heading) == ("Configuração SAC, Mobile · MK 3.0", "Configuração SAC")
    assert pools(page) == (["Consultar Atendimentos", "Contatos"], [])
    assert 'aria-label="Prévia do menu: nenhuma opção"' in page.html


async def test_r1_a_press_moves_an_option_and_announces_the_menu(console: Console) -> None:
    right = await console.post(PATH, opcao="contacts", para="direita")
    with_contacts = await console.follow(right)
    console.later(timedelta(seconds=1))
    both = await console.follow(await console.post(PATH, opcao="tickets", para="direita"))
    console.later(timedelta(seconds=1))
    left = await console.follow(await console.post(PATH, opcao="contacts", para="esquerda"))

    menus = [event.mobile_menu for event in published(console, mk.SacOptionsSaved)]
    assert menus == [("contacts",), ("tickets", "contacts"), ("tickets",)]
    assert "Contatos agora aparece no aplicativo" in with_contacts.text
    assert re.search(r'id="op-contacts" [^>]*autofocus', with_contacts.html)
    assert 'aria-label="Prévia do menu: Atendimentos, Contato"' in both.html
    assert "Contatos saiu do aplicativo" in left.text
    assert pools(left) == (["Contatos"], ["Consultar Atendimentos"])


async def test_contacts_without_an_active_sector_lead_nowhere_and_that_is_noted(console: Console) -> None:
    await console.post(PATH, opcao="contacts", para="direita")
    warned = await console.get(PATH)
    await knows(console, sector())

    assert "Nenhum setor está ativo" in warned.text
    assert "Nenhum setor está ativo" not in (await console.get(PATH)).text


async def test_an_option_that_a_newer_mk_put_there_stays(console: Console) -> None:
    await knows(console, emitted(mk.SacOptionsSaved, at=LONG_BEFORE, mobile_menu=["invoices", "tickets"]))

    await console.post(PATH, opcao="contacts", para="direita")

    [event] = published(console, mk.SacOptionsSaved)
    assert event.mobile_menu == ("tickets", "contacts", "invoices")


async def test_what_is_no_option_is_refused(console: Console) -> None:
    page = await console.post(PATH, opcao="senhas", para="direita")

    assert (page.status, page.heading) == (422, "Esta opção não existe")
    assert published(console, mk.SacOptionsSaved) == []
