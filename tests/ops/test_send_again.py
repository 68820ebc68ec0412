"""`atendo explain` and `atendo send again`, over a notifier with a real broker and database (R17, R19)."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import mk
from contracts.notifier import ContactAcknowledged
from contracts.operating import ExplainContact
from ops.questions import explain
from ops.sending import again
from tests.eventually import eventually
from tests.services.notifier.world import ANA, SECTOR, a_contact, a_notifier
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted

Capture = pytest.CaptureFixture[str]
FULL = "552 5.2.2 mailbox full"


@pytest.fixture(autouse=True)
async def notifier(system: System, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> System:
    for name, value in system.environment.items():
        monkeypatch.setenv(name.upper(), value)
    await a_notifier(system, mailbox)
    return system


async def printed(capfd: Capture, command: Callable[..., int], *given: Any, **options: Any) -> tuple[int, str]:  # noqa: ANN401
    """Run a command as the terminal does; give its exit code and what it printed."""
    capfd.readouterr()
    code = await asyncio.to_thread(command, *given, **options)
    out, err = capfd.readouterr()
    return code, out + err


async def a_receipt_that_failed(system: System, mailbox: Mailbox) -> tuple[UUID, UUID]:
    """Ana's contact, of which her own mail was refused; and the number of that mail."""
    mailbox.refused_recipients[ANA] = f"{FULL} for <{ANA}>"
    contact = a_contact(generate_ticket=False)
    await system.publish(contact)
    await eventually(lambda: system.received_of(ContactAcknowledged, contact_id=str(contact.contact_id)))
    mailbox.accept()
    sending = (await lines(system, contact.contact_id))["email", "customer"]["sendings"][0]
    return contact.contact_id, UUID(sending["notification_id"])


async def lines(system: System, contact: UUID) -> dict[tuple[str, str], dict[str, Any]]:
    """What is answered on `notifier.queries`, by channel and recipient."""
    found = await system.answer(ExplainContact(request_id=uuid4(), contact_id=contact))
    return {(one["channel"], one["recipient"]): one for one in found}


async def test_r17_a_line_says_what_became_of_it_how_often_it_was_tried_and_what_the_server_said(
    notifier: System, mailbox: Mailbox, capfd: Capture
) -> None:
    contact, mail = await a_receipt_that_failed(notifier, mailbox)

    code, shown = await printed(capfd, explain, str(contact))

    assert code == 0
    (line,) = [one for one in shown.splitlines() if str(mail) in one]
    for part in ("email", "customer", "send", "always told", "failed", "1 (", f"SMTP {FULL} for (address)"):
        assert part in line
    assert ANA not in shown
    (of_sector,) = [one for one in shown.splitlines() if "sector" in one]
    assert re.search(r"sent .*1 \(.*SMTP 250 OK", of_sector)
    stored = (await lines(notifier, contact))["email", "sector"]["sendings"][0]
    assert stored["first_at"] == stored["last_at"] is not None
    assert (stored["attempts"], stored["state"], stored["answer"]) == (1, "sent", "SMTP 250 OK")


async def test_r19_what_failed_since_is_sent_again_with_one_command_and_a_second_one_finds_nothing(
    notifier: System, mailbox: Mailbox, capfd: Capture
) -> None:
    contact, mail = await a_receipt_that_failed(notifier, mailbox)

    _, listed = await printed(capfd, again, failed=True, since="2h", dry_run=True)
    code, shown = await printed(capfd, again, failed=True, since="2h")
    await eventually(lambda: len(mailbox.to(ANA)) == 1)

    assert str(mail) in listed
    assert (code, "sent again: 1; on their way already: 0" in shown) == (0, True)
    await eventually(lambda: is_sent(notifier, contact))
    assert "sent again: 0;" in (await printed(capfd, again, failed=True, since="2h"))[1]
    assert "Nothing to send again." in (await printed(capfd, again, failed=True, since="0s", dry_run=True))[1]
    assert [one["Message-ID"] for one in mailbox.to(ANA)] == [f"<{mail}@atendo.local>"]
    assert len(mailbox.to(SECTOR)) == 1
    assert len(notifier.received_of(ContactAcknowledged)) == 1


async def is_sent(system: System, contact: UUID) -> bool:
    return bool((await lines(system, contact))["email", "customer"]["state"] == "sent")


async def test_r19_two_commands_at_once_send_one_mail(notifier: System, mailbox: Mailbox, capfd: Capture) -> None:
    contact, mail = await a_receipt_that_failed(notifier, mailbox)
    mailbox.refuse("451 4.3.0 try again later", times=1)

    await asyncio.gather(*(asyncio.to_thread(again, mail) for _ in range(2)))
    await eventually(lambda: is_sent(notifier, contact))
    await notifier.quiet()

    shown = capfd.readouterr().out
    assert sorted(re.findall(r"sent again: (\d)", shown)) == ["0", "1"]
    assert len(mailbox.to(ANA)) == 1


async def test_r18_what_was_sent_is_refused_unless_it_is_wanted_anyway(
    notifier: System, mailbox: Mailbox, capfd: Capture
) -> None:
    contact, mail = await a_receipt_that_failed(notifier, mailbox)
    await printed(capfd, again, mail)
    await eventually(lambda: is_sent(notifier, contact))

    refused, complaint = await printed(capfd, again, mail)
    forced, _ = await printed(capfd, again, mail, anyway=True)

    assert (refused, forced) == (1, 0)
    assert "já foi enviada" in complaint
    await eventually(lambda: len(mailbox.to(ANA)) == 2)


async def test_r27_what_was_erased_is_not_sent_again_and_a_resent_mail_leaves_no_text_behind(
    notifier: System, mailbox: Mailbox, capfd: Capture
) -> None:
    contact, mail = await a_receipt_that_failed(notifier, mailbox)
    await printed(capfd, again, mail)
    await eventually(lambda: is_sent(notifier, contact))
    _, other = await a_receipt_that_failed(notifier, mailbox)
    deliveries = notifier.services[0].database["deliveries"]

    await notifier.publish(emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO.replace(year=2027)))
    await notifier.quiet()
    code, complaint = await printed(capfd, again, other)

    assert (code, "não está mais guardado" in complaint) == (1, True)
    assert len(mailbox.to(ANA)) == 1
    kept = [bytes(entry["body"]).decode() for entry in (await deliveries.find_one({"_id": mail}))["told"]]
    assert kept
    assert not any(ANA in body or "Estou sem" in body for body in kept)


async def test_nothing_named_is_nothing_sent(capfd: Capture) -> None:
    code, complaint = await printed(capfd, again)

    assert (code, "--failed" in complaint) == (1, True)
