"""Clientes e conexões: found, seen with how they are reached, changed, and erased (R16, R19, R27)."""

import re
from html import unescape

import pytest

from contracts import mk
from contracts.operating import ListReached, Reached
from mk.console.register.reach import Position, cursor_of
from tests.mk.life import opened
from tests.services.mk.console.browser import Console
from tests.services.mk.console.provider import customer, group, knows, published

FORM = {"nome": "Zeca Prado", "email": "zeca@cliente.example", "telefone": "", "grupo": "residencial"}


@pytest.fixture
async def console(console: Console) -> Console:
    """Give the console to an administrator of a provider with three customers."""
    await console.enter("carla")
    await knows(
        console,
        group(),
        group("rural", "Rural"),
        customer(),
        customer("1002", "João Lima", person_group_id="rural", email=None, connections=[]),
        customer("1003", "Álvaro Reis", person_group_id="sumido", email="alvaro@cliente.example"),
    )
    console.services.answers(
        ListReached,
        [
            Reached(customer_id="1001", channels=["inbox", "push", "email"], refused=[], declined=["telegram"]),
            Reached(customer_id="1002", channels=["inbox"], refused=[], declined=[]),
            Reached(customer_id="1003", channels=["inbox", "telegram"], refused=["email"], declined=[]),
        ],
    )
    return console


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/console/clientes/\d+">([^<]+)</a>', html)


def beside(html: str, name: str) -> str:
    """The path of the page that a link leads to; nothing where there is no such link."""
    found = re.search(rf'href="/console([^"]+)"[^>]*>{name}</a>', html)
    return unescape(found[1]) if found else ""


async def test_customers_are_listed_by_name_with_how_they_are_reached(console: Console) -> None:
    page = await console.get("/clientes")

    assert (page.title, page.heading) == ("Clientes e conexões · MK 3.0", "Clientes e conexões")
    assert names(page.html) == ["Álvaro Reis", "Ana Beatriz Souza", "João Lima"]
    assert "Ana Beatriz Souza Residencial Casa App, Celular, E-mail Simular contato de Ana Beatriz Souza" in page.text
    assert "João Lima Rural nenhuma ativa só App" in page.text
    assert "Álvaro Reis sumido Casa App, Telegram E-mail desligado" in page.text
    assert "3 clientes" in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=joao", ["João Lima"]),
        ("q=lim joa", ["João Lima"]),
        ("q=52601815906", ["Ana Beatriz Souza"]),
        ("q=...", []),
        ("grupo=rural", ["João Lima"]),
        ("alcance=celular", ["Álvaro Reis", "Ana Beatriz Souza"]),
        ("alcance=app", ["João Lima"]),
        ("alcance=desligado", ["Álvaro Reis"]),
        ("q=joao&alcance=celular", []),
        ("cursor=nada", ["Álvaro Reis", "Ana Beatriz Souza", "João Lima"]),
    ],
)
async def test_the_list_is_narrowed_down(console: Console, query: str, found: list[str]) -> None:
    page = await console.get(f"/clientes?{query}")

    assert names(page.html) == found
    if not found:
        assert "Nenhum cliente com estes filtros. Limpar filtros" in page.text


async def test_many_customers_come_in_pages_without_a_gap(console: Console) -> None:
    await knows(console, *(customer(f"{number}", f"Cliente {number}") for number in range(2000, 2117)))
    seen, address = [], "/clientes?q=cliente"

    while address:
        page = await console.get(address)
        seen.append(names(page.html))
        address = beside(page.html, "Próxima página")

    assert [len(one) for one in seen] == [50, 50, 17]
    assert sorted(name for one in seen for name in one) == [f"Cliente {number}" for number in range(2000, 2117)]


@pytest.mark.parametrize("only", ["", "&alcance=celular"])
async def test_a_page_leads_back_to_the_one_before_it(console: Console, only: str) -> None:
    people = [customer(f"{number}", f"Cliente {number}") for number in range(2000, 2260)]
    await knows(console, *people)
    ways = [
        Reached(customer_id=one.customer_id, channels=["inbox", *["push"] * (number % 2)], refused=[], declined=[])
        for number, one in enumerate(people)
    ]
    console.services.answers(ListReached, ways)
    forth, address = [], f"/clientes?q=cliente{only}"
    while address:
        page = await console.get(address)
        forth.append(names(page.html))
        address = beside(page.html, "Próxima página")
    back = []
    while address := beside(page.html, "Página anterior"):
        page = await console.get(address)
        back.append(names(page.html))

    assert len(forth) == (3 if only else 6)
    assert [one for one in reversed(back) if one] == forth[:-1]
    assert names((await console.get(beside(page.html, "Próxima página"))).html) == forth[0 if only else 1]


async def test_a_page_whose_customers_are_gone_leads_to_the_beginning(console: Console) -> None:
    cursor = cursor_of(Position(("zzz", "9")))

    page = await console.get(f"/clientes?cursor={cursor}")

    assert "Nenhum cliente nesta página." in page.text
    assert len(names((await console.get(beside(page.html, "Primeira página"))).html)) == 3


