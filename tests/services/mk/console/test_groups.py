"""Grupo de Pessoas: what counts before the sector (R9)."""

import pytest

from contracts import mk
from tests.services.mk.console.browser import Console
from tests.services.mk.console.provider import customer, group, knows, published

PATH = "/configuracao/grupos"


@pytest.fixture
async def console(console: Console) -> Console:
    """Give the console to an administrator of a provider with two groups."""
    await console.enter("carla")
    await knows(console, group(process="Suporte residencial"), group("rural", "Rural"), customer())
    return console


async def test_a_group_is_listed_with_what_it_defines_and_how_many_it_has(console: Console) -> None:
    page = await console.get(PATH)

    assert (page.status, page.title, page.heading) == (200, "Grupo de Pessoas · MK 3.0", "Grupo de Pessoas")
    assert "Residencial Suporte residencial — 1 Rural — — 0" in page.text
    assert 'aria-label="1 cliente de Residencial"' in page.html


async def test_saving_a_group_announces_it(console: Console) -> None:
    saved = await console.post(f"{PATH}/rural", nome="Rural", processo="", classificacao="Rede rural")

    [event] = published(console, mk.PersonGroupSaved)
    assert (event.person_group_id, event.name) == ("rural", "Rural")
    assert (event.process, event.classification) == (None, "Rede rural")
    assert "Grupo Rural salvo" in (await console.follow(saved)).text


async def test_a_new_group_needs_a_name(console: Console) -> None:
    page = await console.post(f"{PATH}/novo", nome="\u200b", processo="P1")
    created = await console.post(f"{PATH}/novo", nome="Condomínios", processo="P1")

    assert (page.status, '<a href="#nome">Escreva o nome do grupo</a>' in page.html) == (422, True)
    assert 'value="P1"' in page.html
    assert created.status == 303
    assert [event.person_group_id for event in published(console, mk.PersonGroupSaved)] == ["condominios"]
