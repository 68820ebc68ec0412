"""Looks at a screen as axe does, in light and dark, on phone and desktop; and whether it fits where it is narrow."""

from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

from tests.browser.walking import DESKTOP, PHONE, TABLET, Walker

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
_TAGS = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']"
_RUN = """axe.run({runOnly: %s})
  .then(({violations}) => violations.map(({id, nodes}) => `${id}: ${nodes[0].html}`))"""
_ALL, _COLOURS = _RUN % _TAGS, _RUN % "['color-contrast', 'link-in-text-block']"
_SMALL = """[...document.querySelectorAll('a[href], button, input:not([type=radio]), textarea, label:has(input)')]
  .filter((one) => one.checkVisibility() && !one.closest('.vh, .skip, p:not(.acts):not(.row), li:not(:has(> .row))'
    + ':not(:has(> .card)), .errors') && !one.closest('label:has(input)')?.contains(one.parentElement))
  .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
  .filter(([, {width, height}]) => width && (width < 43.5 || height < 43.5)).map(([html]) => html)"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_OUTSIDE = """[...document.querySelectorAll('a, button, input, textarea, h1, h2, p, dd, b')]
  .filter((one) => one.checkVisibility() && !one.closest('.vh, .skip')
    && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""
_NARROW = (320, 640)


async def inspected(walker: Walker) -> list[str]:
    """What is wrong with the screen that is shown now; it looks as before afterwards."""
    page = walker.page
    await walker.settled()
    found = [f"{len(await page.locator('h1').all())} headings"] if await page.locator("h1").count() != 1 else []
    found += [f"small: {one}" for one in await page.evaluate(_SMALL)]
    # what isn't of colours is the same in the dark
    found += await _violations(page, "light", _ALL) + await _violations(page, "dark", _COLOURS)
    await _resize(page, _NARROW)
    found += await _overflow(page, "at 320 px")
    for size in (PHONE, TABLET):
        await _resize(page, size)
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        found += await _overflow(page, f"at {size[0]} px with text at 200 %")
        await page.evaluate("document.documentElement.style.fontSize = ''")
    if await page.locator(".brand .wide").count():
        found += [] if await page.locator(".brand .wide").is_visible() else ["no SAC Web from 768 px"]
    await _resize(page, DESKTOP)
    found += await _violations(page, "dark", _ALL) + await _violations(page, "light", _COLOURS)
    await _resize(page, PHONE)
    return found


async def _violations(page: Page, look: Literal["light", "dark"], rules: str) -> list[str]:
    await page.emulate_media(color_scheme=look, reduced_motion="reduce")
    violations: list[str] = await page.evaluate(rules)
    width = await page.evaluate("innerWidth")
    return [f"{look}, {width} px: {one}" for one in violations]


async def _overflow(page: Page, when: str) -> list[str]:
    too_wide: Any = await page.evaluate(_TOO_WIDE)
    outside: list[str] = await page.evaluate(_OUTSIDE)
    return [*([f"{too_wide} px too wide {when}"] if too_wide > 0 else []), *(f"outside {when}: {o}" for o in outside)]


async def _resize(page: Page, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
