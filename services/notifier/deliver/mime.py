"""Puts a mail together as bytes: what the `email` package would make, without its millisecond a mail.

Every header and body is ASCII with CRLF line ends, and no text can leave its place: headers lose their control
characters, and bodies are quoted-printable, in which the boundary can't occur (RFC 2045, 6.7).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

_BOUNDARY = "=_atendo"
_MAX_PLAIN = 64
_MAX_ENCODED_BYTES = 39
_WITHIN_A_CHARACTER = range(0b1000_0000, 0b1100_0000)
"""What every byte of a character is but its first, in UTF-8."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f]+")
_PLAIN = re.compile(r"[ -~]*")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


def mail(headers: Mapping[str, str], *, text: str, html: str) -> bytes:
    """A message of two alternatives. Headers are taken as they are: make them with `words` and `mailbox`.

    Raises: ValueError for a header that would break its line or isn't ASCII.
    """
    lines = [f"{name}: {_checked(value)}" for name, value in headers.items()]
    head = "\r\n".join(
        [*lines, "MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"', "", ""]
    )
    return b"".join(
        (head.encode("ascii"), _part("plain", text), _part("html", html), f"--{_BOUNDARY}--\r\n".encode("ascii"))
    )


def _checked(value: str) -> str:
    if not value.isascii() or not value.replace("\r\n ", " ").isprintable():
        raise ValueError("a header that is not one line of ASCII")
    return value


def _part(kind: str, content: str) -> bytes:
    head = (
        f'--{_BOUNDARY}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    # the dot keeps an empty last line
    lines = f"{content}.".splitlines()
    plain = "\n".join(lines)[:-1]
    if not all(map(str.isprintable, lines)):
        # a control between two words leaves them two
        plain = _NOT_IN_TEXT.sub(" ", plain)
    # b2a_qp ends its soft breaks as the first line ends, so it is given one kind of end and CRLF comes last
    encoded = binascii.b2a_qp(plain.encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")
    return head.encode("ascii") + encoded + b"\r\n"


def header_text(text: str) -> str:
    """Unstructured header text, such as a subject: on one line, encoded where it must be (RFC 2047)."""
    text = _one_line(text)
    if len(text) <= _MAX_PLAIN and _PLAIN.fullmatch(text) and "=?" not in text:
        return text
    return "\r\n ".join(_encoded(text))


def mailbox(name: str, address: str) -> str:
    """An address with the name of whose it is (RFC 5322, 3.4), cut at 39 bytes; `address` was checked before."""
    name = _one_line(name)
    if not name:
        return address
    plain = len(name) <= _MAX_ENCODED_BYTES and _ATOM.fullmatch(name) and "=?" not in name
    # some readers put a space between two encoded words of a name: it gets one
    return f'"{name}" <{address}>' if plain else f"{next(_encoded(name))}\r\n <{address}>"


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _encoded(text: str) -> Iterator[str]:
    left = text.encode("utf-8", "replace")
    while left:
        cut = min(_MAX_ENCODED_BYTES, len(left))
        while cut < len(left) and left[cut] in _WITHIN_A_CHARACTER:
            cut -= 1
        yield _encoded_run(left[:cut])
        left = left[cut:]


def _encoded_run(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?="
