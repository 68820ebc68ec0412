"""The Painel: what is pending and what was closed, filtered, searched, in pages, and what changes meanwhile (R26)."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts import contacts, mk, tickets
from tests.mk.life import closed, expired, requested, submitted
from tests.services.mk.console.browser import NOON, Console, Page
from tests.system import emitted


def ticket(number: int, **fields: object) -> tickets.TicketOpened:
    """Give the opening of one of many tickets, the higher its number the newer."""
    at = NOON - timedelta(days=1) + timedelta(minutes=number)
    usual: dict[str, Any] = {
        "ticket_id": f"t{number}",
        "protocol": f"20261126{number:06}",
        "origin": "operator",
        "customer_id": "1001",
        "sector_id": "tecnico",
        "process_from": "none",
        "classification_from": "none",
        "notification_level": "all",
        "complaint": "Sem internet",
        "opened_at": at,
    }
    return emitted(tickets.TicketOpened, at=at, **(usual | fields))


async def knows(console: Console) -> None:
    customer = emitted(mk.CustomerSaved, customer_id="1001", name="Marina Azevedo", connections=())
    sector = emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True)
    for event in (customer, sector):
        await console.stores.register.record(event)


def protocols(page: Page) -> list[str]:
    found = re.findall(r'class="proto"><span>(\d+)</span><span>(\d+)</span>', page.html)
    return ["".join(one) for one in found]


@pytest.fixture
async def desk(console: Console) -> Console:
    """Give the console with somebody logged in."""
    await knows(console)
    await console.enter()
    return console


async def test_pending_tickets_stand_newest_first_with_names(desk: Console) -> None:
    await desk.happens(ticket(1), ticket(2, customer_id="9", notification_level="none", complaint="Boleto <b>"))

    page = await desk.get("/painel/pendentes")

    assert (page.title, page.heading) == ("Pendentes, Painel · MK 3.0", "Atendimentos – Painel")
    assert protocols(page) == ["20261126000002", "20261126000001"]
    assert "Marina Azevedo Técnico Sem internet — — Todas MK" in page.text
    assert "9 Técnico Boleto <b> — — Nenhuma MK" in page.text
    assert "Pendentes 2 Finalizados 0" in page.text
    assert "1 a 2 de 2" in page.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=20261126+000002", [2]),
        ("q=202611260000", [4, 3, 2, 1]),
        ("q=BOLETO", [2]),
        ("q=marina", [4, 3, 1]),
        ("q=sem+noite", [3]),
        ("setor=financeiro", [2]),
        ("nivel=start_end", [3]),
        ("origem=web", [4]),
        ("origem=mk&nivel=all", [1]),
        ("nivel=nonsense&cursor=nonsense&de=x", [4, 3, 2, 1]),
    ],
)
async def test_filters_and_search_show_what_fits(desk: Console, query: str, expected: list[int]) -> None:
    await desk.happens(
        ticket(1),
        ticket(2, customer_id="9", sector_id="financeiro", complaint="Boleto dobrado", notification_level="none"),
        ticket(3, complaint="Sem sinal à noite", notification_level="start_end"),
        ticket(4, origin="contact", contact_id=UUID(int=4), complaint="Internet lenta"),
        contact(UUID(int=4), channel="sac_web"),
    )

    page = await desk.get(f"/painel/pendentes?{query}")

    assert protocols(page) == [f"20261126{number:06}" for number in expected]


def contact(contact_id: UUID, **fields: object) -> contacts.ContactReceived:
    usual: dict[str, Any] = {
        "contact_id": contact_id,
        "channel": "sac_plus",
        "customer": {"id": "1001", "name": "Marina Azevedo"},
        "sector": {"id": "tecnico", "name": "Técnico", "generate_ticket": True},
        "text": "Internet lenta",
    }
    return emitted(contacts.ContactReceived, **(usual | fields))


@pytest.mark.parametrize("contact_first", [True, False])
async def test_the_origin_is_where_the_contact_was_written_whichever_comes_first(
    desk: Console, *, contact_first: bool
) -> None:
    events = [ticket(1, origin="contact", contact_id=UUID(int=1)), contact(UUID(int=1), channel="sac_web")]
    await desk.happens(*(reversed(events) if contact_first else events))

    assert "Todas Web" in (await desk.get("/painel/pendentes")).text


async def test_nothing_found_says_so_and_leads_on(desk: Console) -> None:
    page = await desk.get("/painel/pendentes?q=nada")

    assert "Nenhum atendimento com estes filtros. Limpar filtros" in page.text
    assert "Nenhum atendimento pendente." in (await desk.get("/painel/pendentes")).text


async def test_pages_of_fifty_follow_each_other_and_lead_back(desk: Console) -> None:
    await desk.happens(*(ticket(number) for number in range(1, 121)))

    pages = [await desk.get("/painel/pendentes?setor=tecnico")]
    while older := re.search(r'id="proxima" href="/console([^"]+)"', pages[-1].html):
        pages.append(await desk.get(older[1].replace("&amp;", "&")))
    newer = re.search(r'id="anterior" href="/console([^"]+)"', pages[2].html)
    back = await desk.get(newer[1].replace("&amp;", "&") if newer else "")

    assert [len(protocols(page)) for page in pages] == [50, 50, 20]
    assert [re.search(r"\d+ a \d+ de \d+", page.text)[0] for page in (*pages, back)] == [  # type: ignore[index]
        "1 a 50 de 120",
        "51 a 100 de 120",
        "101 a 120 de 120",
        "51 a 100 de 120",
    ]
    assert protocols(back) == protocols(pages[1])


async def test_a_page_whose_tickets_left_the_list_leads_to_the_beginning(desk: Console) -> None:
    await desk.happens(*(ticket(number) for number in range(1, 52)))
    older = re.search(r'id="proxima" href="/console([^"]+)"', (await desk.get("/painel/pendentes")).html)
    await desk.happens(closed(hour=1, ticket_id="t1", protocol="20261126000001"))

    page = await desk.get(older[1].replace("&amp;", "&") if older else "")

    assert "Nenhum atendimento nesta página" in page.text
    assert "Nenhum atendimento pendente." not in page.text
    assert 'id="primeira" href="/console/painel/pendentes"' in page.html


async def test_new_tickets_are_counted_not_inserted(desk: Console) -> None:
    await desk.happens(ticket(1))
    page = await desk.get("/painel/pendentes")
    asks = live(page)
    quiet = await desk.get(asks)
    await desk.happens(ticket(2), ticket(3, sector_id="financeiro"), ticket(4))

    news = await desk.get(asks)

    assert (quiet.text, news.text) == ("", "3 novos, mostrar")


async def test_a_row_that_changed_is_marked_and_stays(desk: Console) -> None:
    opening = ticket(1)
    await desk.happens(opening, ticket(2))
    page = await desk.get("/painel/pendentes")
    step = {"ticket_id": "t1", "protocol": opening.protocol, "customer_id": "1001", "notification_level": "all"}
    phase = emitted(tickets.PhaseChanged, at=NOON, **step, version=2, process="Suporte", phase="Análise remota")
    await desk.happens(phase)

    news = await desk.get(live(page))

    assert "Análise remota" in news.text
    assert protocols(news) == [opening.protocol]
    assert "mudou" in news.text
    assert 'hx-swap="outerMorph"' in news.html


def live(page: Page) -> str:
    """Give what a page asks by itself."""
    found = re.search(r'id="novidades"[^>]* hx-get="/console([^"]+)"', page.html)
    versions = re.findall(r'name="v" value="([^"]+)"', page.html)
    return (found[1].replace("&amp;", "&") if found else "") + "".join(f"&v={one}" for one in versions)


async def test_asking_for_news_keeps_no_session_open(desk: Console) -> None:
    asks = live(await desk.get("/painel/pendentes"))
    for _ in range(31):
        desk.later(timedelta(minutes=1))
        last = await desk.get(asks)

    assert last.status == 204
    assert (await desk.get("/painel/pendentes")).status == 303


async def test_r26_closed_tickets_show_the_state_of_their_evaluation(desk: Console) -> None:
    desk.now = closed(hour=2).closed_at + timedelta(days=1)
    opening = ticket(1, ticket_id="t1", protocol="20260105000001", customer_id="ana")
    await desk.happens(opening, closed(hour=2, defect_found="Conector oxidado"))
    waiting = await desk.get("/painel/finalizados")
    await desk.happens(requested(hour=3), submitted(hour=4, score=2))

    page = await desk.get("/painel/finalizados?avaliacao=low")

    assert (page.title, waiting.text.count("Aguardando")) == ("Finalizados, Painel · MK 3.0", 2)
    assert "Hoje" in page.text or "Ontem" in page.text
    assert "Conector oxidado Bruno 2" in page.text
    assert 'aria-label="Nota 2 de 5"' in page.html
    assert protocols(await desk.get("/painel/finalizados?avaliacao=waiting")) == []


async def test_r26_an_expired_one_says_so_and_old_ones_need_a_longer_period(desk: Console) -> None:
    desk.now = closed(hour=2).closed_at + timedelta(days=60)
    opening = ticket(1, ticket_id="t1", protocol="20260105000001", customer_id="ana")
    await desk.happens(opening, closed(hour=2), requested(hour=3), expired(hour=400))

    recent, older = await desk.get("/painel/finalizados"), await desk.get("/painel/finalizados?periodo=365")

    assert protocols(recent) == []
    assert "Expirada" in older.text.split("Finalizado por")[1]


async def test_r27_of_an_erased_customer_no_text_is_shown_or_found(desk: Console) -> None:
    await desk.happens(ticket(1, complaint="Vazamento no sótão"))
    await desk.happens(emitted(mk.CustomerErased, customer_id="1001"))

    page, found = await desk.get("/painel/pendentes"), await desk.get("/painel/pendentes?q=vazamento")

    assert "sótão" not in page.html
    assert protocols(page) == ["20261126000001"]
    assert protocols(found) == []
