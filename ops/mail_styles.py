"""The mails' HTML as it is sent: layout and styles put into each, since many readers of mails know no `<style>`."""

from collections.abc import Iterator
from pathlib import Path

import css_inline

_DELIVER = Path(__file__).parents[1] / "services" / "notifier" / "deliver"
_WRITTEN = _DELIVER / "mail_html"
_SENT = _DELIVER / "templates" / "mail"
_CONTENT = "<!-- content -->"


def styled() -> Iterator[tuple[Path, str]]:
    """Each template of a mail's HTML, and what should stand in it."""
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False)
    layout = (_WRITTEN / "layout.html").read_text()
    for path in sorted(_WRITTEN.glob("*.html")):
        if path.name != "layout.html":
            yield _SENT / path.name, inliner.inline(layout.replace(_CONTENT, path.read_text()))
