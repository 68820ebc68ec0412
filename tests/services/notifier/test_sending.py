"""Sending what can't be undone, on real parts: outages, refusals, crashes and rivals (R18, R19)."""

from datetime import timedelta
from functools import partial
from typing import Any

from chassis.messaging.envelope import Envelope
from chassis.service import Service
from contracts.notifier import EmailDue, NotificationFailed, NotificationSent, NotificationSkipped
from contracts.topology import RETRY_LADDER, rung
from services.notifier.deliver.store import MongoDeliveries
from services.notifier.settings import Settings
from tests.eventually import eventually
from tests.services.notifier.world import ANA, SECTOR, a_contact, a_mail, a_notifier
from tests.smtp import Mailbox
from tests.system import System

IMPATIENT = {"smtp_timeout": timedelta(seconds=1)}


def words(system: System, of: type[Any], due: EmailDue) -> list[dict[str, Any]]:
    return system.received_of(of, notification_id=str(due.notification_id))


async def test_r11_a_missing_address_is_recorded_and_everything_else_goes_on(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)

    await system.publish(a_contact(generate_ticket=False, sector_email=None))

    await eventually(lambda: len(mailbox.to(ANA)) == 1)
    await eventually(lambda: len(system.received_of(NotificationSkipped)) == 1)
    skipped = system.received_of(NotificationSkipped)[0]
    assert (skipped["channel"], skipped["recipient"], skipped["reason"]) == ("email", "sector", "no address")
    assert skipped["about"]["type"] == "ContactReceived.v1"


