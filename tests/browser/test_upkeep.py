"""The app looks after itself: a new version is there when it is asked for, a stream that fell silent is taken up."""

import re

from playwright.async_api import Page, Request, expect

from tests.browser.conftest import Open, Surfer
from tests.browser.releasing import Releases
from tests.browser.walking import load_anew, value_of
from tests.eventually import eventually

TEXT = "Sem conexão desde cedo"
NEXT = b"0123456789ab"
SCRIPT = "document.querySelector('script[src]').src"
CONTROLLED = "navigator.serviceWorker.ready.then(() => Boolean(navigator.serviceWorker.controller))"
FRESH = "Há uma versão nova."


async def with_a_worker(surfer: Surfer) -> None:
    """Log in, and come back with the shell from this device."""
    await surfer.enter()
    await eventually(lambda: value_of(surfer.page, CONTROLLED))
    await load_anew(surfer.page)
    await surfer.sees("Como podemos ajudar?")


async def update_is_found(page: Page) -> None:
    await page.evaluate("navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => null)")


async def is_of_the_next(page: Page) -> None:
    """Wait until the page was loaded anew, with the next version's script."""
    await expect(page.locator("script[src]").first).to_have_attribute("src", re.compile(NEXT.decode()))


async def test_a_new_version_waits_until_it_is_asked_for_and_then_is_the_only_one(
    surf: Open, releases: Releases
) -> None:
    surfer = await surf()
    page = surfer.page
    await with_a_worker(surfer)
    await surfer.writes(TEXT, connection="Rua A, 1", sector="Suporte técnico")
    await page.evaluate("window.same = true")
    releases.edition = NEXT

    await update_is_found(page)
    await page.get_by_role("status").get_by_text(FRESH).wait_for()
    assert await page.evaluate("window.same")
    assert NEXT.decode() not in await page.evaluate(SCRIPT)
    await expect(surfer.box("Motivo do contato")).to_have_value(TEXT)
    await surfer.button("Atualizar").click()

    await expect(surfer.box("Motivo do contato")).to_have_value(TEXT)
    await is_of_the_next(page)
    await expect(page.get_by_text(FRESH)).to_have_count(0)
    await eventually(lambda: value_of(page, f"caches.keys().then(names => names.join() === 'sac-{NEXT.decode()}')"))
    assert surfer.wrong == []


async def test_a_new_version_that_one_tab_lets_in_can_be_had_in_the_others_too(surf: Open, releases: Releases) -> None:
    surfer = await surf()
    await with_a_worker(surfer)
    other = await surfer.another_tab()
    await other.opens("/avisos", "Avisos")
    await other.page.evaluate("window.same = true")
    releases.edition = NEXT
    await update_is_found(surfer.page)
    for one in (surfer, other):
        await one.page.get_by_text(FRESH).wait_for()

    await surfer.button("Atualizar").click()
    await is_of_the_next(surfer.page)
    assert await other.page.evaluate("window.same")
    await other.button("Atualizar").click()

    await is_of_the_next(other.page)
    await other.sees("Avisos")
    await expect(other.page.get_by_text(FRESH)).to_have_count(0)
    assert surfer.wrong == []


async def test_a_stream_that_falls_silent_is_given_up_and_taken_up_where_it_was(surf: Open) -> None:
    surfer = await surf()
    page, streams = surfer.page, list[Request]()
    surfer.context.on("request", lambda one: streams.append(one) if one.url.endswith("/v1/live") else None)
    await page.clock.install()
    await surfer.enter()
    await surfer.is_looking_on()
    await surfer.settled()

    # each with room for what the machine takes, both longer than any edge keeps silent
    await page.clock.fast_forward(21_000)
    surfer.happens(1)
    await surfer.hears("Novo aviso: Novidade 1")
    await page.clock.fast_forward(21_000)
    surfer.happens(2)
    await surfer.hears("Novo aviso: Novidade 2")
    assert len(streams) == 1
    await page.clock.fast_forward(41_000)
    await page.clock.fast_forward(2_000)

    await eventually(lambda: len(streams) == 2)
    assert (await streams[1].all_headers())["last-event-id"]
    await surfer.is_looking_on()
    surfer.happens(3)
    await surfer.hears("Novo aviso: Novidade 3")
    assert surfer.wrong == []
