"""Operators open tickets for customers, at the level that they choose (R6, R14)."""

import re
from typing import Any

import pytest

from chassis.messaging.publisher import BrokerDown
from contracts import mk
from tests.services.mk.console.browser import Console
from tests.system import emitted

PATH = "/atendimentos/novo"
WANTED = {"cliente": "one", "setor": "tecnico", "reclamacao": "Sem sinal\r\ndesde ontem", "nivel": "all"}


def line(number: int, *, active: bool = True) -> dict[str, Any]:
    return {"connection_id": f"c{number}", "label": f"Fibra {number}", "address": f"Rua {number}", "active": active}


@pytest.fixture
async def desk(console: Console) -> Console:
    """Give the console with Ana logged in, and customers with none, one and two active connections."""
    lines: dict[str, list[dict[str, Any]]] = {
        "none": [line(9, active=False)],
        "one": [line(1), line(8, active=False)],
        "two": [line(2), line(3)],
    }
    for name, connections in lines.items():
        customer = emitted(mk.CustomerSaved, customer_id=name, name=f"Cliente {name}", connections=connections)
        await console.stores.register.record(customer)
    for name, active in (("tecnico", True), ("velho", False)):
        sector = emitted(mk.SectorSaved, sector_id=name, name=name.title(), generate_ticket=True, active=active)
        await console.stores.register.record(sector)
    await console.enter()
    return console


async def test_r14_a_ticket_is_opened_at_the_chosen_level_and_shown(desk: Console) -> None:
    page = await desk.follow(await desk.post(PATH, **WANTED))

    [event] = desk.published.published
    assert isinstance(event, mk.TicketOpened)
    assert (event.customer_id, event.connection_id, event.sector_id) == ("one", "c1", "tecnico")
    assert (event.notification_level, event.opened_by, event.complaint) == ("all", "Ana", "Sem sinal\r\ndesde ontem")
    assert page.heading == "Protocolo 20261127000001"
    assert "Atendimento aberto" in page.text
    assert "20261127 000001" in (await desk.get("/painel/pendentes")).text


async def test_the_form_sent_twice_opens_one_ticket(desk: Console) -> None:
    form = await desk.get(PATH)
    found = re.search(r'name="envio" value="([^"]+)"', form.html)
    sent = {**WANTED, "envio": found[1] if found else ""}

    first, second = [await desk.post(PATH, **sent) for _ in range(2)]

    assert first.location == second.location
    assert len(desk.published.published) == 1


async def test_what_is_missing_is_said_at_once_and_nothing_typed_is_lost(desk: Console) -> None:
    page = await desk.post(PATH, cliente="", setor="velho", reclamacao="\u200b", nivel="")
    with_text = await desk.post(PATH, cliente="two", setor="tecnico", reclamacao="Lenta", nivel="none")

    assert (page.status, page.title) == (422, "Erro: Abrir atendimento · MK 3.0")
    for text in (
        "Escolha o cliente",
        "Escolha o setor",
        "Escreva a reclamação",
        "Escolha o que o cliente fica sabendo",
    ):
        assert text in page.text
    assert "Escolha a conexão" in with_text.text
    assert ">Lenta</textarea>" in with_text.html
    assert desk.published.published == []


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        ("none", "Sem conexão ativa"),
        ("one", "Fibra 1, Rua 1"),
        ("two", "Escolha… Fibra 2, Rua 2 Fibra 3, Rua 3"),
        ("", "Escolha o cliente primeiro"),
    ],
)
async def test_r6_the_connections_are_the_active_ones_of_the_chosen_customer(
    desk: Console, customer: str, expected: str
) -> None:
    part = await desk.get(f"/vivo/conexoes?cliente={customer}")

    assert part.text == f"Conexão {expected}"


async def test_a_connection_of_somebody_else_counts_as_none(desk: Console) -> None:
    page = await desk.post(PATH, **{**WANTED, "cliente": "two", "conexao": "c1"})

    assert (page.status, "Escolha a conexão" in page.text) == (422, True)


async def test_without_script_searching_keeps_what_was_typed(desk: Console) -> None:
    page = await desk.post(PATH, busca="cliente", buscar="1", reclamacao="Lenta", setor="tecnico")

    assert (page.status, page.text.count("Cliente one")) == (200, 1)
    assert "reclamacao=Lenta" in page.html
    assert ">Lenta</textarea>" in page.html


async def test_while_the_broker_is_away_nothing_is_opened_or_lost(desk: Console) -> None:
    desk.published.fail(BrokerDown())

    page = await desk.post(PATH, **WANTED)

    assert page.status == 503
    assert "Nada se perdeu: tente de novo em instantes." in page.text
    assert "Sem sinal" in page.html
