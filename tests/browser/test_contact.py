"""A contact from the first step to its ticket, on the whole product: pressed, typed, interrupted (R6 to R13)."""

import asyncio
import re

from playwright.async_api import Route, expect

from tests.browser.conftest import Walk
from tests.browser.product import Product
from tests.browser.walking import DESKTOP, Walker, load_anew, reach
from tests.eventually import eventually

COMPLAINT = "Sem sinal desde a chuva de ontem, luz vermelha no aparelho."


async def sent_once(product: Product, customer: str, *, of: int = 1) -> None:
    """Whatever was pressed, the services know of so many contacts of this customer, and as many tickets."""
    await eventually(lambda: len(product.tickets_of(customer)) == of)
    await product.provider.system.quiet()
    assert len(product.contacts_of(customer)) == of
    assert len(product.tickets_of(customer)) == of


async def waits_in_the_queue(walker: Walker) -> None:
    await walker.sees("Seu contato está na fila")
    await expect(walker.page).to_have_title(re.compile("Na fila · SAC Plus"))
    await walker.page.get_by_role("region", name="Técnico").wait_for()


async def test_r6_r7_r8_r12_a_contact_in_three_steps_is_sent_once_and_opens_its_ticket(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer("Casa", "Loja")
    walker = await walk()
    page = walker.page
    await walker.enters(customer)
    await page.get_by_role("navigation", name="Menu").get_by_role("link", name=re.compile("^Contato")).click()

    await walker.sees("Sobre qual conexão é o contato?")
    await expect(page).to_have_title("Contato, passo 1 de 3 · SAC Plus")
    await walker.button("Continuar").click()
    alert = page.get_by_role("alert").filter(has_text="Falta uma coisa")
    await walker.has_focus(alert)
    await expect(page).to_have_title("Erro: Contato, passo 1 de 3 · SAC Plus")
    await alert.get_by_role("link", name="Escolha a conexão").click()
    await walker.has_focus(walker.radio("Casa"))
    await walker.radio("Loja").check()
    await walker.button("Continuar").click()

    await walker.sees("Com qual setor você quer falar?")
    names = page.get_by_role("group", name="Com qual setor você quer falar?").get_by_role("radio")
    await expect(names).to_have_count(2)
    assert [await one.get_attribute("value") for one in await names.all()] == ["comercial", "tecnico"]
    await walker.radio("Técnico").check()
    await walker.button("Continuar").click()

    await walker.sees("O que está acontecendo?")
    await walker.button("Enviar").click()
    await page.get_by_role("alert").get_by_role("link", name="Escreva o motivo do contato").wait_for()
    await walker.box("Motivo do contato").fill("x" * 4001)
    await walker.button("Enviar").click()
    await walker.link("O texto passou de 4.000 caracteres: tire 1").wait_for()
    await walker.box("Motivo do contato").fill(COMPLAINT)
    await walker.reads(f"{4000 - len(COMPLAINT):,} caracteres restantes".replace(",", "."))
    await walker.reads("Rascunho guardado")

    await load_anew(page)
    await expect(walker.box("Motivo do contato")).to_have_value(COMPLAINT)
    await walker.link("Alterar conexão").click()
    await expect(walker.radio("Loja")).to_be_checked()
    await page.go_back()
    await expect(walker.box("Motivo do contato")).to_have_value(COMPLAINT)
    await walker.button("Enviar").dblclick()

    await walker.sees("Contato enviado")
    await walker.has_focus(page.get_by_role("heading", level=1))
    await page.get_by_role("region", name="Protocolo").wait_for()
    await page.get_by_role("region", name="O que acontece agora").wait_for()
    await sent_once(product, customer)
    (opened,) = product.tickets_of(customer)
    assert (opened["complaint"], opened["connection_id"]) == (COMPLAINT, "c-Loja")
    await expect(page.locator(".proto.big")).to_contain_text(opened["protocol"])

    await walker.link("Acompanhar atendimento").click()
    await walker.sees("Atendimento")
    await expect(page).to_have_title(re.compile(f"Protocolo {opened['protocol']} · SAC Plus"))
    await page.get_by_role("region", name="Andamento").get_by_text("Atendimento aberto por você").wait_for()
    assert walker.wrong == []


async def test_r6_r7_r8_the_same_by_keyboard_alone(product: Product, walk: Walk) -> None:
    customer = await product.customer("Casa", "Loja")
    walker = await walk(DESKTOP)
    page, keys = walker.page, walker.page.keyboard
    await reach(page, f"{walker.home}/contato")
    await walker.sees("Sua internet, bem atendida.")
    await keys.press("Tab")
    await walker.has_focus(walker.link("Ir para o conteúdo"))
    await walker.tabs_to(walker.box("CPF ou e-mail"))
    await keys.type(customer)
    await keys.press("Tab")
    await keys.type("segredo")
    await keys.press("Enter")

    await walker.sees("Sobre qual conexão é o contato?")
    await walker.has_focus(page.get_by_role("heading", level=1))
    await walker.tabs_to(walker.radio("Casa"))
    await keys.press("ArrowDown")
    await expect(walker.radio("Loja")).to_be_checked()
    await keys.press("Enter")

    await walker.sees("Com qual setor você quer falar?")
    await walker.tabs_to(walker.radio("Comercial"))
    await keys.press("ArrowDown")
    await walker.tabs_to(walker.button("Continuar"))
    await keys.press("Space")

    await walker.sees("O que está acontecendo?")
    await walker.has_focus(page.get_by_role("heading", level=1))
    await walker.tabs_to(walker.button("Enviar"))
    await keys.press("Enter")
    await walker.has_focus(page.get_by_role("alert").filter(has_text="Falta uma coisa"))
    await walker.tabs_to(walker.link("Escreva o motivo do contato"))
    await keys.press("Enter")
    await walker.has_focus(walker.box("Motivo do contato"))
    await keys.type(COMPLAINT)
    await walker.tabs_to(walker.button("Enviar"))
    await keys.press("Enter")

    await walker.sees("Contato enviado")
    await walker.tabs_to(walker.link("Acompanhar atendimento"))
    await keys.press("Enter")
    await walker.sees("Atendimento")
    await sent_once(product, customer)
    assert walker.wrong == []


async def test_r6_r8_with_one_connection_there_are_two_steps_and_a_sector_without_tickets_answers_by_mail(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer("Casa")
    walker = await walk()
    await walker.enters(customer, at="/contato")
    await walker.sees("Com qual setor você quer falar?")
    await expect(walker.page).to_have_title("Contato, passo 1 de 2 · SAC Plus")
    await walker.radio("Comercial").check()
    await walker.button("Continuar").click()
    await walker.box("Motivo do contato").fill("Quero mudar de plano")
    await walker.button("Enviar").click()

    await walker.sees("Contato enviado")
    await walker.reads("Seu contato chegou ao setor Comercial. A resposta vem por e-mail, sem protocolo.")
    (received,) = product.contacts_of(customer)
    assert received["connection"]["id"] == "c-Casa"
    assert product.tickets_of(customer) == []
    await expect(walker.link("Acompanhar atendimento")).to_have_count(0)
    assert walker.wrong == []


async def test_r12_r13_what_is_sent_without_a_connection_waits_leaves_by_itself_once_or_is_withdrawn(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer()
    walker = await walk()
    walker.expected.add("offline")
    await walker.enters(customer)
    await walker.writes(COMPLAINT)
    await walker.settled()
    await walker.context.set_offline(True)
    await walker.button("Enviar").click()
    await waits_in_the_queue(walker)
    await walker.reads("Você está sem internet. Guardamos tudo neste aparelho")

    # withdrawn before it left: nobody hears of it
    await walker.button("Descartar contato").click()
    await walker.reads("Descartar este contato? O texto será apagado.")
    await walker.button("Manter").click()
    await walker.button("Descartar contato").click()
    await walker.button("Descartar").click()
    await walker.sees("Nada na fila")

    await walker.context.set_offline(False)
    await walker.writes(f"{COMPLAINT} De novo.")
    await walker.settled()
    await walker.context.set_offline(True)
    await walker.button("Enviar").click()
    await waits_in_the_queue(walker)
    await expect(walker.page).to_have_url(re.compile("fila="))
    key = walker.page.url.partition("fila=")[2]
    await walker.link("Voltar para Início").click()
    await walker.reads("1 contato na fila.")
    await walker.link("Ver fila").click()
    await waits_in_the_queue(walker)
    await expect(walker.page).to_have_url(re.compile(f"fila={re.escape(key)}$"))

    await walker.context.set_offline(False)
    await walker.sees("Contato enviado")
    await sent_once(product, customer)
    (opened,) = product.tickets_of(customer)
    assert opened["complaint"] == f"{COMPLAINT} De novo."
    await walker.opens("/", "Como podemos ajudar?")
    await expect(walker.link("Ver fila")).to_have_count(0)
    assert walker.wrong == []


async def test_r12_r13_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer()
    walker = await walk()
    walker.expected.add("offline")
    keys: list[str] = []
    pressed = asyncio.Event()

    async def lose_the_first(route: Route) -> None:
        headers = await route.request.all_headers()
        keys.append(headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            # it is asked for by itself, too, after a while: the button is to be there until it is pressed
            await pressed.wait()
            await route.continue_()

    await walker.context.route("**/v1/contacts", lose_the_first)
    await walker.enters(customer)
    await walker.writes(COMPLAINT)
    await walker.button("Enviar").click()
    await waits_in_the_queue(walker)
    await walker.button("Tentar enviar agora").click()
    pressed.set()

    await walker.sees("Contato enviado")
    await page_has_protocol(walker)
    await sent_once(product, customer)
    assert len(keys) > 1
    assert len(set(keys)) == 1
    assert walker.wrong == []


async def page_has_protocol(walker: Walker) -> None:
    await expect(walker.page.locator(".proto.big")).to_have_text(re.compile(r"\d{14}"))


async def test_r13_the_end_of_a_session_loses_neither_a_draft_nor_what_was_sent(product: Product, walk: Walk) -> None:
    customer = await product.customer()
    walker = await walk()
    walker.expected.add("401")
    ended = False

    async def end(route: Route) -> None:
        headers = await route.request.all_headers()
        await route.continue_(headers=headers | {"authorization": "Bearer ended"} if ended else headers)

    await walker.context.route("**/v1/**", end)
    await walker.enters(customer)
    await walker.writes(COMPLAINT)
    await walker.reads("Rascunho guardado")
    ended = True
    await load_anew(walker.page)
    await walker.sees("Sua internet, bem atendida.")
    await walker.reads("Sua sessão terminou. Entre de novo para continuar: nada do que você escreveu foi perdido.")
    await expect(walker.page).to_have_url(re.compile("voltar=%2Fcontato"))

    ended = False
    await walker.enters_here(customer)
    await expect(walker.box("Motivo do contato")).to_have_value(COMPLAINT)
    ended = True
    await walker.button("Enviar").click()
    await walker.sees("Sua internet, bem atendida.")
    ended = False
    await walker.enters_here(customer)

    await sent_once(product, customer)
    assert walker.wrong == []
