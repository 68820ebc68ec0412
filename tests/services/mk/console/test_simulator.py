"""Simulador: what a contact would become, and where each value comes from (R9, R10)."""

from typing import Any

import pytest

from contracts import mk
from contracts.problems import Problem
from contracts.replies import Defined, Resolved
from contracts.requests import ResolveTicket
from mk.asking import Refused
from tests.services.mk.console.browser import Console
from tests.services.mk.console.provider import LONG_BEFORE, customer, group, knows, sector
from tests.system import emitted

PATH = "/configuracao/simulador"
NOTHING_HAPPENED = "Nada foi criado nem enviado por esta simulação."


def resolved(**more: Any) -> Resolved:  # noqa: ANN401
    """Give a dry run in which the group gives the process, and the sector the classification."""
    fields: dict[str, Any] = {
        "person_group_id": "residencial",
        "sector_id": "tecnico",
        "process": "Suporte residencial",
        "process_from": "person_group:residencial",
        "classification": "Sem conexão",
        "classification_from": "sector:tecnico",
        "notification_level": "start_end",
        "generate_ticket": True,
        "why": ["O cliente pertence ao grupo de pessoas Residencial."],
        "group": Defined(name="Residencial", process="Suporte residencial", classification=None),
        "sector": Defined(name="Técnico", process="Suporte técnico", classification="Sem conexão"),
    }
    return Resolved.model_validate(fields | more)


@pytest.fixture
async def console(console: Console) -> Console:
    """Give the console to an operator of a provider with a sector, a group and two customers."""
    await console.enter("ana")
    await knows(
        console,
        sector(),
        group(),
        customer(),
        customer("1002", "Ana Lúcia Prado", email=None, connections=[]),
        emitted(mk.SacOptionsSaved, at=LONG_BEFORE, mobile_menu=["tickets", "contacts"]),
    )
    console.services.answers(ResolveTicket, resolved())
    return console


async def test_r10_a_dry_run_shows_each_value_its_source_and_the_mails(console: Console) -> None:
    page = await console.get(f"{PATH}?cliente=1001&setor=tecnico")

    assert (page.status, page.title, page.heading) == (200, "Simulador · MK 3.0", "Simulador")
    assert "Um contato de Ana Beatriz Souza (grupo Residencial) para Técnico abriria um atendimento" in page.text
    assert (
        "Processo Suporte residencial usado Suporte técnico não precisou Suporte residencial do grupo Residencial"
        in (page.text)
    )
    assert "Classificação — não definida Sem conexão usado Sem conexão do setor Técnico" in page.text
    assert "um para tecnico@provedor.example, um para quem escreveu (ana.souza@cliente.example)" in page.text
    assert NOTHING_HAPPENED in page.text
    [asked] = console.services.asked
    assert isinstance(asked, ResolveTicket)
    assert (asked.customer_id, asked.sector_id) == ("1001", "tecnico")
    assert console.published.envelopes == []


async def test_r9_a_value_that_nobody_defines_is_no_obstacle(console: Console) -> None:
    nothing = Defined(name="Técnico", process=None, classification=None)
    console.services.answers(
        ResolveTicket,
        resolved(process=None, process_from="none", person_group_id=None, group=None, sector=nothing),
    )

    page = await console.get(f"{PATH}?cliente=1002&setor=tecnico")

    assert "(sem grupo de pessoas)" in page.text
    assert "Processo — não há — não definido — ninguém define" in page.text
    assert "Sem processo: o atendimento abre mesmo assim e conta como não resolvido." in page.text
    assert "nenhum para quem escreveu, que não tem e-mail utilizável" in page.text


async def test_r8_a_sector_that_opens_no_ticket_is_explained(console: Console) -> None:
    console.services.answers(ResolveTicket, resolved(generate_ticket=False))

    page = await console.get(f"{PATH}?cliente=1001&setor=tecnico")

    assert "não abriria atendimento" in page.text


async def test_r1_contacts_that_are_off_are_noted(console: Console) -> None:
    await knows(console, emitted(mk.SacOptionsSaved, mobile_menu=["tickets"]))

    page = await console.get(f"{PATH}?cliente=1001&setor=tecnico")

    assert "Contatos está fora do aplicativo" in page.text


async def test_a_link_to_it_brings_the_customer_and_asks_for_nothing_yet(console: Console) -> None:
    page = await console.get(f"{PATH}?cliente=1001")

    assert (page.status, console.services.asked) == (200, [])
    assert 'value="Ana Beatriz Souza"' in page.html


async def test_without_script_what_is_typed_is_searched_for(console: Console) -> None:
    several = await console.get(f"{PATH}?busca=ana&cliente=&setor=tecnico&buscar=1")
    one = await console.get(f"{PATH}?busca=ana lucia&cliente=&setor=tecnico")
    none = await console.get(f"{PATH}?busca=zeca&cliente=&setor=tecnico&buscar=1")

    assert "/configuracao/simulador?setor=tecnico&amp;cliente=1002" in several.html
    assert several.status == 200
    assert "Um contato de Ana Lúcia Prado" in one.text
    assert '<a href="#cliente-texto">Nenhum cliente encontrado</a>' in none.html


async def test_another_name_typed_over_a_choice_counts(console: Console) -> None:
    page = await console.get(f"{PATH}?busca=Ana Lúcia Prado&cliente=1001&setor=tecnico")

    assert "Um contato de Ana Lúcia Prado" in page.text


@pytest.mark.parametrize(
    "typed", ["526.018.159-06", "52601815906", "5260", "ana.souza", "Ana.Souza@cliente.example", "acacias 120", "1001"]
)
async def test_a_customer_is_found_by_cpf_mail_address_or_id(console: Console, typed: str) -> None:
    found = (await console.get(f"/clientes/opcoes?q={typed}")).answer.json()

    assert found == [{"id": "1001", "name": "Ana Beatriz Souza", "detail": "Residencial · Casa"}]


async def test_what_is_missing_is_linked_to_its_field(console: Console) -> None:
    page = await console.get(f"{PATH}?busca=&cliente=&setor=")

    assert (page.status, page.title) == (422, "Erro: Simulador · MK 3.0")
    assert '<a href="#cliente-texto">Escolha o cliente</a>' in page.html
    assert '<a href="#setor">Escolha o setor</a>' in page.html


async def test_a_service_that_does_not_answer_or_does_not_know_the_sector_is_explained(console: Console) -> None:
    unknown = Problem(status=404, type="urn:atendo:problem:sector-unknown", title="Unknown", detail="x")
    console.services.answers(ResolveTicket, Refused(unknown))
    refused = await console.get(f"{PATH}?cliente=1001&setor=tecnico")
    console.services.forget(ResolveTicket)
    silent = await console.get(f"{PATH}?cliente=1001&setor=tecnico")

    assert "ainda não conhece este setor" in refused.text
    assert (silent.status, "não respondeu" in silent.text) == (200, True)
