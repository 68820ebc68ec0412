"""Inalcançáveis: what didn't arrive and whom nothing reaches, and what a supervisor does about it (R11, R19)."""

from typing import Any
from uuid import uuid4

import pytest

from contracts import mk
from contracts.operating import AllowAgain, SendAgain
from contracts.problems import Problem
from mk.asking import Refused
from mk.console.overview.reasons import why
from mk.console.reasons import why_off
from tests.services.mk.console.activity import FAILED, MAYBE, OF_SECTOR, answer, is_off, much_that_failed, undelivered
from tests.services.mk.console.browser import Console
from tests.system import emitted

PATH = "/inalcancaveis"


@pytest.fixture
async def desk(console: Console) -> Console:
    """Give the console with a supervisor logged in, a ticket of Ana's, and two sectors of which one has no address."""
    await much_that_failed(console)
    await console.enter("bruno")
    return console


def asked(console: Console) -> list[object]:
    return [
        one.notification_id if isinstance(one, SendAgain) else (one.customer_id, one.sector_id)
        for one in console.services.asked
        if isinstance(one, SendAgain | AllowAgain)
    ]


async def test_what_did_not_arrive_is_listed_with_whom_it_was_for_and_why(desk: Console) -> None:
    page = await desk.get(PATH)

    assert (page.title, page.heading) == ("Inalcançáveis · MK 3.0", "Inalcançáveis")
    assert "Marina Azevedo E-mail 20260105 000001 desistimos após 6 tentativas em 4 h" in page.text
    assert "Marina Azevedo E-mail 20260105 000001 resultado desconhecido: pode ter sido entregue" in page.text
    assert "Setor Técnico E-mail — servidor recusou esta mensagem: 552 5.2.2" in page.text
    assert "Marina Azevedo E-mail caixa postal não existe (550 5.1.1) até 23 dez" in page.text
    assert page.text.count("Enviar de novo para Marina Azevedo") >= 2
    assert "Permitir de novo Marina Azevedo" in page.text


async def test_r11_a_sector_without_an_address_is_named_before_a_contact_is_lost(desk: Console) -> None:
    page = await desk.get(PATH)

    assert "O setor Retenção não recebe contatos por e-mail. Ele está sem e-mail responsável." in page.text
    assert 'href="/console/configuracao/setores/retencao">Informar e-mail</a>' in page.html
    assert "O setor Técnico" not in page.text


async def test_r11_a_sector_whose_address_was_refused_can_be_allowed_again(desk: Console) -> None:
    answer(desk, off=[is_off(sector_id="tecnico")])

    page = await desk.get(PATH)
    await desk.post(f"{PATH}/permitir", setor="tecnico")

    assert "O setor Técnico não recebe contatos por e-mail. O endereço dele foi recusado 23 nov" in page.text
    assert asked(desk) == [(None, "tecnico")]


async def test_the_side_counts_all_of_it(desk: Console) -> None:
    await desk.get(PATH)

    # one sector, three messages, one channel
    assert "Inalcançáveis 5 pendentes" in (await desk.get("/painel/pendentes")).text


async def test_r19_one_message_is_sent_again(desk: Console) -> None:
    page = await desk.follow(await desk.post(f"{PATH}/{FAILED}/enviar"))

    assert asked(desk) == [FAILED]
    assert "Enviado de novo para Marina Azevedo." in page.text


async def test_r19_what_may_have_arrived_is_asked_about_first(desk: Console) -> None:
    listed = await desk.get(PATH)
    question = await desk.get(f"{PATH}/{MAYBE}/enviar")

    assert f'commandfor="perguntar-{MAYBE}"' in listed.html
    assert "Esta mensagem pode ter sido entregue." in listed.text
    assert question.heading == "Enviar de novo para Marina Azevedo?"
    assert "pode receber duas vezes" in question.text
    assert asked(desk) == []
    await desk.post(f"{PATH}/{MAYBE}/enviar")
    assert asked(desk) == [MAYBE]


async def test_r19_sending_all_again_leaves_out_what_may_have_arrived(desk: Console) -> None:
    page = await desk.follow(await desk.post(f"{PATH}/enviar-todas"))

    assert asked(desk) == [FAILED, OF_SECTOR]
    assert "2 mensagens enviadas de novo. 1 pode ter sido entregue e ficou na lista." in page.text


async def test_r19_a_channel_is_allowed_again(desk: Console) -> None:
    page = await desk.follow(await desk.post(f"{PATH}/permitir", cliente="ana"))

    assert asked(desk) == [("ana", None)]
    assert "E-mails para Marina Azevedo permitidos de novo." in page.text


async def test_a_refusal_is_explained_in_the_services_words(desk: Console) -> None:
    problem = Problem(type="urn:atendo:problem:x", title="x", status=409, detail="O texto não está mais guardado.")
    desk.services.answers(SendAgain, Refused(problem))

    page = await desk.post(f"{PATH}/{FAILED}/enviar")

    assert (page.status, "O texto não está mais guardado." in page.text) == (409, True)


async def test_a_message_that_is_no_longer_listed_is_not_sent(desk: Console) -> None:
    page = await desk.post(f"{PATH}/{uuid4()}/enviar")

    assert (page.status, asked(desk)) == (404, [])


async def test_r27_nothing_of_an_erased_customer_is_listed(desk: Console) -> None:
    await desk.happens(emitted(mk.CustomerErased, customer_id="ana"))
    answer(desk, [undelivered()], [is_off(customer_id="ana")])

    page = await desk.get(PATH)

    assert "Mensagens que falharam" not in page.text
    assert "Clientes com canal desligado" not in page.text


async def test_when_all_can_be_reached_the_page_says_so(console: Console) -> None:
    answer(console)
    await console.enter("bruno")

    assert "Todos podem ser alcançados." in (await console.get(PATH)).text


async def test_when_nobody_answers_the_page_does_not_say_that_all_is_well(console: Console) -> None:
    await console.enter("bruno")

    page = await console.get(PATH)

    assert "O serviço de avisos não respondeu agora" in page.text
    assert "Todos podem ser alcançados." not in page.text


async def test_an_operator_looks_and_a_supervisor_acts(desk: Console) -> None:
    await desk.enter("ana")

    looked = await desk.get(PATH)
    acted = await desk.post(f"{PATH}/{FAILED}/enviar")

    assert looked.status == 200
    assert "Enviar de novo para" not in looked.text
    assert (acted.status, asked(desk)) == (403, [])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"attempts": 1, "first_at": None}, "desistimos após 1 tentativa"),
        ({"channel": "push", "reason": "HTTP 413"}, "serviço de avisos recusou: HTTP 413"),
        ({"reason": "address refused: SMTP 550 5.1.1 x"}, "canal desligado: caixa postal não existe (550 5.1.1)"),
        ({"reason": "over the hourly cap"}, "limite de mensagens por hora"),
        ({"channel": "carrier pigeon", "reason": "lost"}, "lost"),
    ],
)
def test_a_reason_is_said_in_words_and_an_unknown_one_as_it_is(fields: dict[str, Any], text: str) -> None:
    assert why(undelivered(**fields)) == text


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("SMTP 552 5.2.1 off", "caixa postal desativada (552 5.2.1)"),
        ("SMTP 550 no such user", "caixa postal não existe (550)"),
        ("SMTP 552 5.2.2 full", "endereço recusado (552 5.2.2)"),
        ("no address", "sem endereço"),
    ],
)
def test_why_a_channel_is_off_is_said_in_words(reason: str, text: str) -> None:
    assert why_off(reason) == text
