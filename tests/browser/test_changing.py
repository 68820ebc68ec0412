"""What is shown changes elsewhere: lists of several pages as things happen, and the queue by another tab (R3, R12)."""

import re
from collections.abc import Iterator
from typing import Any

from playwright.async_api import expect

from contracts.requests import ListTickets
from tests.browser.conftest import Open, Surfer
from tests.browser.test_upkeep import CONTROLLED, TEXT
from tests.browser.walking import reach, value_of
from tests.eventually import eventually


class Tickets:
    """A customer's tickets, newest first, given in pages of twenty."""

    def __init__(self, surfer: Surfer, numbers: Iterator[int]) -> None:
        self.lines = {number: self.line(number) for number in numbers}
        surfer.services.answers["list_tickets"] = self.page

    @staticmethod
    def line(number: int, **more: object) -> dict[str, Any]:
        """One ticket as a list shows it."""
        at = "2026-11-26T14:20:00Z"
        protocol = f"20261126{number:06}"
        known = {"protocol": protocol, "opened_at": at, "complaint": f"Queixa {number}", "defect_found": None}
        return known | {"status": "pending", "phase": "Triagem"} | more

    def page(self, asked: Any) -> dict[str, Any]:  # noqa: ANN401 - any request
        """One page of them."""
        assert isinstance(asked, ListTickets)
        before = int(asked.cursor or 10**6)
        numbers = [one for one in sorted(self.lines, reverse=True) if one < before]
        shown, rest = numbers[: asked.limit], numbers[asked.limit :]
        items = [self.lines[one] for one in shown]
        return {"items": items, "pending": len(self.lines), "next_cursor": str(shown[-1]) if rest else None}


def rows(surfer: Surfer) -> Any:  # noqa: ANN401 - a locator
    return surfer.page.get_by_role("list", name="Atendimentos pendentes").get_by_role("listitem")


async def test_r3_a_list_of_several_pages_shows_what_changes_on_any_of_them(surf: Open) -> None:
    surfer = await surf()
    tickets = Tickets(surfer, iter(range(100, 160)))
    await surfer.enter()
    await surfer.opens("/atendimentos", "Atendimentos")
    await expect(rows(surfer)).to_have_count(20)
    await surfer.button("Mostrar mais").click()
    await expect(rows(surfer)).to_have_count(40)
    await surfer.has_focus(surfer.link("Protocolo 20261126000139", exact=False))
    await surfer.is_looking_on()

    tickets.lines[160] = tickets.line(160)
    tickets.lines[125] = tickets.line(125, phase="Equipe a caminho", defect_found="Conector oxidado")
    del tickets.lines[150], tickets.lines[130]
    surfer.happens()

    await expect(rows(surfer).first).to_contain_text("Queixa 160")
    expected = [f"Queixa {one}" for one in range(160, 118, -1) if one not in {150, 130}]
    await expect(rows(surfer).locator(".say")).to_have_text(expected)
    await expect(rows(surfer).filter(has_text="Queixa 125")).to_contain_text("Equipe a caminho")
    await expect(rows(surfer).filter(has_text="Queixa 125")).to_contain_text("Conector oxidado")
    await surfer.has_focus(surfer.link("Protocolo 20261126000139", exact=False))
    await surfer.button("Mostrar mais").click()
    await expect(rows(surfer)).to_have_count(59)
    await expect(surfer.button("Mostrar mais")).to_have_count(0)
    assert surfer.wrong == []


async def test_r3_many_that_came_while_nobody_looked_leave_no_gap_in_a_list_of_several_pages(surf: Open) -> None:
    surfer = await surf()
    tickets = Tickets(surfer, iter(range(100, 160)))
    await surfer.enter()
    await surfer.opens("/atendimentos", "Atendimentos")
    await surfer.button("Mostrar mais").click()
    await expect(rows(surfer)).to_have_count(40)
    await surfer.is_looking_on()

    tickets.lines |= {number: tickets.line(number) for number in range(160, 185)}
    surfer.happens()

    await expect(rows(surfer).locator(".say")).to_have_text([f"Queixa {one}" for one in range(184, 144, -1)])
    assert surfer.wrong == []


async def test_r12_every_tab_shows_what_another_put_into_the_queue_and_took_out_of_it(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("offline")
    await surfer.enter()
    other = await surfer.another_tab()
    await other.opens("/contato?fila=nada", "Nada na fila")
    await surfer.page.bring_to_front()
    await surfer.writes(TEXT, connection="Rua A, 1", sector="Suporte técnico")
    await surfer.settled()
    await surfer.context.set_offline(True)

    await surfer.button("Enviar").click()
    await surfer.sees("Seu contato está na fila")
    await other.sees("Seu contato está na fila")
    await other.reads(TEXT)
    await surfer.button("Descartar contato").click()
    await surfer.button("Descartar").click()

    await surfer.sees("Nada na fila")
    await other.sees("Nada na fila")
    assert surfer.wrong == []


async def test_r12_a_tab_that_shows_what_another_sends_shows_what_came_of_it(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("offline")
    await surfer.enter()
    await surfer.writes(TEXT, connection="Rua A, 1", sector="Suporte técnico")
    # the worker has to have the shell before the network goes
    await eventually(lambda: value_of(surfer.page, CONTROLLED))
    await surfer.settled()
    await surfer.context.set_offline(True)
    await surfer.button("Enviar").click()
    await surfer.sees("Seu contato está na fila")
    other = await surfer.another_tab()
    await reach(other.page, surfer.page.url)
    await other.sees("Seu contato está na fila")

    await surfer.context.set_offline(False)

    for one in (surfer, other):
        await one.sees("Contato enviado")
        await expect(one.page).to_have_url(re.compile(r"\?enviado="))
    assert len(await surfer.asked("submit_contact")) == 1
    assert surfer.wrong == []
