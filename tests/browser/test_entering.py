"""The login screen: what is typed there stays, whatever else comes to this device meanwhile."""

from playwright.async_api import expect

from tests.browser.conftest import Open, Surfer
from tests.browser.walking import PASSWORD, load_anew, value_of, with_an_ended_session

WHO = "ana@example.com"
TO_FRONT = "document.dispatchEvent(new Event('visibilitychange'))"
SLOW_TO_KEEP = """
    let puts = 0;
    Object.defineProperty(IDBTransaction.prototype, 'oncomplete', { set(done) {
        const slow = this.mode === 'readwrite' && this.objectStoreNames[0] === 'session';
        this.addEventListener('complete', (event) => setTimeout(() => done(event), slow ? 300 * (puts += 1) : 0));
    } });
"""
"""A phone that takes longer each time to keep whose session it is."""
ENOUGH = "new Promise(over => setTimeout(() => over(true), 1500))"


async def is_still_typed(surfer: Surfer) -> None:
    await value_of(surfer.page, ENOUGH)
    await surfer.settled()
    await expect(surfer.box("CPF ou e-mail")).to_have_value(WHO, timeout=1)
    await surfer.box("Senha").fill(PASSWORD)
    await surfer.button("Entrar").click()
    await surfer.sees("Como podemos ajudar?")
    assert surfer.wrong == []


async def test_what_was_typed_stays_while_somebody_looks_up_the_password(surf: Open) -> None:
    surfer = await surf()
    await surfer.page.goto(surfer.home)
    await surfer.box("CPF ou e-mail").fill(WHO)

    await value_of(surfer.page, TO_FRONT)

    await is_still_typed(surfer)


async def test_a_session_ends_once_however_many_answers_say_so(surf: Open) -> None:
    surfer = await surf()
    surfer.expected |= {"401"}
    await surfer.enter()
    await surfer.settled()

    await surfer.page.route("**/v1/**", with_an_ended_session)
    await surfer.page.add_init_script(SLOW_TO_KEEP)
    await load_anew(surfer.page)
    await surfer.box("CPF ou e-mail").fill(WHO)
    await surfer.page.unroute("**/v1/**")

    await is_still_typed(surfer)


async def test_whoever_leaves_does_so_in_every_tab(surf: Open) -> None:
    surfer = await surf()
    surfer.expected.add("401")
    await surfer.enter()
    other = await surfer.another_tab()
    await other.opens("/avisos", "Avisos")
    await other.settled()

    await surfer.link("Ajustes").click()
    await surfer.button("Sair").click()

    await surfer.sees("Sua internet, bem atendida.")
    await other.sees("Sua internet, bem atendida.")
    await expect(other.page).to_have_url(f"{other.home}/entrar?voltar=%2Favisos")
    assert surfer.wrong == []
