"""How a customer is reached: what they choose, the bot, their devices, and a push that the worker really receives."""

import json
import re

from playwright.async_api import CDPSession, Dialog, Error, expect

from ops.embedded.push.devices import Browser
from tests.browser.conftest import Walk
from tests.browser.product import Product
from tests.browser.walking import Walker, load_anew
from tests.eventually import eventually

CHAT = 880_001
ASKED = """
// Debian's Chromium has no push service of its own: it subscribes to the stand-in, and nothing else is different
const given = %s;
let permission = 'default';
Object.defineProperty(Notification, 'permission', {get: () => permission});
Notification.requestPermission = async () => (permission = 'granted');
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (options) => {
  window.subscribedWith = options;
  return {endpoint: given.endpoint, toJSON: () => given, unsubscribe: async () => true};
};
"""


PRESSED = """async (navigate) => {
  // only a real press may focus a window
  WindowClient.prototype.focus = async function () { return this; };
  const press = new Event('notificationclick');
  press.notification = { close() {}, data: { navigate } };
  press.waitUntil = (work) => { press.work = work; };
  dispatchEvent(press);
  await press.work;
}"""
KEPT = """async () => {
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const db = await done(indexedDB.open('sac'));
  const counts = [...db.objectStoreNames].map((name) => done(db.transaction(name).objectStore(name).count()));
  const left = (await Promise.all(counts)).reduce((a, b) => a + b, 0);
  return {left, stored: localStorage.length + sessionStorage.length};
}"""


async def preferences(product: Product, customer: str) -> dict[str, object]:
    answer = await product.provider.app(customer).get("/v1/preferences")
    found: dict[str, object] = answer.json() if answer.status_code == 200 else {"quiet_hours": "unknown"}
    return found


async def test_r20_what_a_customer_chooses_is_kept_and_shown_again(product: Product, walk: Walk) -> None:
    customer = await product.customer()
    walker = await walk()
    page = walker.page
    await walker.enters(customer, at="/ajustes")
    await walker.sees("Ajustes")
    push, silence = (page.get_by_role("switch", name=name) for name in ("Avisos no celular", "Não incomodar"))
    for name in ("Como avisamos você", "Horário de silêncio", "Aparelhos"):
        await page.get_by_role("region", name=name).wait_for()

    await silence.check()
    await walker.hears("Salvo")
    await expect(page.get_by_label("Das", exact=True)).to_have_value("22:00")
    await page.get_by_label("Das", exact=True).fill("21:30")
    await eventually(lambda: has_quiet_hours(product, customer, {"from": "21:30", "to": "07:00"}))
    await page.get_by_label("Às", exact=True).fill("06:15")
    await eventually(lambda: has_quiet_hours(product, customer, {"from": "21:30", "to": "06:15"}))
    await load_anew(page)
    await expect(silence).to_be_checked()
    await expect(page.get_by_label("Às", exact=True)).to_have_value("06:15")
    # the same minute twice is no time at all: it is said, and what held before holds
    walker.expected.add("422")
    await page.get_by_label("Às", exact=True).fill("21:30")
    await page.get_by_role("alert").wait_for()
    await expect(page.get_by_label("Às", exact=True)).to_have_value("06:15")
    await silence.uncheck()
    await eventually(lambda: has_quiet_hours(product, customer, None))
    if await push.is_enabled():
        await push.uncheck()
        await eventually(lambda: pushes(product, customer, on=False))
    assert walker.wrong == []


async def has_quiet_hours(product: Product, customer: str, hours: dict[str, str] | None) -> bool:
    return (await preferences(product, customer))["quiet_hours"] == hours


async def pushes(product: Product, customer: str, *, on: bool) -> bool:
    channels = (await preferences(product, customer)).get("channels")
    return isinstance(channels, dict) and channels["push"] is on


async def test_r23_the_bot_is_linked_and_unlinked_from_the_app(product: Product, walk: Walk) -> None:
    customer = await product.customer()
    walker = await walk()
    page = walker.page
    await walker.enters(customer, at="/ajustes")
    await walker.sees("Ajustes")
    await expect(page.get_by_role("switch", name="Telegram")).to_be_disabled()
    # the bot's page is not the app's: it is watched no more
    walker.others += (product.telegram.url,)
    async with walker.context.expect_page() as opened:
        await walker.button("Vincular Telegram").click()
    chat = await opened.value
    await chat.wait_for_url(re.compile(r"start="))
    await chat.close()
    await eventually_linked(product, chat.url.partition("start=")[2])

    await walker.hears("Telegram vinculado")
    await expect(page.get_by_role("switch", name="Telegram")).to_be_checked()
    await product.opens(customer)
    await eventually(lambda: any("Lenta" in text or "aberto" in text for text in product.telegram.texts(CHAT)))
    await walker.button("Desvincular Telegram").click()
    await walker.button("Vincular Telegram").wait_for()
    assert walker.wrong == []


async def eventually_linked(product: Product, token: str) -> None:
    product.telegram.begin(CHAT, token=token)
    await eventually(lambda: bool(product.telegram.texts(CHAT)))


