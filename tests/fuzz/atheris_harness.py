"""`python tests/fuzz/atheris_harness.py [folder] [-max_total_time=60]`: lets libFuzzer look for paths of its own.

Guided by coverage, over the Python code that reads what comes from outside. Needs `pip install atheris`, which brings
35 MB and is no part of the development environment; the campaign of hypothesis is what every run relies on.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["services", "chassis", "contracts", "pamqp"]):
    from chassis.persistence import cursor
    from services.feedback import link
    from services.feedback.errors import LinkInvalid
    from services.notifier.deliver import inbox, mime
    from tests.fuzz import parsers

SECRET = b"s" * 32
WHAT = 5


def attempt(content: bytes) -> None:
    """Give one input to one of the readers, which its first byte chooses."""
    which, rest = (content[0] % WHAT if content else 0), content[1:]
    text = rest.decode(errors="surrogateescape")
    match which:
        case 0:
            _refused(cursor.decode, text, cursor.CursorMalformed)
        case 1:
            _refused(inbox.Place.read, text, cursor.CursorMalformed)
        case 2:
            _refused(lambda token: link.read(token, secret=SECRET), text, LinkInvalid)
        case 3:
            mail = mime.mail(
                {"Subject": mime.header_text(text), "To": mime.mailbox(text, "a@b.example")}, text=text, html=text
            )
            assert mail.isascii()
            assert b"\n" not in mail.replace(b"\r\n", b"")
        case 4:
            parsers.check_models(rest)


def _refused(read: Any, text: str, error: type[Exception]) -> None:  # noqa: ANN401 - any reader
    try:
        read(text)
    except error:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, attempt)
    atheris.Fuzz()
