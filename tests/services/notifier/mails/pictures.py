"""Takes pictures of golden mails, as a phone and a desk show them: `python -m tests.services.notifier.mails.pictures`.

It needs Chromium (`CHROMIUM`, else `/usr/bin/chromium`) and writes to docs/mails/.
"""

import os
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.services.notifier.mails.golden import FOLDER

PICTURES = Path(__file__).parents[4] / "docs" / "mails"
WIDTHS = {"phone": 390, "desktop": 1024}
SHOWN = {
    "phone": ("receipt-customer", "receipt-sector", "receipt-sector-long", "evaluation-requested"),
    "desktop": ("receipt-customer", "receipt-sector", "evaluation-requested"),
}


def html_of(mail: bytes) -> str:
    """The part of a mail that is shown."""
    part = message_from_bytes(mail, policy=policy.default).get_body(("html",))
    return str(part.get_content()) if part else ""


def main() -> None:
    """Take them anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        for device, width in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": 200})
            for name in SHOWN[device]:
                page.set_content(html_of((FOLDER / f"{name}.eml").read_bytes()))
                overflows = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
                if overflows:
                    raise SystemExit(f"{name} is wider than a {device}")
                page.screenshot(path=PICTURES / f"{name}-{device}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
