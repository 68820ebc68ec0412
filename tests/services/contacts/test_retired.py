"""What the last release still sends counts, and nothing of it becomes a dead letter."""

from typing import Any
from uuid import uuid4

from contracts import notifier
from contracts.message import Message
from tests.services.contacts.memory import Running
from tests.services.contacts.provider import CONTACT, RECEIVED, a_contact, progress
from tests.system import emitted


def a_report(of: type[Message], **more: object) -> Message:
    about = {"event_id": RECEIVED, "type": "ContactReceived.v1"}
    fields: dict[str, Any] = {"notification_id": uuid4(), "about": about, "channel": "email", "recipient": "customer"}
    return emitted(of, **fields | more)


async def test_what_v0_1_reports_of_each_mail_still_counts(running: Running) -> None:
    await running.answer(a_contact())
    to_customer = a_report(notifier.NotificationSent)
    to_sector = a_report(notifier.NotificationSkipped, recipient="sector", reason="no address")

    await running.publish(to_sector, to_sector, to_customer, to_customer)

    assert (await running.answer(progress(CONTACT)))["state"] == "emailed"


async def test_what_v0_1_reports_of_other_things_changes_nothing(running: Running) -> None:
    await running.answer(a_contact())
    elsewhere = {"event_id": uuid4(), "type": "ContactReceived.v1"}
    before = running.contacts.kept[CONTACT]

    await running.publish(
        a_report(notifier.NotificationSent, channel="inbox"),
        a_report(notifier.NotificationSent, about=elsewhere),
        a_report(notifier.NotificationSent, about={"event_id": RECEIVED, "type": "TicketOpened.v1"}),
    )

    assert running.contacts.kept[CONTACT] == before


async def test_v0_1_finds_a_contact_by_the_event_that_was_emitted(running: Running) -> None:
    await running.answer(a_contact())

    assert running.contacts.emitted[0].event_id == running.contacts.kept[CONTACT].received_event
