"""Two administrators who save the same thing: the later one learns what changed before writing over it."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape

import pytest

from contracts import mk
from contracts.message import Message
from tests.services.mk.console.browser import Console, Page
from tests.services.mk.console.provider import customer, group, knows, published, sector

SECTOR, GROUP, CUSTOMER = "/configuracao/setores/tecnico", "/configuracao/grupos/residencial", "/clientes/1001/editar"
THINGS = [
    (SECTOR, mk.SectorSaved, "setor"),
    (GROUP, mk.PersonGroupSaved, "grupo"),
    (CUSTOMER, mk.CustomerSaved, "cliente"),
]


@pytest.fixture
async def console(console: Console) -> Console:
    """Give the console to an administrator of a provider with one sector, one group and one customer."""
    await console.enter("carla")
    await knows(console, sector(), group(process="Suporte"), customer())
    return console


def fields(page: Page) -> dict[str, str]:
    """What a browser would send of a page's main form: texts, what is hidden, boxes that are ticked, what is chosen."""
    form = page.html[page.html.index("<main") : page.html.index("</main>")]
    inputs = re.findall(r'<input (?:class="in" id="[^"]+" |type="hidden" )?name="([^"]+)"[^>]*value="([^"]*)"', form)
    boxes = re.findall(r'<input type="checkbox" id="[^"]+" name="([^"]+)" checked', form)
    chosen = re.findall(r'<select[^>]* name="([^"]+)".*?<option value="([^"]*)" selected', form)
    return {name: unescape(value) for name, value in (*inputs, *((one, "on") for one in boxes), *chosen)}


async def saves(console: Console, path: str, loaded: Mapping[str, str], **typed: str) -> Page:
    console.later(timedelta(seconds=1))
    return await console.post(path, **{**loaded, **typed})


@pytest.mark.parametrize(("path", "event", "word"), THINGS)
async def test_a_save_over_what_somebody_else_saved_meanwhile_is_refused_and_keeps_what_was_typed(
    console: Console, path: str, event: type[Message], word: str
) -> None:
    first, second = fields(await console.get(path)), fields(await console.get(path))

    saved = await saves(console, path, first, nome="Nome da primeira")
    refused = await saves(console, path, second, nome="Nome da segunda")

    assert (saved.status, refused.status, len(published(console, event))) == (303, 409, 1)
    assert f"Este {word} mudou enquanto você editava" in refused.text
    assert re.search(r"Nome : era “[^”]+”, agora é “Nome da primeira”; aqui está “Nome da segunda”", refused.text)
    assert refused.title.startswith("Erro: ")
    assert fields(refused)["nome"] == "Nome da segunda"
    assert "Salvar mesmo assim" in refused.text


@pytest.mark.parametrize(("path", "event", "_word"), THINGS)
async def test_it_is_saved_over_knowingly_and_over_nothing_that_was_not_shown(
    console: Console, path: str, event: type[Message], _word: str
) -> None:
    first, second = fields(await console.get(path)), fields(await console.get(path))
    await saves(console, path, first, nome="Um")
    shown = fields(await saves(console, path, second, nome="Dois"))
    await saves(console, path, fields(await console.get(path)), nome="Três")

    refused = await saves(console, path, shown)
    saved = await saves(console, path, fields(refused))

    assert "agora é “Três”; aqui está “Dois”" in refused.text
    assert saved.status == 303
    assert [one.name for one in published(console, event)] == ["Um", "Três", "Dois"]


async def test_what_is_chosen_and_ticked_is_named_in_words(console: Console) -> None:
    first, second = fields(await console.get(SECTOR)), fields(await console.get(SECTOR))
    del first["gerar"]
    await saves(console, SECTOR, first, nivel="all", email="")

    refused = await saves(console, SECTOR, second)

    for line in (
        "E-mail responsável : era “tecnico@provedor.example”, agora é em branco; aqui está “tecnico@provedor.example”",
        "Notificações de início : era “Início e fim”, agora é “Todos os eventos”; aqui está “Início e fim”",
        "Gerar atendimento : era SIM, agora é NÃO; aqui está SIM",
    ):
        assert line in refused.text


async def test_a_connection_that_somebody_else_added_is_not_lost_silently(console: Console) -> None:
    first, second = fields(await console.get(CUSTOMER)), fields(await console.get(CUSTOMER))
    await saves(console, CUSTOMER, first, **{"conexao-1-rotulo": "Loja"})

    refused = await saves(console, CUSTOMER, second, telefone="11 90000-0000")

    assert "Conexão 2 : era em branco, agora é “Loja”; aqui está em branco" in refused.text


async def test_the_same_change_twice_is_no_conflict(console: Console) -> None:
    first, second = fields(await console.get(GROUP)), fields(await console.get(GROUP))

    answers = [await saves(console, GROUP, one, processo="Novo") for one in (first, second)]

    assert [one.status for one in answers] == [303, 303]


async def test_a_form_with_an_error_still_compares_with_what_it_was_loaded_with(console: Console) -> None:
    first, second = fields(await console.get(GROUP)), fields(await console.get(GROUP))
    wrong = await saves(console, GROUP, second, nome="")
    await saves(console, GROUP, first, processo="Dela")

    refused = await saves(console, GROUP, fields(wrong), nome="Residencial", processo="Dele")

    assert (wrong.status, refused.status) == (422, 409)


async def slowly(*_: Message) -> None:
    """Take a broker's time to publish: others go on meanwhile."""
    for _turn in range(100):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("path", "event", "_word"), THINGS)
async def test_of_two_who_save_at_the_same_moment_one_is_refused(
    console: Console, path: str, event: type[Message], _word: str
) -> None:
    loaded = fields(await console.get(path))
    console.published.announce = slowly

    answers = await asyncio.gather(*(console.post(path, **{**loaded, "nome": name}) for name in ("Um", "Dois")))

    assert sorted(one.status for one in answers) == [303, 409]
    assert len(published(console, event)) == 1