async def worker_of(walker: Walker) -> tuple[CDPSession, str]:
    """The browser's own tools for the edge's worker, once it is at work; and the worker's registration."""
    tools = await walker.context.new_cdp_session(walker.page)
    found: dict[str, str] = {}

    def note(event: dict[str, list[dict[str, str]]]) -> None:
        for one in event["registrations"]:
            found[one["scopeURL"]] = one["registrationId"]

    tools.on("ServiceWorker.workerRegistrationUpdated", note)
    await tools.send("ServiceWorker.enable")
    await walker.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    return tools, await eventually(lambda: found.get(f"{walker.home}/"))


async def shown(walker: Walker) -> list[dict[str, str]]:
    found: list[dict[str, str]] = await walker.page.evaluate(
        "navigator.serviceWorker.ready.then(one => one.getNotifications())"
        ".then(all => all.map(({title, body, tag, lang, data}) => ({title, body, tag, lang, to: data.navigate})))"
    )
    return found


async def test_r16_a_push_is_received_by_the_worker_and_leads_into_the_app(product: Product, walk: Walk) -> None:
    customer = await product.customer()
    walker = await walk()
    page = walker.page
    browser, device = product.push.a_browser()
    await walker.context.grant_permissions(["notifications"])
    await page.add_init_script(ASKED % json.dumps(device))
    await walker.enters(customer, at="/avisos")
    card = page.get_by_role("region", name="Saber na hora, com o app fechado")
    await card.get_by_role("button", name="Ativar avisos").click()
    await walker.hears("Avisos ativados")
    assert await page.evaluate("subscribedWith.userVisibleOnly && subscribedWith.applicationServerKey.length") == 65
    await expect(card).to_have_count(0)

    ticket, protocol = await product.opens(customer)
    (message,) = await eventually(lambda: browser.messages)
    tools, registration = await worker_of(walker)

    async def delivered(data: str, title: str) -> list[dict[str, str]]:
        # a worker that is just being stopped drops it: a push service would deliver it again, too
        given = {"origin": walker.home, "registrationId": registration, "data": data}
        await tools.send("ServiceWorker.deliverPushMessage", given)
        return [one for one in await shown(walker) if one["title"] == title]

    title = message["message"]["notification"]["title"]
    (notice,) = await eventually(lambda: delivered(json.dumps(message["message"]), title))
    (item,) = await product.provider.inbox(customer)
    assert (notice["title"], notice["body"], notice["lang"]) == (item["title"], item["body"], "pt-BR")
    assert notice["to"].endswith(f"/atendimentos/{protocol}")

    # what nobody can read is shown all the same, as browsers want it
    (unreadable, *_) = await eventually(lambda: delivered("{", "SAC Plus"))
    assert unreadable["body"] == "Há uma novidade para você."
    await leads_on(walker, notice["to"])
    await walker.sees("Atendimento")
    await expect(page).to_have_url(re.compile(re.escape(f"/atendimentos/{protocol}") + "$"))
    await removes_the_device(product, walker, browser, customer)
    assert ticket
    assert walker.wrong == []


async def leads_on(walker: Walker, to: str) -> None:
    """Do what a press on the notification does: a browser without a screen shows none that could be pressed."""

    async def pressed() -> bool:
        workers = walker.context.service_workers
        assert len(workers) == 1
        try:
            await workers[0].evaluate(PRESSED, to)
        except Error as error:
            # it was just being stopped
            raise AssertionError(error.message) from error
        return True

    await eventually(pressed)


async def removes_the_device(product: Product, walker: Walker, browser: Browser, customer: str) -> None:
    page = walker.page
    await walker.opens("/ajustes", "Ajustes")
    await page.get_by_role("region", name="Aparelhos").get_by_role("button", name="Remover Este aparelho").click()
    await walker.hears("Aparelho removido")
    await walker.reads("Nenhum aparelho recebe avisos ainda.")
    before = len(browser.messages)
    await product.opens(customer, "Outra coisa")
    await product.provider.system.quiet()
    assert len(browser.messages) == before


async def test_leaving_asks_first_where_something_waits_and_takes_everything_along(
    product: Product, walk: Walk
) -> None:
    customer = await product.customer()
    walker = await walk()
    page = walker.page
    walker.expected.add("offline")
    page.on("dialog", refuse)
    await walker.enters(customer)
    await walker.writes("Sem sinal")
    await walker.settled()
    await walker.context.set_offline(True)
    await walker.button("Enviar").click()
    await walker.sees("Seu contato está na fila")
    await walker.link("Ajustes").click()
    await walker.sees("Ajustes")
    await walker.button("Sair").click()
    await walker.reads("Há 1 contato na fila. Se você sair, ele não será enviado.")
    await walker.has_focus(walker.button("Ficar"))
    await walker.button("Ficar").click()
    await walker.has_focus(walker.button("Sair"))
    await walker.button("Sair").click()
    await walker.button("Sair mesmo assim").click()
    await walker.sees("Sua internet, bem atendida.")
    await walker.context.set_offline(False)

    found = await page.evaluate(KEPT)
    assert (found["left"], found["stored"]) == (0, 0)
    await product.provider.system.quiet()
    assert product.contacts_of(customer) == []
    assert walker.wrong == []


async def refuse(dialog: Dialog) -> None:
    raise AssertionError(f"a dialog of the browser's own: {dialog.message}")
