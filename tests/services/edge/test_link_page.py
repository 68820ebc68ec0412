"""The page behind a signed link: the app's look and words, no script, and nothing recorded before it is sent (R23)."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from chassis.messaging.rpc import NoReply, RequestRefused
from contracts.problems import Problem
from contracts.rpc import Request
from tests.services.edge.fakes import FakeServices, client_of
from tests.services.edge.surroundings import Issuer

LINK = "/avaliacao/a-signed-token"
NEWEST = "http://edge/avaliacao/the-newer-token"
SENT = {"score": "2", "comment": "Demorou <b>três</b> dias"}
REQUIRED = "Obrigatório para notas de 1 a 4: é assim que sabemos o que melhorar."


@pytest.fixture
def services() -> FakeServices:
    """Give services where one evaluation waits to be answered."""
    services = FakeServices()
    stands(services, "open")
    return services


@pytest_asyncio.fixture
async def visitor(services: FakeServices, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a browser that is logged in nowhere."""
    async with client_of(services, issuer) as client:
        del client.headers["Authorization"]
        yield client


def stands(services: FakeServices, state: str, **more: object) -> None:
    evaluation = {
        "evaluation_id": str(uuid4()),
        "protocol": "20261118000207",
        "closed_at": "2026-11-06T20:40:00Z",
        "expires_at": "2026-11-20T20:40:00Z",
        "state": state,
    }
    services.says("open_evaluation_link", evaluation | more)


def refuses(services: FakeServices, status: int, name: str, **more: Any) -> None:  # noqa: ANN401 - a problem's members
    urn = f"urn:atendo:problem:{name}"
    problem = Problem(status=status, type=urn, title=name, detail="Porque sim.", **more)
    services.answers["submit_evaluation_by_link"] = lambda _: RequestRefused(problem)


def kinds(services: FakeServices) -> set[str]:
    return {one.kind for one in services.asked}


def heading(page: str) -> str:
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    return str(found)


def title(page: str) -> str:
    (found,) = re.findall(r"<title>(.*?) · SAC Plus</title>", page)
    return str(found)


async def test_r23_opening_the_page_in_any_way_records_nothing(
    visitor: httpx2.AsyncClient, services: FakeServices
) -> None:
    page, head = await visitor.get(LINK), await visitor.head(LINK)
    asked_with_an_answer = await visitor.get(LINK, params=SENT)

    assert page.status_code == head.status_code == asked_with_an_answer.status_code == 200
    assert not head.content
    assert kinds(services) == {"open_evaluation_link"}


async def test_the_page_wears_the_look_of_the_app_and_runs_nothing(visitor: httpx2.AsyncClient) -> None:
    page = await visitor.get(LINK)
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page.text)
    look = await visitor.get(sheet)

    assert look.status_code == 200
    assert look.headers["content-type"].startswith("text/css")
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "form-action 'self'" in policy


async def test_r22_the_rule_is_read_before_any_error_and_nothing_is_chosen(visitor: httpx2.AsyncClient) -> None:
    page = (await visitor.get(LINK)).text

    assert (title(page), heading(page)) == ("Avaliar atendimento", "Avaliar atendimento")
    assert REQUIRED in page
    assert 'aria-describedby="mh mr"' in page
    assert " checked" not in page
    assert 'role="alert"' not in page
    assert '<span class="proto"><span>20261118</span><wbr><span>000207</span></span>' in page
    assert "encerrado em 6 nov 2026 às 17:40" in page


@pytest.mark.parametrize(
    ("form", "summary", "texts"),
    [
        ({}, "Falta uma coisa", ["Escolha uma nota de 1 a 5"]),
        ({"score": "4", "comment": " \u200b"}, "Falta uma coisa", ["Conte em poucas palavras o motivo da nota"]),
        (
            {"score": "5", "comment": "x" * 3234},
            "Falta uma coisa",
            ["O texto passou de 2.000 caracteres: tire 1.234"],
        ),
        (
            {"comment": "x" * 2001},
            "Faltam 2 coisas",
            ["Escolha uma nota de 1 a 5", "O texto passou de 2.000 caracteres: tire 1"],
        ),
    ],
)
async def test_r22_what_is_missing_is_said_above_and_beside_and_what_was_written_stays(
    visitor: httpx2.AsyncClient, services: FakeServices, form: dict[str, str], summary: str, texts: list[str]
) -> None:
    answer = await visitor.post(LINK, data=form)
    page = answer.text

    assert answer.status_code == 422
    assert title(page) == "Erro: Avaliar atendimento"
    assert re.search(rf'role="alert" tabindex="-1"[^>]* autofocus>\s*<h2 id="eh">{summary}<', page)
    for text in texts:
        assert re.search(rf'<li><a href="#(s1|m)">{text}</a></li>', page)
        assert len(re.findall(text, page)) == 2
    assert form.get("comment", "").strip() in page
    assert (f'value="{form.get("score")}" checked' in page) == ("score" in form)
    assert kinds(services) == {"open_evaluation_link"}


