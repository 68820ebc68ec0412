"""The ledger: what became of every notification, and how one that didn't arrive is sent again (R17, R19), on fakes."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from chassis.messaging.recoverability import IN_PLACE
from contracts import mk
from contracts.notifier import ContactAcknowledged, EmailDue, NotificationSent
from contracts.operating import Explained, SendAgain, SentAgain
from contracts.topology import RETRY_LADDER
from services.notifier.decide.explanation import TRIES_AT_ONCE, Progress, next_try
from services.notifier.errors import MailRefused, MailServerAway, OutcomeUnknown
from tests.services.notifier.fakes import UNTIL
from tests.services.notifier.whole import Whole
from tests.services.notifier.world import ANA, SECTOR, a_contact, a_mail, an_opening, ana
from tests.system import LONG_AGO, emitted

FULL = MailRefused("SMTP 552 5.2.2 mailbox full", by_mailbox=False)
GONE = MailRefused("SMTP 550 5.1.1 (address): no such user", by_mailbox=True)
LATER = MailServerAway("SMTP 451 4.3.0 try again later")
NEW_ADDRESS = "ana.souza@outro.example"


@pytest.fixture
def whole() -> Whole:
    return Whole()


async def receipt(whole: Whole, recipient: str = "customer") -> Explained:
    """Ana's only contact's line about the mail to one of the two."""
    (contact,) = whole.contacts.kept
    return (await whole.explained(contact))["ContactReceived.v1", "email", recipient]


async def again(whole: Whole, line: Explained, *, anyway: bool = False) -> SentAgain:
    """Have the notification of a line sent again."""
    asked = SendAgain(request_id=uuid4(), notification_id=line.sendings[0].notification_id, anyway=anyway)
    answer: SentAgain = await whole.answer(asked)
    await whole.send()
    return answer


async def test_r17_a_line_shows_how_often_it_was_tried_when_and_what_the_server_answered(whole: Whole) -> None:
    begun = whole.now
    whole.mail.failures = [LATER]
    with pytest.raises(MailServerAway):
        await whole.publish(a_contact(generate_ticket=False, sector_email=None))
    (waiting,) = (await receipt(whole)).sendings

    whole.now = begun.replace(hour=begun.hour + 1)
    whole.mail.failures = [LATER]
    (due,) = [one for one in whole.emitted(EmailDue) if one.recipient == "customer"]
    with pytest.raises(MailServerAway):
        await whole.handle(due)
    await whole.handle(due)

    (sent,) = (await receipt(whole)).sendings
    assert (waiting.state, waiting.attempts, waiting.answer) == ("queued", 1, "SMTP 451 4.3.0 try again later")
    assert (sent.state, sent.attempts, sent.answer) == ("sent", 3, "SMTP 250 2.0.0 taken as 1")
    assert (sent.first_at, sent.last_at) == (begun, whole.now)


async def test_r17_a_line_shows_until_when_an_address_is_off_until_it_is_allowed_again(whole: Whole) -> None:
    whole.mail.refuses[ANA] = GONE
    await whole.publish(a_contact(generate_ticket=False))
    first = await receipt(whole)
    whole.contacts.kept.clear()
    await whole.publish(a_contact(generate_ticket=False))
    second = await receipt(whole)
    sector = await receipt(whole, "sector")
    whole.addresses.kept.clear()

    allowed = await receipt(whole)

    assert (first.state, first.sendings[0].off_until) == ("failed", UNTIL)
    assert (second.state, second.sendings[0].off_until) == ("skipped", UNTIL)
    assert (sector.sendings[0].off_until, allowed.sendings[0].off_until) == (None, None)


@pytest.mark.parametrize(
    ("attempts", "not_before", "expected"),
    [
        (1, None, timedelta()),
        (TRIES_AT_ONCE, None, RETRY_LADDER[0]),
        (TRIES_AT_ONCE + 1, None, timedelta()),
        (2 * TRIES_AT_ONCE, None, RETRY_LADDER[1]),
        (9 * TRIES_AT_ONCE, None, RETRY_LADDER[-1]),
        (1, LONG_AGO + timedelta(minutes=7), timedelta(minutes=7)),
    ],
)
def test_r17_what_waits_is_tried_again_when_the_ladder_or_its_server_says(
    attempts: int, not_before: datetime | None, expected: timedelta
) -> None:
    waiting = Progress("queued", None, LONG_AGO, attempts, last_at=LONG_AGO, not_before=not_before)

    assert next_try(waiting) == LONG_AGO + expected
    assert next_try(replace(waiting, state="sent")) is None
    assert next_try(replace(waiting, last_at=None)) is None


def test_a_message_is_tried_so_often_each_time_that_it_comes_from_the_ladder() -> None:
    assert 1 + len(IN_PLACE) == TRIES_AT_ONCE


async def test_r17_a_line_shows_when_it_is_tried_again(whole: Whole) -> None:
    whole.mail.failures = [LATER]
    with pytest.raises(MailServerAway):
        await whole.publish(a_contact(generate_ticket=False, sector_email=None))

    (waiting,) = (await receipt(whole)).sendings

    assert waiting.next_at == whole.now


async def test_r17_every_cell_has_its_line_also_what_was_not_sent_and_why(whole: Whole) -> None:
    contact = a_contact(sector_email=None)
    await whole.publish(contact, an_opening(contact.contact_id, level="none"))

    lines = await whole.explained(contact.contact_id)

    assert {place: (one.decision, one.reason, one.state) for place, one in lines.items()} == {
        ("ContactReceived.v1", "email", "customer"): ("send", "always told", "sent"),
        ("ContactReceived.v1", "email", "sector"): ("skip", "no address", None),
        ("ContactReceived.v1", "inbox", "customer"): ("send", "always told", "sent"),
        ("TicketOpened.v1", "email", "customer"): ("skip", "not carried by email", None),
        ("TicketOpened.v1", "inbox", "customer"): ("skip", "level none", None),
    } | {
        (kind, channel, "customer"): ("skip", why, None)
        for channel in ("push", "telegram")
        for kind, why in (("ContactReceived.v1", f"not carried by {channel}"), ("TicketOpened.v1", "not set up"))
    }


async def test_r17_each_address_of_a_recipient_has_its_own_account_and_the_best_stands_first(whole: Whole) -> None:
    whole.mail.refuses["um@x.example"] = GONE
    await whole.publish(a_contact(generate_ticket=False, sector_email="um@x.example, dois@x.example"))

    line = await receipt(whole, "sector")

    assert line.state == "sent"
    assert [(one.state, one.answer) for one in line.sendings] == [
        ("sent", "SMTP 250 2.0.0 taken as 1"),
        ("failed", GONE.reason),
    ]


async def test_r19_what_failed_is_sent_again_once_with_the_same_message_id(whole: Whole) -> None:
    whole.mail.refuses[ANA] = FULL
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()

    answer = await again(whole, await receipt(whole))

    line = await receipt(whole)
    assert not answer.under_way
    assert (line.state, line.state_reason, line.sendings[0].attempts) == ("sent", None, 2)
    (mail,) = whole.mails(ANA)
    assert mail["Message-ID"].startswith(f"<{line.sendings[0].notification_id}@")
    assert [one.recipient for one in whole.emitted(NotificationSent) if one.channel == "email"].count("customer") == 1


async def test_r19_a_receipt_that_arrives_at_last_corrects_its_contact_and_acknowledges_nothing_twice(
    whole: Whole,
) -> None:
    whole.mail.refuses[ANA] = FULL
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()

    line = await receipt(whole)
    await again(whole, line)

    (contact,) = whole.contacts.kept.values()
    assert contact.outcomes is not None
    assert contact.outcomes[line.sendings[0].notification_id].state == "sent"
    assert len(whole.emitted(ContactAcknowledged)) == 1


async def test_r19_sending_again_what_is_under_way_does_nothing(whole: Whole) -> None:
    whole.mail.refuses[ANA] = FULL
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()
    whole.sends = False
    line = await receipt(whole)
    await again(whole, line)

    second = await again(whole, line)
    whole.sends = True
    await whole.send()

    assert second.under_way
    assert len(whole.mails(ANA)) == 1


async def test_r19_the_same_command_twice_sends_once(whole: Whole) -> None:
    whole.mail.refuses[ANA] = FULL
    await whole.publish(a_contact(generate_ticket=False))
    whole.mail.refuses.clear()
    line = await receipt(whole)
    command = SendAgain(request_id=uuid4(), notification_id=line.sendings[0].notification_id, anyway=True)

    for _ in range(2):
        await whole.answer(command)
        await whole.send()

    assert len(whole.mails(ANA)) == 1


async def test_r18_what_was_sent_is_refused_unless_it_is_wanted_anyway(whole: Whole) -> None:
    await whole.publish(a_contact(generate_ticket=False))
    line = await receipt(whole)
    command = SendAgain(request_id=uuid4(), notification_id=line.sendings[0].notification_id)

    problem = await whole.problem(command)
    assert len(whole.mails(ANA)) == 1
    await again(whole, line, anyway=True)

    assert (problem.status, problem.detail) == (409, "Esta notificação já foi enviada.")
    assert len(whole.mails(ANA)) == 2
    assert len({mail["Message-ID"] for mail in whole.mails(ANA)}) == 1


async def test_r18_what_nobody_knows_the_fate_of_is_sent_again_when_somebody_asks_for_it(whole: Whole) -> None:
    lost = a_mail("ticket_closed")
    whole.tickets.emitted.append(lost)
    whole.mail.failures = [OutcomeUnknown("SMTPServerDisconnected")]
    await whole.send()
    assert whole.deliveries.states() == ["unknown"]

    await whole.answer(SendAgain(request_id=uuid4(), notification_id=lost.notification_id))
    await whole.send()

    assert whole.deliveries.states() == ["sent"]
    assert len(whole.mails(ANA)) == 1


async def test_r19_what_was_refused_by_its_mailbox_goes_to_the_address_that_mk_has_now(whole: Whole) -> None:
    whole.mail.refuses[ANA] = GONE
    await whole.publish(ana(), a_contact(generate_ticket=False), ana(email=NEW_ADDRESS))

    await again(whole, await receipt(whole))

    assert (await receipt(whole)).state == "sent"
    assert len(whole.mails(NEW_ADDRESS)) == 1


async def test_r19_what_was_skipped_for_its_address_is_sent_once_that_is_allowed(whole: Whole) -> None:
    whole.addresses.kept["sector:tecnico"] = {SECTOR: "SMTP 550 5.1.1"}
    await whole.publish(a_contact(generate_ticket=False))
    skipped = await receipt(whole, "sector")
    whole.addresses.kept.clear()

    await again(whole, skipped)

    assert (skipped.state, skipped.state_reason) == ("skipped", "address refused: SMTP 550 5.1.1")
    assert len(whole.mails(SECTOR)) == 1


async def test_r27_nothing_is_sent_again_to_whom_was_erased(whole: Whole) -> None:
    whole.mail.failures = [LATER]
    with pytest.raises(MailServerAway):
        await whole.publish(a_contact(generate_ticket=False, sector_email=None))
    await whole.publish(emitted(mk.CustomerErased, customer_id="ana", at=LONG_AGO.replace(year=2027)))
    line = await receipt(whole)

    problem = await whole.problem(
        SendAgain(request_id=uuid4(), notification_id=line.sendings[0].notification_id, anyway=True)
    )

    assert (problem.status, problem.detail) == (409, "Esta notificação não é para ser enviada: customer erased.")


async def test_what_was_never_on_its_way_cannot_be_sent_again(whole: Whole) -> None:
    problem = await whole.problem(SendAgain(request_id=uuid4(), notification_id=uuid4()))

    assert problem.status == 404
