"""A mail that the library's parser fails on shows what can be read of it, and hides none of the others."""

import json
from pathlib import Path

import pytest

from ops.embedded.mailbox.mails import Mails
from ops.embedded.mailbox.page import list_page, mail_page

HOSTILE = {
    "an address without an end": b"From: <\r\nSubject: ainda se le\r\n\r\ntexto",
    "bytes that are no text": b"Subject: ainda se le\r\nTo: \xff\xfe\r\n\r\n\xff",
    "a charset that doesn't exist": b'Subject: ainda se le\r\nContent-Type: text/plain; charset="nada"\r\n\r\nx',
    "a nameless multipart": b"Subject: ainda se le\r\nContent-Type: multipart/mixed\r\n\r\n--x",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_mail_is_listed_beside_the_others(tmp_path: Path, content: bytes) -> None:
    mails = Mails(tmp_path)
    hostile = mails.add(content, sender="a@b.example", recipients=["c@d.example"])
    mails.add(b"Subject: outra\r\n\r\noi", sender="a@b.example", recipients=["c@d.example"])

    listed = json.dumps([mail.as_maildev() for mail in mails.all()], ensure_ascii=False).encode()
    page = list_page(mails.newest(2), total=2).encode()
    mail = mails.get(hostile)

    assert mail is not None
    assert mail.subject == "ainda se le"
    assert b"outra" in listed
    assert b"ainda se le" in page
    assert mail_page(mail).encode()
