"""Every screen and state: accessible in light and dark, wide enough for its words, quiet, and asking nobody else."""

import hashlib
import re
from typing import Any
from uuid import uuid4

from playwright.async_api import expect

from chassis.messaging.rpc import NoReply, RequestRefused
from contracts.problems import Problem
from tests.browser.conftest import Open, Surfer
from tests.browser.inspecting import AXE, AXE_SHA256, inspected
from tests.browser.quiet_day import PROTOCOL
from tests.browser.walking import load_anew, reach

AT = "2026-11-26T14:20:00Z"
LONG = "Sem sinal desde a chuva de ontem. " * 9
EVALUATION = {
    "evaluation_id": str(uuid4()),
    "protocol": PROTOCOL,
    "closed_at": "2026-11-06T20:40:00Z",
    "expires_at": "2026-11-20T20:40:00Z",
}
AVALIAR = f"/avaliar/{EVALUATION['evaluation_id']}"
STEPS: list[dict[str, Any]] = [
    {"type": "opened", "text": "Atendimento aberto por você"},
    {"type": "service_order_created", "text": "Visita técnica", "scheduled_for": "2026-11-28T11:00:00Z"},
    {"type": "phase_changed", "text": "Em análise"},
    {"type": "ticket_closed", "text": "Atendimento encerrado"},
    {"type": "evaluation_submitted", "text": "Você avaliou", "score": 2, "comment": LONG},
    {"type": "of_a_later_release", "text": "Algo que este app ainda não conhece"},
]


class Gallery:
    """Goes from screen to screen, and collects what is wrong by its name."""

    def __init__(self, surfer: Surfer) -> None:
        self.surfer = surfer
        self.found: dict[str, list[str]] = {}

    def says(self, **kinds: object) -> None:
        """Have services answer so."""
        for kind, answer in kinds.items():
            self.surfer.services.says(kind, answer)

    def refuses(self, kind: str, status: int) -> None:
        """Have a service refuse."""
        refusal = Problem(status=status, type="urn:atendo:problem:no", title="No", detail="Porque sim.")
        self.surfer.services.answers[kind] = lambda _: RequestRefused(refusal)

    async def shows(self, name: str, path: str = "", heading: str = "") -> None:
        """Look at a screen, opened at its address or as it is."""
        if path:
            await reach(self.surfer.page, self.surfer.home + path)
        if heading:
            await self.surfer.sees(heading)
        wrong = await inspected(self.surfer)
        if wrong:
            self.found[name] = wrong


async def gallery(surf: Open, *statuses: str) -> Gallery:
    surfer = await surf()
    surfer.expected |= set(statuses)
    await surfer.page.add_init_script(AXE)
    return Gallery(surfer)


def test_axe_is_what_its_authors_published() -> None:
    assert hashlib.sha256(AXE.encode()).hexdigest() == AXE_SHA256


async def test_the_screens_of_the_menu_and_of_tickets(surf: Open) -> None:
    shown = await gallery(surf, "403", "404", "503", "offline")
    surfer = shown.surfer
    await shown.shows("login", "/", "Sua internet, bem atendida.")
    await surfer.button("Entrar").click()
    await shown.shows("login, wrong")
    await surfer.enter()
    await surfer.page.get_by_role("region", name="Último aviso").get_by_role("link").wait_for()
    await shown.shows("home")
    shown.says(get_menu={"options": []}, list_evaluations=[], list_notifications=inbox())
    await shown.shows("home, all off", "/", "Como podemos ajudar?")
    shown.says(get_menu={"options": ["tickets", "contacts"]})

    line: dict[str, Any] = {
        "protocol": PROTOCOL,
        "opened_at": AT,
        "complaint": LONG,
        "defect_found": None,
        "phase": None,
    }
    pending: dict[str, Any] = line | {"status": "pending"}
    shown.says(list_tickets={"items": [pending], "pending": 31, "next_cursor": "more"})
    await shown.shows("tickets", "/atendimentos", "Atendimentos")
    closed = line | {"status": "closed", "defect_found": "Conector oxidado", "protocol": "20261126000417"}
    shown.says(list_tickets={"items": [closed], "pending": 0, "next_cursor": None})
    await shown.shows("closed tickets", "/atendimentos?situacao=encerrados", "Atendimentos")
    shown.says(list_tickets={"items": [], "pending": 0, "next_cursor": None})
    await shown.shows("no tickets", "/atendimentos", "Atendimentos")
    shown.refuses("list_tickets", 503)
    await shown.shows("tickets that fail", "/atendimentos", "Atendimentos")
    shown.refuses("list_tickets", 403)
    await shown.shows("forbidden", "/atendimentos", "Esta opção não está disponível")

    timeline: list[dict[str, Any]] = [step | {"at": f"2026-11-26T14:2{n}:00Z"} for n, step in enumerate(STEPS)]
    ticket = pending | {"timeline": timeline, "version": 3, "phase": "Visita técnica"}
    shown.says(get_ticket=ticket | {"evaluation_id": EVALUATION["evaluation_id"]})
    await shown.shows("a ticket", f"/atendimentos/{PROTOCOL}", "Atendimento")
    shown.refuses("get_ticket", 404)
    await shown.shows("no such ticket", f"/atendimentos/{PROTOCOL}", "Atendimento não encontrado")
    await shown.shows("lost", "/atendimentos/a/b", "Página não encontrada")
    assert shown.found == {}
    assert surfer.wrong == []