async def test_r23_only_enviar_feedback_records_and_the_answer_is_shown(
    visitor: httpx2.AsyncClient, services: FakeServices
) -> None:
    services.says("submit_evaluation_by_link", {"evaluation_id": str(uuid4()), "score": 2})

    answer = await visitor.post(LINK, data=SENT)

    assert answer.status_code == 200
    assert (title(answer.text), heading(answer.text)) == ("Avaliação enviada", "Obrigado pela sua avaliação")
    assert 'aria-label="Nota 2 de 5"' in answer.text
    assert "“Demorou &lt;b&gt;três&lt;/b&gt; dias”" in answer.text
    assert "Voltar para Início" in answer.text


STATES = [
    ("answered", 200, "Você já avaliou", "Você já avaliou este atendimento", "A primeira resposta é a que vale."),
    (
        "expired",
        410,
        "Avaliação expirada",
        "Esta avaliação expirou",
        "O prazo era de 14 dias e terminou em 20 de novembro. Nada foi registrado.",
    ),
    (
        "withdrawn",
        410,
        "Avaliação retirada",
        "Este pedido de avaliação foi retirado",
        "O atendimento foi reaberto. Quando terminar, perguntamos de novo.",
    ),
]


@pytest.mark.parametrize(("state", "status", "name", "head", "text"), STATES)
async def test_r24_what_is_over_is_explained_and_leads_on(  # noqa: PLR0913 - one row of the table of states
    visitor: httpx2.AsyncClient, services: FakeServices, *, state: str, status: int, name: str, head: str, text: str
) -> None:
    stands(services, state, **({"score": 4} if state == "answered" else {"newest": NEWEST}))

    answer = await visitor.get(LINK)

    assert (answer.status_code, title(answer.text), heading(answer.text)) == (status, name, head)
    assert text in answer.text
    assert "<form" not in answer.text
    assert '<a class="btn quiet full" href="/">' in answer.text or state == "answered"
    assert ('href="/contato">Entrar em contato' in answer.text) == (state == "expired")
    assert (f'href="{NEWEST}">Avaliar o atendimento atual' in answer.text) == (state == "withdrawn")


@pytest.mark.parametrize(
    ("state", "status", "name", "head"),
    [
        ("answered", 409, "evaluation-answered", "Você já avaliou este atendimento"),
        ("expired", 410, "evaluation-expired", "Esta avaliação expirou"),
        ("withdrawn", 410, "evaluation-withdrawn", "Este pedido de avaliação foi retirado"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
async def test_r21_what_ended_while_one_wrote_is_explained(  # noqa: PLR0913 - one row of the table of states
    visitor: httpx2.AsyncClient, services: FakeServices, *, state: str, status: int, name: str, head: str, known: bool
) -> None:
    newest = {"newest": NEWEST} if state == "withdrawn" else {}
    refuses(services, status, name, **newest)
    if known:
        stands(services, state, score=4, **newest)
    else:
        services.answers["open_evaluation_link"] = lambda _: NoReply("feedback.queries")

    answer = await visitor.post(LINK, data=SENT)

    assert (answer.status_code, heading(answer.text)) == (status, head)
    assert ("Avaliar o atendimento atual" in answer.text) == (state == "withdrawn")
    assert "O prazo" in answer.text or state != "expired"


async def test_an_unknown_link_says_so_in_every_way(visitor: httpx2.AsyncClient, services: FakeServices) -> None:
    services.refuses("open_evaluation_link", 404)
    services.refuses("submit_evaluation_by_link", 404)

    for answer in (await visitor.get(LINK), await visitor.post(LINK, data=SENT)):
        assert (answer.status_code, title(answer.text)) == (404, "Não encontrado")
        assert heading(answer.text) == "Avaliação não encontrada"


async def test_r13_what_is_kept_says_that_it_need_not_be_sent_again(
    visitor: httpx2.AsyncClient, services: FakeServices
) -> None:
    services.answers["submit_evaluation_by_link"] = lambda _: NoReply("feedback.commands")

    answer = await visitor.post(LINK, data=SENT)

    assert (answer.status_code, heading(answer.text)) == (202, "Avaliação recebida")
    assert "Ela será registrada em instantes. Não precisa enviar de novo." in answer.text


def trouble(request: Request[Any]) -> RequestRefused:
    problem = Problem(status=503, type="about:blank", title=request.kind, detail="Fora do ar.")
    return RequestRefused(problem)


async def test_what_failed_gives_the_text_back(visitor: httpx2.AsyncClient, services: FakeServices) -> None:
    services.answers["submit_evaluation_by_link"] = services.answers["open_evaluation_link"] = trouble

    sent, opened = await visitor.post(LINK, data=SENT), await visitor.get(LINK)

    assert sent.status_code == opened.status_code == 503
    assert "Não deu para enviar sua avaliação" in sent.text
    assert "Nada foi perdido" in sent.text
    assert "Demorou &lt;b&gt;três&lt;/b&gt; dias</textarea>" in sent.text
    assert 'value="2" checked' in sent.text
    assert "Tentar de novo" in opened.text


async def test_too_many_answers_give_the_text_back_and_the_time(services: FakeServices, issuer: Issuer) -> None:
    async with client_of(services, issuer, address_rate_limit="1/minute") as visitor:
        await visitor.get(LINK)
        sent, opened = await visitor.post(LINK, data=SENT), await visitor.get(LINK)

    assert sent.status_code == opened.status_code == 429
    for answer in (sent, opened):
        assert f"Tente de novo em {answer.headers['retry-after']} segundo" in answer.text
    assert "três" in sent.text
    assert heading(opened.text) == "Muitas tentativas"