async def test_while_the_notifier_is_away_the_list_is_there_without_the_ways(console: Console) -> None:
    console.services.forget(ListReached)

    page = await console.get("/clientes")

    assert (page.status, len(names(page.html))) == (200, 3)
    assert "Não deu para perguntar como cada cliente é avisado" in page.text
    assert (await console.get("/clientes?alcance=app")).status == 200


async def test_a_customers_page_shows_data_connections_ways_and_last_tickets(console: Console) -> None:
    await console.happens(opened().model_copy(update={"customer_id": "1001"}))

    page = await console.get("/clientes/1001")

    assert (page.title, page.heading) == ("Ana Beatriz Souza · MK 3.0", "Ana Beatriz Souza")
    for text in (
        "ana.souza@cliente.example",
        "+55 11 91234-0001",
        "Grupo de pessoas Residencial",
        "Casa Rua das Acácias, 120 SIM",
        "Celular chega Telegram cliente desligou",
        "Sem internet na casa da Ana Pendente",
    ):
        assert text in page.text
    assert 'href="/console/atendimentos/t1"' in page.html


async def test_what_a_customer_lacks_is_noted_before_it_hurts(console: Console) -> None:
    page = await console.get("/clientes/1002")

    assert "Sem e-mail: a confirmação de um contato não é enviada." in page.text


async def test_saving_a_customer_announces_them_with_their_connections(console: Console) -> None:
    page = await console.get("/clientes/1001/editar")
    rows = {
        "conexao-0-id": "2001",
        "conexao-0-rotulo": "Casa",
        "conexao-0-endereco": "Rua Nova, 1",
        "conexao-1-id": "",
        "conexao-1-rotulo": "Loja",
        "conexao-1-endereco": "",
        "conexao-1-ativa": "on",
        "conexao-2-id": "",
        "conexao-2-rotulo": "",
        "conexao-2-endereco": "",
    }

    saved = await console.post("/clientes/1001/editar", **FORM, **rows)

    assert 'value="Rua das Acácias, 120"' in page.html
    assert saved.location == "/console/clientes/1001"
    [event] = published(console, mk.CustomerSaved)
    assert (event.customer_id, event.name, event.phone) == ("1001", "Zeca Prado", None)
    home, shop = event.connections
    assert (home.connection_id, home.address, home.active) == ("2001", "Rua Nova, 1", False)
    assert (shop.label, shop.address, shop.active, shop.connection_id.isdigit()) == ("Loja", None, True, True)
    assert (await console.follow(saved)).heading == "Zeca Prado"


async def test_the_connection_of_somebody_else_is_nobodys(console: Console) -> None:
    await console.post("/clientes/novo", **FORM, **{"conexao-0-id": "2001", "conexao-0-rotulo": "Casa"})

    [event] = published(console, mk.CustomerSaved)
    assert event.customer_id.isdigit()
    assert event.connections[0].connection_id != "2001"


async def test_what_is_wrong_with_a_customer_is_linked_to_its_field(console: Console) -> None:
    wrong = {"nome": "", "email": "zeca@", "grupo": "nenhum", "conexao-0-id": "", "conexao-0-rotulo": ""}

    page = await console.post("/clientes/novo", **wrong, **{"conexao-0-endereco": "Rua Nova, 1"})

    assert page.status == 422
    for field in ("nome", "email", "grupo", "conexao-0-rotulo"):
        assert f'<a href="#{field}">' in page.html
    assert 'value="Rua Nova, 1"' in page.html
    assert published(console, mk.CustomerSaved) == []


async def test_r27_a_customer_is_erased_once_their_name_was_typed_and_leaves_the_register(console: Console) -> None:
    await console.happens(opened().model_copy(update={"customer_id": "1001"}))
    refused = await console.post("/clientes/1001/apagar", confirmar="Ana Souza")
    kept = published(console, mk.CustomerErased)

    erased = await console.post("/clientes/1001/apagar", confirmar=" ana beatriz souza ")

    assert (refused.status, '<a href="#confirmar">' in refused.html, kept) == (422, True, [])
    assert erased.location == "/console/clientes"
    [event] = published(console, mk.CustomerErased)
    assert event.customer_id == "1001"
    after = await console.follow(erased)
    assert "Dados do cliente apagados" in after.text
    assert "Ana Beatriz" not in after.text
    assert (await console.get("/clientes/1001")).status == 404
    assert (await console.get("/clientes/opcoes?q=ana")).answer.json() == []


async def test_operators_look_and_administrators_change(console: Console) -> None:
    await console.enter("ana")

    page = await console.get("/clientes/1001")

    assert "Apagar dados do cliente" not in page.text
    assert "Editar cliente" not in page.text
    for path in ("/clientes/1001/apagar", "/clientes/1001/editar", "/clientes/novo"):
        assert (await console.post(path, **FORM, confirmar="Ana Beatriz Souza")).status == 403
    assert (await console.get("/clientes/novo")).status == 403
    assert console.published.envelopes == []