async def test_r19_a_server_that_asks_to_try_later_gets_the_mail_later_once(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    mailbox.refuse("451 4.3.0 try again later", times=2)
    due = a_mail()

    await system.publish(due)

    await eventually(lambda: len(words(system, NotificationSent, due)) == 1)
    await system.quiet()
    assert len(mailbox.messages) == 1
    assert mailbox.attempts == 3
    assert words(system, NotificationFailed, due) == []


async def test_r19_an_address_refused_for_good_is_switched_off_and_the_inbox_still_has_the_message(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    mailbox.refused_recipients[ANA] = f"550 5.1.1 <{ANA}>: no such user"

    await system.publish(a_contact(generate_ticket=False))
    await eventually(lambda: len(system.received_of(NotificationFailed)) == 1)
    mailbox.accept()
    await system.publish(a_contact(generate_ticket=False))
    await eventually(lambda: len(system.received_of(NotificationSkipped)) == 1)

    assert system.received_of(NotificationFailed)[0]["reason"] == "SMTP 550 5.1.1 (address): no such user"
    skipped = system.received_of(NotificationSkipped)[0]
    assert skipped["reason"] == "address refused: SMTP 550 5.1.1 (address): no such user"
    assert mailbox.to(ANA) == []
    await eventually(lambda: len(mailbox.to(SECTOR)) == 2)
    await eventually(lambda: len(system.received_of(NotificationSent, channel="inbox")) == 2)


async def test_r19_a_mail_server_that_is_down_gets_the_mail_when_it_is_up(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    mailbox.stop()
    due = a_mail()

    await system.publish(due)
    await eventually(lambda: waits(system))
    mailbox.start()

    await eventually(lambda: len(words(system, NotificationSent, due)) == 1)
    assert len(mailbox.messages) == 1
    assert await system.dead("notifier") == []


async def test_r19_a_mail_that_is_given_up_is_failed_and_listed_and_can_be_sent_again(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    mailbox.refuse("451 4.3.0 try again later")
    due = a_mail()

    await system.publisher.publish(
        Envelope(
            exchange="",
            routing_key="notifier.email",
            body=due.model_dump_json().encode(),
            type=due.type_name(),
            headers={
                "x-atendo-exchange": "atendo",
                "x-atendo-key": due.routing_key(),
                "x-atendo-attempts": len(RETRY_LADDER),
            },
        )
    )
    await eventually(lambda: depth_is(system, "notifier.dead", 1))
    await eventually(lambda: [word["reason"] for word in words(system, NotificationFailed, due)] == ["given up"])
    mailbox.accept()
    await system.publish(due)

    await eventually(lambda: len(words(system, NotificationSent, due)) == 1)
    assert len(mailbox.messages) == 1


async def test_r18_a_receipt_found_half_sent_after_a_crash_is_sent_again_with_the_same_message_id(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    due = a_mail()
    await a_replica_that_died_sending(system, due)

    await system.publish(due)

    await eventually(lambda: len(words(system, NotificationSent, due)) == 1)
    assert [message["Message-ID"] for message in mailbox.messages] == [f"<{due.notification_id}@atendo.local>"]


async def test_r18_a_lifecycle_mail_found_half_sent_after_a_crash_is_unknown_and_not_sent_again(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    due = a_mail("ticket_closed")
    await a_replica_that_died_sending(system, due)

    await system.publish(due)

    failed = await eventually(lambda: words(system, NotificationFailed, due))
    assert [word["reason"] for word in failed] == ["outcome unknown"]
    assert mailbox.messages == []


async def test_r18_a_lifecycle_mail_whose_answer_is_lost_is_unknown_and_not_sent_again(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox, **IMPATIENT)
    mailbox.delay = timedelta(seconds=30)
    due = a_mail("ticket_closed")

    await system.publish(due)
    failed = await eventually(lambda: words(system, NotificationFailed, due))
    mailbox.accept()
    await system.publish(due)

    assert [word["reason"] for word in failed] == ["outcome unknown"]
    await system.quiet()
    assert mailbox.messages == []
    assert len(words(system, NotificationFailed, due)) == 1


async def test_r18_a_mail_that_somebody_else_is_sending_is_left_to_them(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox)
    due = a_mail()
    await a_replica_that_died_sending(system, due, lease=timedelta(minutes=5))

    await system.publish(due)

    await eventually(lambda: waits(system))
    assert mailbox.messages == []


async def test_a_mail_without_words_is_a_dead_letter_and_its_neighbours_are_sent(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    wordless, due = a_mail("ticket_closed"), a_mail()
    wordless = wordless.model_copy(update={"template": "ticket_vanished"})

    await system.publish(wordless, due)

    await eventually(lambda: depth_is(system, "notifier.dead", 1))
    await eventually(lambda: len(mailbox.messages) == 1)
    (letter,) = await system.dead("notifier")
    assert letter.headers["x-atendo-reason"] == "permanent"
    await eventually(lambda: [word["reason"] for word in words(system, NotificationFailed, wordless)] == ["given up"])


async def test_a_mail_beyond_the_hourly_cap_is_skipped_and_a_receipt_never_is(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox, mail_hourly_cap=1)
    first, second, receipt = a_mail("evaluation_reminded"), a_mail("evaluation_reminded"), a_mail()

    for due in (first, second, receipt):
        await system.publish(due)
        await eventually(partial(has_ended, system, due))

    assert [word["reason"] for word in words(system, NotificationSkipped, second)] == ["over the hourly cap"]
    assert len(words(system, NotificationSent, receipt)) == 1
    assert len(mailbox.messages) == 2


def has_ended(system: System, due: EmailDue) -> bool:
    return bool(words(system, NotificationSent, due) + words(system, NotificationSkipped, due))


async def a_replica_that_died_sending(
    system: System, due: EmailDue, *, lease: timedelta = timedelta(seconds=1)
) -> None:
    """Leave behind what a replica leaves that claimed a mail and came no further."""
    replica = Service("notifier", Settings.model_validate(system.environment))
    deliveries = MongoDeliveries(replica, lease=lease)
    await deliveries.claim(due, handed_over=False, now=replica.clock())
    replica.client.close()


async def waits(system: System) -> bool:
    """Whether a message is on the ladder, on whatever rung it is found."""
    return any([await system.depth(f"notifier.retry.{rung(delay)}") for delay in RETRY_LADDER])


async def depth_is(system: System, queue: str, depth: int) -> bool:
    return await system.depth(queue) == depth
