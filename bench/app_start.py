"""Opens the customers' app in Chromium as a slow phone in a slow network, and prints when it can be used.

    python -m bench.app_start                                            # a product of its own
    python -m bench.app_start --url http://127.0.0.1:8080 --user 52601815906 --password girassol

The processor is slowed down four times; the network gives 1.6 Mbit/s after 150 ms. Usable is when the screen's heading
and what can be pressed are drawn. Each kind of start has a browser that keeps nothing of the others.
"""

import argparse
import asyncio
import os
import shutil
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from bench.product import running

ROUNDS = 5
FIRST, AGAIN = "first visit", "logged in, from the worker"
CPU_SLOWER = 4
ROUND_TRIP = timedelta(milliseconds=150)
BYTES_A_SECOND = 1_600_000 / 8
WIDTH, HEIGHT = 360, 740
_NO_MAIL = "smtp://127.0.0.1:9"
_WITHIN = timedelta(seconds=60)
_WATCH = """
globalThis.usable = new Promise((resolve) => {
  new MutationObserver((_, watcher) => {
    if (!document.querySelector('h1#t') || !document.querySelector('main a[href],main button')) return;
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  }).observe(document, { childList: true, subtree: true });
});
"""
_WEIGHT = """
[performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')]
  .filter((one) => !one.name.includes('/v1/')).reduce((sum, one) => sum + one.encodedBodySize, 0)
"""


async def start(page: Page, url: str) -> tuple[float, int]:
    """Open an address slowly: after how many ms it was usable, and the app's bytes that came until then."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    slow = {"offline": False, "latency": ROUND_TRIP.total_seconds() * 1000, "uploadThroughput": BYTES_A_SECOND}
    await session.send("Network.emulateNetworkConditions", slow | {"downloadThroughput": BYTES_A_SECOND})
    await session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
    await page.add_init_script(_WATCH)
    await page.goto(url, wait_until="commit")
    async with asyncio.timeout(_WITHIN.total_seconds()):
        after = await page.evaluate("usable")
    return float(after), int(await page.evaluate(_WEIGHT))


async def log_in(page: Page, url: str, *, user: str, password: str) -> None:
    """Log in, at full speed, and wait until the worker has all it keeps."""
    await page.goto(url)
    await page.get_by_role("textbox", name="CPF ou e-mail").fill(user)
    await page.get_by_role("textbox", name="Senha").fill(password)
    await page.get_by_role("button", name="Entrar", exact=True).click()
    await page.get_by_role("navigation", name="Menu").wait_for()
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")


@asynccontextmanager
async def fresh(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Give a phone's browser that keeps nothing."""
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="pt-BR")
    try:
        yield context
    finally:
        await context.close()


async def measure(browser: Browser, url: str, *, user: str, password: str) -> dict[str, list[tuple[float, int]]]:
    """Start the app for the first time, again after logging in, and once more without anything kept but the session."""
    found: dict[str, list[tuple[float, int]]] = {FIRST: [], AGAIN: []}
    for _ in range(ROUNDS):
        async with fresh(browser) as context:
            found[FIRST].append(await start(await context.new_page(), f"{url}/entrar"))
        async with fresh(browser) as context:
            page = await context.new_page()
            await log_in(page, url, user=user, password=password)
            await page.close()
            found[AGAIN].append(await start(await context.new_page(), f"{url}/"))
    return found


async def report(url: str, *, user: str, password: str) -> None:
    """Print the medians, and the slowest."""
    load = os.getloadavg()[0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--headless", "--disable-gpu"],
        )
        found = await measure(browser, url, user=user, password=password)
        await browser.close()
    print(f"load average {load:.1f}, {ROUNDS} starts each")
    for kind, starts in found.items():
        times = [time for time, _ in starts]
        print(f"{kind}: usable after {statistics.median(times):.0f} ms (slowest {max(times):.0f})")
    print(f"the first visit fetched {statistics.median(weight for _, weight in found[FIRST]):.0f} bytes")


def main() -> None:
    """Measure at a running product, or at one of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", help="a running edge; without it a product is started")
    parser.add_argument("--user", default="52601815906", help="CPF or e-mail of a customer")
    parser.add_argument("--password", default="girassol", help="the customer's password")
    given = parser.parse_args()
    if given.url:
        asyncio.run(report(given.url.rstrip("/"), user=given.user, password=given.password))
        return
    with running(_NO_MAIL) as product:
        asyncio.run(report(product.addresses["EDGE_URL"], user=given.user, password=given.password))


if __name__ == "__main__":
    main()