def inbox(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "unread": sum(not one["read"] for one in items), "next_cursor": None}


async def test_the_screens_of_a_contact(surf: Open) -> None:
    shown = await gallery(surf, "422", "503")
    surfer = shown.surfer
    await surfer.enter()
    await shown.shows("first step", "/contato", "Sobre qual conexão é o contato?")
    await surfer.radio("Rua A, 1").check()
    await surfer.button("Continuar").click()
    await surfer.button("Continuar").click()
    await shown.shows("second step, wrong")
    await surfer.radio("Suporte técnico").check()
    await surfer.button("Continuar").click()
    await surfer.box("Motivo do contato").fill(LONG)
    await surfer.button("Enviar").wait_for()
    await shown.shows("third step")
    shown.refuses("submit_contact", 422)
    await surfer.button("Enviar").click()
    await surfer.link("Porque sim.").wait_for()
    await shown.shows("third step, refused")
    shown.refuses("submit_contact", 503)
    await surfer.button("Enviar").click()
    await surfer.sees("Seu contato está na fila")
    await shown.shows("queue")
    await surfer.button("Descartar contato").click()
    await shown.shows("queue, asking")
    await surfer.button("Descartar").click()
    await surfer.sees("Nada na fila")
    await shown.shows("empty queue")

    sent = {"contact_id": str(uuid4()), "protocol": PROTOCOL}
    shown.says(submit_contact=sent | {"state": "ticket_opened"}, get_contact=sent | {"state": "ticket_opened"})
    await surfer.writes(LONG, connection="Rua A, 1", sector="Suporte técnico")
    await surfer.button("Enviar").click()
    await shown.shows("sent", heading="Contato enviado")
    waiting = {"contact_id": str(uuid4()), "state": "queued"}
    shown.says(get_contact=waiting)
    await shown.shows("accepted", f"/contato?enviado={waiting['contact_id']}", "Contato enviado")
    shown.says(get_contact_form={"connections": [], "connection_required": False, "sectors": [], "max_length": 4000})
    await shown.shows("no sector", "/contato", "Com qual setor você quer falar?")
    assert shown.found == {}
    assert surfer.wrong == []


async def test_the_screens_of_an_evaluation(surf: Open) -> None:
    shown = await gallery(surf, "404")
    surfer = shown.surfer
    await surfer.enter()
    shown.says(get_evaluation=EVALUATION | {"state": "open"})
    await shown.shows("open", AVALIAR, "Avaliar atendimento")
    await surfer.radio("3 Regular").check()
    await surfer.button("Enviar Feedback").click()
    await shown.shows("wrong")
    await surfer.box("Comentário").fill(LONG)
    await surfer.button("Enviar Feedback").click()
    await shown.shows("sent", heading="Obrigado pela sua avaliação")
    surfer.services.answers["submit_evaluation"] = lambda _: NoReply("feedback.commands")
    await surfer.opens(AVALIAR, "Avaliar atendimento")
    await surfer.radio("5 Ótimo").check()
    await surfer.button("Enviar Feedback").click()
    await shown.shows("kept", heading="Avaliação recebida")
    shown.says(get_evaluation=EVALUATION | {"state": "answered", "score": 2, "comment": LONG})
    await shown.shows("answered", AVALIAR, "Você já avaliou este atendimento")
    shown.says(get_evaluation=EVALUATION | {"state": "expired"})
    await shown.shows("expired", AVALIAR, "Esta avaliação expirou")
    shown.says(get_evaluation=EVALUATION | {"state": "withdrawn", "newest": str(uuid4())})
    await shown.shows("withdrawn", AVALIAR, "Este pedido de avaliação foi retirado")
    shown.refuses("get_evaluation", 404)
    await shown.shows("unknown", AVALIAR, "Avaliação não encontrada")
    assert shown.found == {}
    assert surfer.wrong == []


