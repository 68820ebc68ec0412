"""The embedded mailbox takes real mail, speaks maildev's API, and runs nothing that a mail brings."""

import smtplib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from ops.embedded.mailbox.mails import MOST_KEPT, Mails
from ops.embedded.ports import answers, free_port
from ops.embedded.process import Program, stop
from tests.eventually import eventually


@dataclass(frozen=True, slots=True)
class Running:
    """A mailbox's process, and how to write to it and read it."""

    smtp_port: int
    web: httpx2.Client

    def send(self, subject: str, *, html: str = "<p>Olá</p>") -> None:
        """Mail Ana."""
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, "SAC <sac@example.com>", "Ana <ana@example.com>"
        message.set_content("Olá, Ana")
        message.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=60) as client:
            client.send_message(message)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    smtp, http = free_port(), free_port()
    program = Program(
        argv=(sys.executable, "-m", "ops.embedded.mailbox"),
        env={"MAIL_FOLDER": str(tmp_path / "mail"), "SMTP_PORT": str(smtp), "PORT": str(http)},
        log=tmp_path / "mailbox.log",
    )
    process = program.start()
    await eventually(lambda: answers("127.0.0.1", http))
    with httpx2.Client(base_url=f"http://127.0.0.1:{http}", timeout=60) as web:
        yield Running(smtp, web)
    stop(process, grace=timedelta(seconds=30))


def test_a_mail_is_listed_as_maildev_does(running: Running) -> None:
    running.send("Recebemos seu contato")

    (mail,) = running.web.get("/email").json()

    assert mail["subject"] == "Recebemos seu contato"
    assert mail["from"] == [{"address": "sac@example.com", "name": "SAC"}]
    assert mail["to"] == [{"address": "ana@example.com", "name": "Ana"}]
    assert mail["envelope"]["to"] == [{"address": "ana@example.com"}]
    assert (mail["text"].strip(), mail["html"].strip()) == ("Olá, Ana", "<p>Olá</p>")
    assert running.web.get(f"/email/{mail['id']}").json() == mail
    assert b"Recebemos" in running.web.get(f"/email/{mail['id']}/source").content


def test_the_newest_mails_alone_are_listed_where_no_more_are_asked_for(running: Running) -> None:
    for subject in ("um", "dois", "três"):
        running.send(subject)

    assert [mail["subject"] for mail in running.web.get("/email?limit=2").json()] == ["dois", "três"]


def test_its_sheet_is_its_own(running: Running) -> None:
    assert 'href="/look.css"' in running.web.get("/").text
    assert running.web.get("/look.css").headers["Content-Type"].startswith("text/css")


def test_mails_are_deleted_one_by_one_and_all_at_once(running: Running) -> None:
    for subject in ("um", "dois", "três"):
        running.send(subject)
    first = running.web.get("/email").json()[0]["id"]

    running.web.delete(f"/email/{first}").raise_for_status()
    left = [mail["subject"] for mail in running.web.get("/email").json()]
    running.web.delete("/email/all").raise_for_status()

    assert left == ["dois", "três"]
    assert running.web.get("/email").json() == []
    assert running.web.get(f"/email/{first}").status_code == 404


def test_nothing_from_a_mail_is_run(running: Running) -> None:
    running.send("<script>alert(1)</script>", html="<script>alert(2)</script>")
    (mail,) = running.web.get("/email").json()

    pages = [running.web.get("/"), running.web.get(f"/mail/{mail['id']}")]
    html = running.web.get(f"/email/{mail['id']}/html")

    assert not [page.url for page in pages if "<script" in page.text or "style=" in page.text]
    assert {"unsafe-inline" in page.headers["Content-Security-Policy"] for page in pages} == {False}
    assert "<iframe sandbox " in pages[1].text
    assert "sandbox; default-src 'none'" in html.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/healthz", "/health/live", "/health/ready", "/metrics"])
def test_it_tells_its_health(running: Running, path: str) -> None:
    assert running.web.get(path).status_code == 200


def test_only_the_newest_thousand_are_kept(tmp_path: Path) -> None:
    mails = Mails(tmp_path)
    for number in range(MOST_KEPT + 2):
        mails.add(f"Subject: {number}\r\n\r\n".encode(), sender="a@example.com", recipients=[])

    assert len(list(tmp_path.glob("*.eml"))) == len(mails) == MOST_KEPT
    assert mails.newest(1)[0].subject == "1001"


def test_mails_are_still_there_after_a_restart(tmp_path: Path) -> None:
    Mails(tmp_path).add(b"Subject: fica\r\n\r\n", sender="a@example.com", recipients=["b@example.com"])

    assert [mail.subject for mail in Mails(tmp_path).all()] == ["fica"]


def test_a_mail_in_an_unknown_charset_is_still_listed(tmp_path: Path) -> None:
    mails = Mails(tmp_path)
    mails.add(b"Subject: x\r\nContent-Type: text/plain; charset=nope\r\n\r\nhi", sender="", recipients=[])

    assert [mail.as_maildev()["subject"] for mail in mails.all()] == ["x"]


def test_a_path_is_no_id(running: Running) -> None:
    assert running.web.get("/email/..%2f..%2fetc%2fpasswd/source").status_code == 404
