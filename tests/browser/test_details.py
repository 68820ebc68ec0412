"""What is easily lost: two tabs, two people on one device, the way back, waiting, what is kept, and what comes late."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Route, expect

from contracts.requests import GetMenu
from contracts.rpc import Request
from tests.browser.conftest import Open, Surfer
from tests.browser.quiet_day import PROTOCOL
from tests.browser.walking import DESKTOP, load_anew, reach, value_of, with_an_ended_session
from tests.eventually import eventually

TEXT = "Sem conexão desde cedo"
DENIED = "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})"


def usual_line(surfer: Surfer) -> dict[str, Any]:
    answer: Any = surfer.services.answers["list_tickets"](GetMenu(request_id=uuid4()))
    line: dict[str, Any] = answer["items"][0]
    return line


async def queues(surfer: Surfer, text: str = TEXT) -> None:
    """Write a contact that stays on this device."""
    surfer.expected.add("offline")
    await surfer.writes(text, connection="Rua A, 1", sector="Suporte técnico")
    await surfer.settled()
    await surfer.context.set_offline(True)
    await surfer.button("Enviar").click()
    await surfer.sees("Seu contato está na fila")


async def test_r12_two_tabs_of_one_browser_send_what_waits_once(surf: Open) -> None:
    surfer = await surf()
    await surfer.enter()
    await queues(surfer)
    await surfer.context.set_offline(False)
    await surfer.sees("Contato enviado")
    surfer.services.asked.clear()

    other = Surfer(await surfer.context.new_page(), surfer.home, surfer.others, services=surfer.services)
    other.expected.add("offline")
    await other.opens("/", "Como podemos ajudar?")
    await other.settled()
    await surfer.page.bring_to_front()
    await queues(surfer, "Outra vez")
    await surfer.context.set_offline(False)
    # by this tab or by the other: once
    either = re.compile("^(Contato enviado|Nada na fila)$")
    await expect(surfer.page.get_by_role("heading", level=1)).to_have_text(either)
    await other.opens("/", "Como podemos ajudar?")
    await other.settled()
    assert [one.text for one in await surfer.asked("submit_contact")] == ["Outra vez"]
    await expect(other.link("Ver fila")).to_have_count(0)
    assert surfer.wrong == []


async def test_r3_whoever_logs_in_next_sees_and_sends_nothing_of_the_last(surf: Open) -> None:
    surfer = await surf()
    surfer.expected |= {"401", "offline"}
    await surfer.enter()
    await surfer.writes("Um rascunho de Ana", connection="Rua A, 1", sector="Suporte técnico")
    await surfer.reads("Rascunho guardado")
    await queues(surfer, "Um contato de Ana")
    ended = True

    async def end(route: Route) -> None:
        # at once: what is asked before `ended` changes is answered as it was then
        headers = route.request.headers
        await route.continue_(headers=headers | {"authorization": "Bearer ended"} if ended else headers)

    await surfer.context.route("**/v1/**", end)
    await surfer.context.set_offline(False)
    await surfer.sees("Sua internet, bem atendida.")
    await surfer.settled()
    ended = False
    await surfer.enters_here("bia")
    await surfer.opens("/contato?passo=mensagem", "Sobre qual conexão é o contato?")
    await surfer.opens("/", "Como podemos ajudar?")
    await surfer.settled()
    await expect(surfer.link("Ver fila")).to_have_count(0)
    assert await surfer.asked("submit_contact") == []

    ended = True
    await load_anew(surfer.page)
    await surfer.sees("Sua internet, bem atendida.")
    ended = False
    await surfer.enters_here("ana")
    await surfer.reads("Contato enviado.")
    (sent,) = await surfer.asked("submit_contact")
    assert (sent.customer_id, sent.text) == ("ana", "Um contato de Ana")
    assert surfer.wrong == []


KEPT = """async () => {
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const db = await done(indexedDB.open('sac'));
  const keys = (name) => done(db.transaction(name).objectStore(name).getAllKeys());
  return Object.fromEntries(await Promise.all([...db.objectStoreNames].map(async (name) => [name, await keys(name)])));
}"""


async def test_what_was_under_way_when_somebody_left_is_not_put_back(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("offline")
    await surfer.enter()
    await surfer.writes(TEXT, connection="Rua A, 1", sector="Suporte técnico")
    await surfer.settled()
    left = asyncio.Event()

    async def hold(route: Route) -> None:
        await left.wait()
        await (route.abort() if route.request.method == "POST" else route.continue_())

    await surfer.context.route("**/v1/contacts", hold)
    await surfer.context.route("**/v1/devices", hold)
    await surfer.button("Enviar").click()
    await surfer.button("Enviando…").wait_for()
    await surfer.link("Ajustes").click()
    await surfer.button("Sair").click()
    await surfer.button("Sair mesmo assim").click()
    await surfer.sees("Sua internet, bem atendida.")
    left.set()
    await surfer.settled()

    kept = await value_of(surfer.page, KEPT)
    assert kept == {"session": [], "draft": [], "queue": [], "seen": []}
    assert surfer.wrong == []


async def test_a_tab_whose_session_ended_late_does_not_end_the_one_that_another_tab_has_begun(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("401")
    await surfer.enter()
    other = await surfer.another_tab()
    await other.opens("/avisos", "Avisos")
    await surfer.settled()

    await surfer.page.route("**/v1/**", with_an_ended_session)
    await load_anew(surfer.page)
    await surfer.sees("Sua internet, bem atendida.")
    await surfer.settled()
    await surfer.page.unroute("**/v1/**")
    await surfer.enters_here("bia")
    await surfer.sees("Como podemos ajudar?")
    await other.page.route("**/v1/**", with_an_ended_session)
    await value_of(other.page, "document.dispatchEvent(new Event('visibilitychange'))")
    await other.sees("Sua internet, bem atendida.")
    await other.settled()

    await load_anew(surfer.page)
    await surfer.sees("Como podemos ajudar?")
    await surfer.is_inside()
    assert surfer.wrong == []


async def leaves_a_long_list(surfer: Surfer) -> Locator:
    """Log in, and open a ticket far down: the link that was left."""
    page = surfer.page
    line = usual_line(surfer)
    lines = [line | {"protocol": str(int(PROTOCOL) - n)} for n in range(20)]
    surfer.services.says("list_tickets", {"items": lines, "pending": 20, "next_cursor": None})
    await surfer.enter()
    await surfer.opens("/atendimentos", "Atendimentos")
    left = surfer.link(f"Protocolo {lines[15]['protocol']}", exact=False)
    await left.click()
    await surfer.sees("Atendimento")
    await surfer.has_focus(page.get_by_role("heading", level=1))
    await eventually(lambda: value_of(page, "scrollY === 0"))
    return left


async def test_back_finds_the_place_and_the_link_that_was_left(surf: Open) -> None:
    surfer = await surf()
    left = await leaves_a_long_list(surfer)
    await surfer.page.go_back()
    await surfer.has_focus(left)
    await expect(left).to_be_in_viewport()
    assert surfer.wrong == []


@pytest.mark.parametrize("goes_on", [False, True])
async def test_back_finds_a_place_that_comes_late_and_leaves_alone_who_went_on(surf: Open, *, goes_on: bool) -> None:
    surfer = await surf()
    page, let_go = surfer.page, asyncio.Event()
    await page.clock.install()
    left = await leaves_a_long_list(surfer)

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await surfer.context.route("**/v1/tickets?**", hold)
    await page.go_back()
    await surfer.sees("Atendimentos")
    if goes_on:
        await page.keyboard.press("Tab")
    else:
        await page.clock.fast_forward(3_000)
    let_go.set()
    await left.wait_for()
    await page.clock.fast_forward(1_000)

    if goes_on:
        await expect(left).not_to_be_focused()
        assert await value_of(page, "scrollY") == 0
    else:
        await surfer.has_focus(left)
        await expect(left).to_be_in_viewport()
    assert surfer.wrong == []


async def test_the_skip_link_leads_to_the_content_and_the_tabs_say_where_one_is(surf: Open) -> None:
    surfer = await surf(DESKTOP)
    await surfer.enter()
    await surfer.opens("/avisos", "Avisos")
    await surfer.tabs_to(surfer.link("Ir para o conteúdo"))
    await surfer.page.keyboard.press("Enter")
    await surfer.has_focus(surfer.page.get_by_role("main"))
    current = surfer.tabs().locator("[aria-current=page]")
    await expect(current).to_have_count(1)
    await expect(current).to_contain_text("Avisos")
    await expect(surfer.page.get_by_role("banner").get_by_role("link", name="SAC Web")).to_be_visible()
    assert surfer.wrong == []


async def test_what_takes_time_is_announced_and_too_many_tries_say_when(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("429")
    await surfer.enter()
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await surfer.context.route("**/v1/tickets?**", hold)
    await reach(surfer.page, f"{surfer.home}/atendimentos")
    busy = surfer.page.locator("main [aria-busy=true]")
    await expect(busy.first).to_contain_text("Carregando atendimentos…")
    let_go.set()
    await surfer.link(f"Protocolo {PROTOCOL}", exact=False).wait_for()
    await expect(busy).to_have_count(0)

    await surfer.context.unroute("**/v1/tickets?**")
    limited = {"status": 429, "headers": {"Retry-After": "7"}, "body": '{"detail": "Aguarde."}'}
    await surfer.context.route("**/v1/tickets?**", lambda route: route.fulfill(**limited))
    await surfer.link("Encerrados").click()
    await surfer.reads("Tente de novo em 7 segundos.")
    assert surfer.wrong == []


async def test_r22_an_answer_without_a_connection_waits_and_leaves_by_itself(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("offline")
    evaluation = str(uuid4())
    await surfer.enter()
    await surfer.opens(f"/avaliar/{evaluation}", "Avaliar atendimento")
    await surfer.settled()
    await surfer.context.set_offline(True)
    await surfer.radio("5 Ótimo").check()
    await surfer.button("Enviar Feedback").click()
    await surfer.sees("Sua avaliação está na fila")
    await surfer.context.set_offline(False)
    await surfer.reads("Avaliação enviada.")
    (sent,) = await surfer.asked("submit_evaluation")
    assert (str(sent.evaluation_id), sent.score, sent.comment) == (evaluation, 5, None)
    assert surfer.wrong == []


async def test_settings_say_what_the_browser_does_not_allow_and_offer_to_install(surf: Open) -> None:
    surfer = await surf()
    await surfer.page.add_init_script(DENIED)
    await surfer.enter()
    await surfer.opens("/ajustes", "Ajustes")
    push = surfer.page.get_by_role("switch", name="Avisos no celular")
    await expect(push).to_be_disabled()
    await expect(push).not_to_be_checked()
    await surfer.reads("Os avisos estão bloqueados neste navegador. Libere nas permissões do site.")
    await expect(surfer.button("Instalar o app")).to_have_count(0)
    await surfer.page.evaluate("dispatchEvent(new Event('beforeinstallprompt', {cancelable: true}))")
    await surfer.button("Instalar o app").wait_for()
    assert surfer.wrong == []


def what_was_chosen(asked: Request[Any]) -> object:
    return asked.model_dump(mode="json", by_alias=True)["preferences"]


async def are_chosen(surfer: Surfer, quiet: list[bool]) -> bool:
    """Whether these choices were sent, one after the other: quiet hours, or none."""
    sent = await surfer.asked("save_preferences")
    return [one.preferences.quiet_hours is not None for one in sent] == quiet


async def test_of_two_choices_the_later_one_holds_however_long_the_first_takes(surf: Open) -> None:
    surfer = await surf()
    surfer.services.answers["save_preferences"] = what_was_chosen
    let_go, waiting = asyncio.Event(), list[str]()

    async def hold_the_first(route: Route) -> None:
        if route.request.method == "PUT":
            waiting.append(route.request.method)
            if len(waiting) == 1:
                await let_go.wait()
        await route.continue_()

    await surfer.context.route("**/v1/preferences", hold_the_first)
    await surfer.enter()
    await surfer.opens("/ajustes", "Ajustes")
    quiet = surfer.page.get_by_role("switch", name="Não incomodar")
    await quiet.check()
    await quiet.uncheck()
    await eventually(lambda: value_of(surfer.page, "new Promise(drawn => requestAnimationFrame(() => drawn(true)))"))
    assert len(waiting) == 1
    let_go.set()

    await eventually(lambda: are_chosen(surfer, [True, False]))
    await surfer.hears("Salvo")
    await surfer.settled()
    await expect(quiet).not_to_be_checked()
    assert surfer.wrong == []


async def test_a_choice_that_is_refused_leaves_what_held_before_it(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("503")
    surfer.services.answers["save_preferences"] = what_was_chosen
    await surfer.enter()
    await surfer.opens("/ajustes", "Ajustes")
    quiet = surfer.page.get_by_role("switch", name="Não incomodar")
    await quiet.check()
    await surfer.hears("Salvo")
    surfer.services.refuses("save_preferences", 503)
    # not `uncheck`, which looks for a state that is over at once
    await quiet.click()
    await surfer.page.get_by_role("alert").get_by_text("Não deu para salvar. Tente de novo.").wait_for()
    await expect(quiet).to_be_checked()
    assert surfer.wrong == []


@pytest.mark.parametrize("back", ["//example.org/", "https://example.org/", "/\\example.org", "javascript:alert(1)"])
async def test_the_way_back_after_the_login_never_leaves_the_app(surf: Open, back: str) -> None:
    surfer = await surf()
    await reach(surfer.page, f"{surfer.home}/entrar?voltar={back}")
    await surfer.enters_here("ana")
    await surfer.sees("Como podemos ajudar?")
    await expect(surfer.page).to_have_url(f"{surfer.home}/")
    assert surfer.wrong == []


async def test_nothing_personal_is_in_the_workers_cache_or_in_an_address(surf: Open) -> None:
    surfer = await surf()
    seen: list[str] = []
    surfer.context.on("request", lambda request: seen.append(request.url))
    await surfer.enter()
    for path in ("/atendimentos", f"/atendimentos/{PROTOCOL}", "/avisos", "/ajustes"):
        await reach(surfer.page, surfer.home + path)
        await surfer.settled()
    await surfer.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    kept: list[str] = await surfer.page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((one) => one.keys()))))"
        ".then((all) => all.flat().map((one) => one.url))"
    )
    assert kept
    assert [url for url in kept if "/v1/" in url or not url.startswith(surfer.home)] == []
    assert [url for url in seen if re.search(r"eyJ|segredo|token=", url)] == []
    assert surfer.wrong == []


async def test_r13_a_protocol_that_is_late_is_explained(surf: Open) -> None:
    surfer = await surf()
    contact = str(uuid4())
    surfer.services.says("get_contact", {"contact_id": contact, "state": "queued"})
    await surfer.enter()
    await surfer.page.clock.install()
    await surfer.opens(f"/contato?enviado={contact}", "Contato enviado")
    await surfer.reads("O protocolo sai em instantes e aparece aqui.")
    await surfer.page.clock.fast_forward(31_000)
    await surfer.reads("Está demorando mais que o normal. Seu contato está guardado e o protocolo chega em Avisos.")
    assert surfer.wrong == []