async def test_the_screens_of_notices_and_settings(surf: Open) -> None:
    shown = await gallery(surf)
    surfer = shown.surfer
    shown.says(get_channels={"telegram": True, "push_public_key": "B" * 87})
    await surfer.page.add_init_script("Object.defineProperty(Notification, 'permission', {get: () => 'default'})")
    await surfer.enter()
    await load_anew(surfer.page)
    await surfer.settled()
    notice = {"title": "Visita marcada", "body": f"Anote: {PROTOCOL}. {LONG}", "protocol": PROTOCOL, "at": AT}
    kinds = ("ticket_opened", "evaluation_requested", "of_a_later_release")
    items = [notice | {"id": str(uuid4()), "type": kind, "read": n > 1} for n, kind in enumerate(kinds)]
    shown.says(list_notifications=inbox(*items))
    await shown.shows("notices", "/avisos", "Avisos")
    shown.says(list_notifications=inbox())
    await shown.shows("no notices", "/avisos", "Avisos")

    hours = {"from": "22:00", "to": "07:00"}
    shown.says(get_preferences={"channels": {"push": True, "telegram": True}, "quiet_hours": hours})
    await shown.shows("settings", "/ajustes", "Ajustes")
    await surfer.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    surfer.expected.add("offline")
    await surfer.context.set_offline(True)
    await expect(surfer.page.get_by_role("switch", name="Não incomodar")).to_be_disabled()
    await shown.shows("settings without a connection")
    assert shown.found == {}
    assert surfer.wrong == []


async def test_r23_the_page_behind_the_link_works_without_script_in_all_its_states(surf: Open) -> None:
    shown = await gallery(surf, "404", "410", "422")
    surfer, link = shown.surfer, "/avaliacao/a-signed-token"
    shown.says(open_evaluation_link=EVALUATION | {"state": "open"})
    await shown.shows("open", link, "Avaliar atendimento")
    await surfer.radio("3 Regular").check()
    await surfer.button("Enviar Feedback").click()
    await surfer.has_focus(surfer.page.get_by_role("alert").filter(has_text="Falta uma coisa"))
    await shown.shows("wrong")
    shown.says(open_evaluation_link=EVALUATION | {"state": "answered", "score": 4})
    await shown.shows("answered", link, "Você já avaliou este atendimento")
    shown.says(open_evaluation_link=EVALUATION | {"state": "expired"})
    await shown.shows("expired", link, "Esta avaliação expirou")
    shown.says(open_evaluation_link=EVALUATION | {"state": "withdrawn", "newest": f"{surfer.home}{link}"})
    await shown.shows("withdrawn", link, "Este pedido de avaliação foi retirado")
    shown.refuses("open_evaluation_link", 404)
    await shown.shows("unknown", link, "Avaliação não encontrada")
    assert shown.found == {}

    # without script, by keyboard alone
    plain = await surf(java_script_enabled=False)
    plain.expected.add("422")
    shown.says(open_evaluation_link=EVALUATION | {"state": "open"})
    shown.says(submit_evaluation_by_link={"evaluation_id": EVALUATION["evaluation_id"], "score": 4})
    await reach(plain.page, plain.home + link)
    await plain.sees("Avaliar atendimento")
    await plain.reads("Obrigatório para notas de 1 a 4: é assim que sabemos o que melhorar.")
    keys = plain.page.keyboard
    for key in ("Tab", "Tab", "Tab", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        await keys.press(key)
    await expect(plain.radio("5 Ótimo")).to_be_checked()
    await plain.reads("Opcional para nota 5.")
    await keys.press("ArrowLeft")
    for key in ("Tab", "Tab", "Enter"):
        await keys.press(key)
    await plain.link("Conte em poucas palavras o motivo da nota").focus()
    await keys.press("Enter")
    await keys.press("Tab") if not await plain.box("Comentário").evaluate(
        "one => one === document.activeElement"
    ) else None
    await keys.type("Demorou")
    await plain.button("Enviar Feedback").focus()
    assert not await plain.asked("submit_evaluation_by_link")
    await keys.press("Enter")
    await plain.sees("Obrigado pela sua avaliação")
    await plain.page.get_by_role("region", name="Sua avaliação").get_by_role("img", name="Nota 4 de 5").wait_for()
    await expect(plain.page).to_have_title(re.compile("^Avaliação enviada · SAC Plus$"))
    (sent,) = await plain.asked("submit_evaluation_by_link")
    assert (sent.score, sent.comment) == (4, "Demorou")
    assert surfer.wrong == plain.wrong == []
