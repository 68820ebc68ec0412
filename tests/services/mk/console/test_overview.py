"""Visão geral: five figures and three charts, readable without colour, of all sectors or of one."""

import re
from uuid import uuid4

import pytest

from contracts import tickets
from contracts.operating import CountMessages
from mk.asking import Unanswered
from mk.console.overview.summary import lasting
from tests.mk import life
from tests.services.mk.console.activity import a_fortnight, a_ticket
from tests.services.mk.console.browser import Console

PATH = "/visao-geral"
IMAGES = ("Abertos e finalizados por dia", "Notas dos últimos 30 dias", "Mensagens por canal e resultado, 7 dias")


@pytest.fixture
async def desk(console: Console) -> Console:
    """Give the console with a supervisor logged in, and what the figures are of."""
    await a_fortnight(console)
    await console.enter("bruno")
    return console


async def test_the_five_figures_are_there_each_with_what_it_is_of(desk: Console) -> None:
    page = await desk.get(PATH)

    assert (page.status, page.title, page.heading) == (200, "Visão geral · MK 3.0", "Visão geral")
    assert "Pendentes agora 1 1 sem responsável" in page.text
    assert "Abertos hoje 2 0 por contato do cliente" in page.text
    assert "Finalizados hoje 1 1 com avaliação" in page.text
    assert "Nota média 4,0 3 respostas em 30 dias" in page.text
    assert "Até encerrar 2 h mediana de 30 dias 9 em cada 10 até 2 h" in page.text


async def test_each_chart_is_an_image_with_its_figures_in_words_and_a_table_behind_it(desk: Console) -> None:
    page = await desk.get(PATH)

    assert tuple(re.findall(r'role="img"[^>]*><title[^>]*>(.*?)</title>', page.html)) == IMAGES
    described = re.findall(r"<desc[^>]*>(.*?)</desc>", page.html)
    assert described == [
        "De 14 nov a 27 nov: 3 abertos e 2 finalizados.",
        "Nota 5: 2; 4: 0; 3: 0; 2: 1; 1: 0. Média 4,0 de 3 respostas; poucas ou iguais demais para um intervalo.",
        "App 2.140, E-mail 5, Celular 96, Telegram 0; falharam 5.",
    ]
    assert set(IMAGES) <= set(re.findall(r"<caption[^>]*>(.*?)</caption>", page.html))
    assert "27 nov 2 1" in page.text
    assert "Comercial 1 1" in page.text
    assert "Técnico 2 1" in page.text
    assert 'href="/console/painel/finalizados?avaliacao=low"' in page.html


async def test_a_mean_of_many_comes_with_its_interval(desk: Console) -> None:
    for number in range(20):
        await a_ticket(desk, f"m{number}", days_ago=1, score=4 + number % 2)

    assert (
        "Média 4,4 de 23 respostas; com 95 % de confiança entre 4,1 e 4,7 (t de Student)."
        in (await desk.get(PATH)).text
    )


async def test_one_sector_has_figures_of_its_own_and_messages_stay_those_of_all(desk: Console) -> None:
    page = await desk.get(f"{PATH}?setor=comercial")

    assert '<option value="comercial" selected>Comercial</option>' in page.html
    assert "Abertos hoje 0" in page.text
    assert "Nota média 2,0 1 resposta em 30 dias" in page.text
    assert "De todos os setores: mensagens não são contadas por setor." in page.text
    assert "avaliacao=low&amp;setor=comercial" in page.html


async def test_without_an_answer_about_messages_the_rest_is_shown(desk: Console) -> None:
    desk.services.answers(CountMessages, Unanswered())

    page = await desk.get(PATH)

    assert page.status == 200
    assert "O serviço de avisos não respondeu agora" in page.text
    assert "Pendentes agora 1" in page.text


async def test_before_anything_happened_nothing_is_claimed(console: Console) -> None:
    await console.enter("bruno")

    page = await console.get(PATH)

    assert "Nota média — nenhuma resposta em 30 dias" in page.text
    assert "Até encerrar — nada finalizado em 30 dias" in page.text
    assert "Nenhum atendimento em 14 dias." in page.text


async def test_a_responsible_takes_a_ticket_out_of_those_without(desk: Console) -> None:
    named = {"ticket_id": "b", "event_id": uuid4()}
    assigned = life.event(tickets.ResponsibleAdded, hour=1, responsible_id="r1", name="Joana").model_copy(update=named)

    await desk.happens(assigned)

    assert "Pendentes agora 1 0 sem responsável" in (await desk.get(PATH)).text


async def test_an_operator_of_the_first_role_is_refused_with_a_page(console: Console) -> None:
    await console.enter("ana")

    page = await console.get(PATH)

    assert (page.status, page.heading) == (403, "Seu perfil não abre esta tela")


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (560, "9 h 20"), (4_560, "3 d 4 h"), (2_880, "2 d")],
)
def test_a_time_is_written_as_one_says_it(minutes: int, text: str) -> None:
    assert lasting(minutes) == text
