"""A ticket in the open app, from its opening to the answer of its evaluation, on the whole product (R3 to R24)."""

import re
from datetime import UTC, datetime

from playwright.async_api import expect

from contracts import mk
from tests.browser.conftest import Walk
from tests.browser.product import Product
from tests.browser.walking import DESKTOP, TABLET, Walker, reach
from tests.eventually import eventually

MARKED = "Lenta <img src=x onerror=alert(1)> à noite"
VISIT = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)


async def news(walker: Walker, *texts: str) -> None:
    """Wait until the timeline begins with these, newest first."""
    titles = walker.page.get_by_role("region", name="Andamento").get_by_role("listitem").locator(".t")
    await expect(titles).to_have_text(list(texts))


async def test_r3_r4_what_operators_do_appears_in_the_open_ticket_by_itself(product: Product, walk: Walk) -> None:
    customer = await product.customer()
    ticket, protocol = await product.opens(customer, MARKED)
    walker = await walk(DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    page = walker.page
    await walker.enters(customer, at="/atendimentos")
    await walker.sees("Atendimentos")
    line = page.get_by_role("list", name="Atendimentos pendentes").get_by_role("link")
    await expect(line).to_have_count(1)
    await expect(line).to_have_accessible_name(re.compile(f"^Protocolo {protocol}"))
    for text in (MARKED, "Defeito constatado", "—", "Abertura"):
        await expect(line).to_contain_text(text)
    await line.click()
    await walker.sees("Atendimento")
    await news(walker, "Atendimento aberto")
    await walker.button("Copiar protocolo").click()
    await walker.hears("Protocolo copiado")
    assert await page.evaluate("navigator.clipboard.readText()") == protocol
    await page.evaluate("window.same = true")

    await product.does(
        mk.ServiceOrderCreated, ticket, service_order_id="os1", description="Trocar conector", scheduled_for=VISIT
    )
    await news(walker, "Visita técnica marcada", "Atendimento aberto")
    await walker.reads("Sáb., 28 nov, 08:00")
    await walker.hears("Novidade neste atendimento: Visita técnica marcada")
    await product.does(mk.PhaseChanged, ticket, process="Suporte", phase="Interna", visible=False)
    await product.does(mk.PhaseChanged, ticket, process="Suporte", phase="Campo", customer_label="Equipe a caminho")
    await news(walker, "Equipe a caminho", "Visita técnica marcada", "Atendimento aberto")
    await product.does(mk.ResponsibleAdded, ticket, responsible_id="r1", name="Dr. Carlos Souza", team="Equipe Sul")
    await walker.reads("Equipe Sul assumiu")
    await product.does(mk.DefectFound, ticket, defect_found="Conector oxidado")
    await walker.reads("Conector oxidado")
    await product.does(mk.TicketClosed, ticket, closed_by="joana")
    await walker.hears("Novidade neste atendimento: Atendimento encerrado")
    await product.does(mk.TicketReopened, ticket)
    await walker.hears("Novidade neste atendimento: Atendimento reaberto")

    assert await page.evaluate("window.same")
    await expect(page.get_by_text("Interna")).to_have_count(0)
    await expect(page.get_by_text("Souza")).to_have_count(0)
    await walker.link("Voltar para Atendimentos").click()
    await page.get_by_role("list", name="Atendimentos pendentes").get_by_text("Equipe a caminho").wait_for()
    assert walker.wrong == []


async def test_r21_r22_r23_r24_closing_with_the_tick_asks_in_the_app_and_the_first_answer_counts(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer()
    ticket, protocol = await product.opens(customer)
    walker = await walk(TABLET)
    page = walker.page
    await walker.enters(customer, at=f"/atendimentos/{protocol}")
    await walker.sees("Atendimento")
    evaluation = await product.asks(customer, ticket)

    await walker.link("Avaliar atendimento").click()
    await walker.sees("Avaliar atendimento")
    group = page.get_by_role("group", name="Que nota você dá ao atendimento?")
    await expect(group.get_by_role("radio")).to_have_count(5)
    names = ["1 Péssimo", "2 Ruim", "3 Regular", "4 Bom", "5 Ótimo"]
    assert [await group.get_by_role("radio", name=name, exact=True).count() for name in names] == [1] * 5
    await expect(group.get_by_role("radio", checked=True)).to_have_count(0)
    await walker.reads("Obrigatório para notas de 1 a 4: é assim que sabemos o que melhorar.")
    await walker.button("Enviar Feedback").click()
    await walker.has_focus(page.get_by_role("alert").filter(has_text="Falta uma coisa"))
    await walker.link("Escolha uma nota de 1 a 5").click()
    await walker.radio("5 Ótimo").check()
    await walker.reads("Opcional para nota 5.")
    await walker.radio("2 Ruim").check()
    await walker.button("Enviar Feedback").click()
    await walker.link("Conte em poucas palavras o motivo da nota").click()
    await walker.has_focus(walker.box("Comentário"))
    await walker.box("Comentário").fill("Demorou três dias")
    await walker.button("Enviar Feedback").dblclick()

    await walker.sees("Obrigado pela sua avaliação")
    await expect(page).to_have_title(re.compile("Avaliação enviada · SAC Plus"))
    region = page.get_by_role("region", name="Sua avaliação")
    await region.get_by_role("img", name="Nota 2 de 5").wait_for()
    await region.get_by_text("“Demorou três dias”").wait_for()
    await walker.opens(f"/avaliar/{evaluation}", "Você já avaliou este atendimento")
    await walker.reads("A primeira resposta é a que vale.")

    await eventually(lambda: product.has_rating(customer, protocol))
    await walker.opens("/atendimentos?situacao=encerrados", "Atendimentos")
    await walker.link(f"Protocolo {protocol}", exact=False).click()
    await walker.reads("Você avaliou")
    await page.get_by_role("img", name="Nota 2 de 5").wait_for()
    await expect(walker.link("Avaliar atendimento")).to_have_count(0)
    assert walker.wrong == []


async def test_r21_r23_by_keyboard_alone_and_a_withdrawn_question_leads_to_the_newest(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer()
    ticket, _ = await product.opens(customer)
    old = await product.asks(customer, ticket)
    await product.does(mk.TicketReopened, ticket)
    await eventually(lambda: product.withdrew(customer, old))
    walker = await walk(DESKTOP)
    keys = walker.page.keyboard
    await walker.enters(customer, at=f"/avaliar/{old}")
    await walker.sees("Este pedido de avaliação foi retirado")
    await walker.reads("O atendimento foi reaberto. Quando terminar, perguntamos de novo.")
    await expect(walker.link("Avaliar o atendimento atual")).to_have_count(0)

    newest = await product.asks(customer, ticket)
    await walker.opens(f"/avaliar/{old}", "Este pedido de avaliação foi retirado")
    await expect(walker.page).to_have_title(re.compile("Avaliação retirada · SAC Plus"))
    await walker.tabs_to(walker.link("Avaliar o atendimento atual"))
    await keys.press("Enter")
    await walker.sees("Avaliar atendimento")
    await expect(walker.page).to_have_url(re.compile(re.escape(f"/avaliar/{newest}") + "$"))
    await walker.tabs_to(walker.radio("1 Péssimo"))
    await keys.press("4")
    await expect(walker.radio("4 Bom")).to_be_checked()
    await keys.press("ArrowRight")
    await expect(walker.radio("5 Ótimo")).to_be_checked()
    await walker.tabs_to(walker.button("Enviar Feedback"))
    await keys.press("Enter")
    await walker.sees("Obrigado pela sua avaliação")
    await walker.has_focus(walker.page.get_by_role("heading", level=1))
    assert walker.wrong == []


async def test_r23_r24_the_link_in_the_mail_is_answered_without_login_and_without_script(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer()
    ticket, protocol = await product.opens(customer)
    evaluation = await product.asks(customer, ticket)
    path = await eventually(lambda: product.link_for(customer))
    visitor, walker = await walk(java_script_enabled=False), await walk()
    visitor.expected.add("422")
    visitor.expected.add("409")
    for _ in range(2):
        await reach(visitor.page, visitor.home + path)
    await visitor.sees("Avaliar atendimento")
    await walker.enters(customer, at=f"/avaliar/{evaluation}")
    await walker.sees("Avaliar atendimento")
    await visitor.radio("1 Péssimo").check()
    await visitor.button("Enviar Feedback").click()
    await visitor.box("Comentário").fill("Ninguém veio")
    await visitor.button("Enviar Feedback").click()
    await visitor.sees("Obrigado pela sua avaliação")

    # meanwhile the app had the question open: the first answer counts
    walker.expected.add("409")
    await walker.radio("5 Ótimo").check()
    await walker.button("Enviar Feedback").click()
    await walker.sees("Você já avaliou este atendimento")
    await eventually(lambda: product.has_rating(customer, protocol))
    await walker.opens(f"/atendimentos/{protocol}", "Atendimento")
    await walker.page.get_by_role("img", name="Nota 1 de 5").wait_for()
    await walker.opens(f"/avaliar/{evaluation}", "Você já avaliou este atendimento")
    await walker.reads("“Ninguém veio”")
    await reach(visitor.page, visitor.home + path)
    await visitor.sees("Você já avaliou este atendimento")
    assert walker.wrong == visitor.wrong == []


async def test_r20_notices_arrive_are_counted_read_and_lead_on(product: Product, walk: Walk) -> None:
    customer = await product.customer()
    walker = await walk()
    page = walker.page
    await walker.enters(customer)
    await walker.reads("Nenhum aviso ainda")
    await walker.reads("Nenhum pendente")
    await walker.settled()

    ticket, protocol = await product.opens(customer)
    await walker.tabs().get_by_role("link", name="Avisos 1 não lido").wait_for()
    await expect(page).to_have_title("(1) Início · SAC Plus")
    await page.get_by_role("navigation", name="Menu").get_by_text("1 pendente").wait_for()
    await walker.hears("Novo aviso: Atendimento aberto")
    evaluation = await product.asks(customer, ticket)
    await walker.tabs().get_by_role("link", name="Avisos 2 não lidos").wait_for()
    await page.get_by_role("region", name="Como foi o atendimento?").wait_for()

    await walker.tabs().get_by_role("link", name=re.compile("^Avisos")).click()
    await walker.sees("Avisos")
    await page.get_by_role("heading", level=2, name="Hoje").wait_for()
    # two seconds in view are reading; how much is in view hangs on the machine's fonts
    await expect(page).to_have_title(re.compile(r"^(\(1\) )?Avisos · SAC Plus$"))
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(page).to_have_title("Avisos · SAC Plus")
    await eventually(lambda: product.has_read(customer))
    notices = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
    await expect(notices).to_have_count(2)
    await notices.first.click()
    await walker.sees("Avaliar atendimento")
    await expect(page).to_have_url(re.compile(re.escape(f"/avaliar/{evaluation}") + "$"))
    await page.go_back()
    await walker.sees("Avisos")
    await notices.last.click()
    await walker.sees("Atendimento")
    await expect(page).to_have_url(re.compile(re.escape(f"/atendimentos/{protocol}") + "$"))
    assert walker.wrong == []
