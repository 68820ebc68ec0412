"""A mail that the library's parser fails on shows what can be read of it, and hides none of the others."""

import json
from pathlib import Path

import pytest

from ops.embedded.mailbox.mails import Letters
from ops.embedded.mailbox.page import letter_page, list_page

HOSTILE = {
    "an address without an end": b"From: <\r\nSubject: ainda se le\r\n\r\ntexto",
    "bytes that are no text": b"Subject: ainda se le\r\nTo: \xff\xfe\r\n\r\n\xff",
    "a charset that doesn't exist": b'Subject: ainda se le\r\nContent-Type: text/plain; charset="nada"\r\n\r\nx',
    "a nameless multipart": b"Subject: ainda se le\r\nContent-Type: multipart/mixed\r\n\r\n--x",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_mail_is_listed_beside_the_others(tmp_path: Path, content: bytes) -> None:
    letters = Letters(tmp_path)
    hostile = letters.add(content, sender="a@b.example", recipients=["c@d.example"])
    letters.add(b"Subject: outra\r\n\r\noi", sender="a@b.example", recipients=["c@d.example"])

    listed = json.dumps([letter.as_maildev() for letter in letters.all()], ensure_ascii=False).encode()
    page = list_page(letters.newest(2), total=2).encode()
    letter = letters.get(hostile)

    assert letter is not None
    assert letter.subject == "ainda se le"
    assert b"outra" in listed
    assert b"ainda se le" in page
    assert letter_page(letter).encode()
