"""Setores de Atendimento: everything about a sector is seen, changed and announced; what is missing is noted before."""

from datetime import timedelta

import pytest

from chassis.messaging.publisher import BrokerDown
from contracts import mk
from contracts.message import NotificationLevel
from contracts.operating import ListUnreachable, Unreachable, UnreachableList
from tests.services.mk.console.browser import NOON, Console
from tests.services.mk.console.provider import knows, published, sector

PATH = "/configuracao/setores"
FORM = {"nome": "Técnico", "email": "suporte@provedor.example", "nivel": "all", "processo": "P1", "classificacao": "C1"}


@pytest.fixture
async def console(console: Console) -> Console:
    """Give the console to an administrator of a provider with one sector."""
    await console.enter("carla")
    await knows(console, sector())
    return console


async def test_a_sector_is_listed_with_all_that_is_set_of_it(console: Console) -> None:
    page = await console.get(PATH)

    assert (page.status, page.title, page.heading) == (200, "Setores de Atendimento · MK 3.0", "Setores de Atendimento")
    line = "Técnico tecnico@provedor.example SIM Suporte técnico Sem conexão Início e fim SIM"
    assert line in page.text
    assert "Sem e-mail" not in page.text


async def test_saving_a_sector_announces_all_of_its_fields(console: Console) -> None:
    saved = await console.post(f"{PATH}/tecnico", **FORM, gerar="on")

    assert saved.location == f"/console{PATH}"
    [event] = published(console, mk.SectorSaved)
    assert (event.sector_id, event.name, event.responsible_email) == ("tecnico", "Técnico", "suporte@provedor.example")
    assert (event.auto_process, event.auto_classification) == ("P1", "C1")
    assert event.default_notification_level is NotificationLevel.ALL
    assert (event.generate_ticket, event.active, event.occurred_at) == (True, False, NOON)
    page = await console.follow(saved)
    assert "Setor Técnico salvo" in page.text
    assert "suporte@provedor.example SIM P1 C1 Todas NÃO" in page.text


async def test_a_new_sector_gets_an_id_that_can_be_read_and_is_its_own(console: Console) -> None:
    form = FORM | {"gerar": "on", "ativo": "on"}
    for name in ("Retenção & Fidelidade", "Técnico", "Novo", "!?"):
        await console.post(f"{PATH}/novo", **form | {"nome": name})

    ids = [event.sector_id for event in published(console, mk.SectorSaved)]
    assert ids == ["retencao-fidelidade", "tecnico-2", "novo-2", "item"]


async def test_what_is_wrong_is_linked_to_its_field_and_nothing_is_announced(console: Console) -> None:
    page = await console.post(f"{PATH}/tecnico", nome=" ", email="suporte", nivel="às vezes", processo="x" * 121)

    assert (page.status, page.title) == (422, "Erro: Setores de Atendimento · MK 3.0")
    assert published(console, mk.SectorSaved) == []
    for field, text in (
        ("nome", "Escreva o nome do setor"),
        ("email", "Confira o e-mail: nenhuma mensagem chega a um endereço assim"),
        ("nivel", "Escolha as notificações de início"),
        ("processo", "O texto passou de 120 caracteres: tire 1"),
    ):
        assert f'<a href="#{field}">{text}</a>' in page.html
        assert f'id="{field}-e"' in page.html
    assert 'value="suporte"' in page.html


async def test_what_a_sector_lacks_is_noted_before_it_hurts(console: Console) -> None:
    lacking = sector("comercial", "Comercial", responsible_email=None, auto_process=None)
    unusable = sector("vendas", "Vendas", responsible_email="vendas@", generate_ticket=False, auto_process=None)
    resting = sector("antigo", "Antigo", responsible_email=None, active=False)
    await knows(console, lacking, unusable, resting)

    page = await console.get(PATH)

    assert "Comercial : sem e-mail responsável: os contatos não chegam à equipe por e-mail." in page.text
    assert "por e-mail. Sem processo: onde o grupo do cliente não define" in page.text
    assert "Vendas : o e-mail responsável não pode receber mensagens" in page.text
    assert page.text.count("em processo: onde") == 1
    assert "Antigo :" not in page.text


async def test_r19_an_address_that_the_mail_server_refused_is_noted(console: Console) -> None:
    off = Unreachable(
        sector_id="tecnico", channel="email", reason="SMTP 550", since=NOON, until=NOON + timedelta(days=30)
    )
    console.services.answers(ListUnreachable, UnreachableList(items=[off], total=1))

    page = await console.get(PATH)

    assert "Técnico : e-mail desligado até 27 dez, porque o servidor o recusou" in page.text


async def test_while_the_broker_is_away_nothing_is_saved_and_that_is_explained(console: Console) -> None:
    console.published.fail(BrokerDown())

    page = await console.post(f"{PATH}/tecnico", **FORM)

    assert (page.status, page.heading) == (503, "O MK não conseguiu publicar agora")
    assert "tecnico@provedor.example" in (await console.get(PATH)).text


async def test_settings_are_the_administrators(console: Console) -> None:
    await console.enter("bruno")

    assert (await console.get(PATH)).status == 403
    assert (await console.post(f"{PATH}/tecnico", **FORM)).status == 403
    assert published(console, mk.SectorSaved) == []


async def test_a_sector_that_is_nowhere_is_explained(console: Console) -> None:
    page = await console.get(f"{PATH}/nenhum")

    assert (page.status, page.heading) == (404, "Setor não encontrado")
