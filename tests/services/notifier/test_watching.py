"""What operators watch of all messages together: what didn't arrive, whom nothing reaches, and the figures."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from contracts import mk
from contracts.notifier import ContactAcknowledged, NotificationFailed
from contracts.operating import (
    AllowAgain,
    Allowed,
    CountMessages,
    ListUndelivered,
    ListUnreachable,
    MessageCount,
    SendAgain,
    UndeliveredList,
    UnreachableList,
)
from services.notifier.decide.domain import Decision, Verdict
from services.notifier.decide.receipts import Contact
from services.notifier.deliver.figures import Place, Tally
from tests.eventually import eventually
from tests.services.notifier.world import ANA, SECTOR, a_contact, a_notifier, an_opening, ana
from tests.smtp import Mailbox
from tests.system import System, emitted

NOW = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
YESTERDAY_THERE = date(2026, 11, 26)


class InMemoryFigures:
    """What was counted; the database is away for the first `failures` times."""

    def __init__(self, failures: int = 0) -> None:
        self.kept: dict[Place, int] = {}
        self._failures = failures

    async def add(self, counts: Mapping[Place, int]) -> None:
        """Add."""
        if self._failures:
            self._failures -= 1
            raise ConnectionError
        for place, count in counts.items():
            self.kept[place] = self.kept.get(place, 0) + count

    async def since(self, day: date) -> list[MessageCount]:
        """Those of then and later."""
        return [
            MessageCount(day=place[0], channel=place[1], outcome=place[2], count=count)
            for place, count in self.kept.items()
            if place[0] >= day
        ]


def a_tally(figures: InMemoryFigures) -> Tally:
    return Tally(figures, ZoneInfo("America/Sao_Paulo"), lambda: NOW)


def a_failure() -> NotificationFailed:
    about = {"event_id": uuid4(), "type": "TicketClosed.v1"}
    return emitted(NotificationFailed, at=NOW, notification_id=uuid4(), about=about, channel="push", reason="gone")


async def test_what_ended_is_counted_on_the_providers_own_day() -> None:
    figures = InMemoryFigures()
    tally = a_tally(figures)

    tally.count_ends([a_failure(), a_failure()])
    await tally.keep()

    assert figures.kept == {(YESTERDAY_THERE, "push", "failed"): 2}


async def test_what_can_not_be_kept_now_is_kept_once_later() -> None:
    figures = InMemoryFigures(failures=1)
    tally = a_tally(figures)
    tally.count_ends([a_failure()])

    with pytest.raises(ConnectionError):
        await tally.keep()
    for _ in range(2):
        await tally.keep()

    assert figures.kept == {(YESTERDAY_THERE, "push", "failed"): 1}


@pytest.mark.parametrize(("became", "count"), [("defer", 1), ("send", 0), ("skip", 0)])
async def test_r20_what_is_held_back_counts_as_deferred_for_as_long_as_it_waits(became: Verdict, count: int) -> None:
    figures = InMemoryFigures()
    tally = a_tally(figures)
    event = uuid4()

    def a_contact_with(verdict: Verdict) -> Contact:
        decision = Decision(event, "TicketClosed.v1", NOW, "push", "customer", verdict, "", NOW)
        return Contact(uuid4(), "ana", decisions=(decision,))

    tally.count_decisions(None, a_contact_with("defer"))
    await tally.keep()
    tally.count_decisions(a_contact_with("defer"), a_contact_with(became))
    await tally.keep()

    assert figures.kept == {(YESTERDAY_THERE, "push", "deferred"): count}


async def test_r19_what_failed_is_listed_with_whom_it_was_for_until_it_is_sent_again(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    mailbox.refused_recipients = {ANA: "552 5.2.2 mailbox full", SECTOR: "552 5.2.2 mailbox full"}
    contact = a_contact(generate_ticket=False)
    await system.publish(contact)
    await eventually(lambda: system.received_of(ContactAcknowledged))
    mailbox.accept()

    listed = await undelivered(system)
    for one in listed.items:
        await system.answer(SendAgain(request_id=uuid4(), notification_id=one.notification_id))
    await eventually(lambda: mailbox.to(ANA) and mailbox.to(SECTOR))

    assert {(one.recipient, one.customer_id, one.sector_id, one.state, one.attempts) for one in listed.items} == {
        ("customer", "ana", None, "failed", 1),
        ("sector", "ana", "tecnico", "failed", 1),
    }
    assert (listed.total, {one.reason for one in listed.items}) == (2, {"SMTP 552 5.2.2 mailbox full"})
    await eventually(lambda: is_empty(system))


async def undelivered(system: System, *, since: timedelta = timedelta(hours=1)) -> UndeliveredList:
    asked = ListUndelivered(request_id=uuid4(), since=datetime.now(UTC) - since)
    return asked.answer().validate_python(await system.answer(asked))


async def is_empty(system: System) -> bool:
    return (await undelivered(system)).total == 0


async def test_r19_an_address_that_is_off_is_listed_and_is_written_to_again_when_an_operator_allows_it(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    mailbox.refused_recipients = {ANA: "550 5.1.1 no such user"}
    await system.publish(ana(), a_contact(generate_ticket=False))
    await eventually(lambda: unreachable(system, total=1))
    [listed] = (await the_unreachable(system)).items
    mailbox.accept()

    allowed = [await allow(system) for _ in range(2)]
    await system.publish(a_contact(generate_ticket=False))
    await eventually(lambda: mailbox.to(ANA))

    assert (listed.customer_id, listed.channel, listed.reason) == ("ana", "email", "SMTP 550 5.1.1 no such user")
    assert listed.until is not None
    assert listed.until - listed.since == timedelta(days=30)
    assert [one.addresses for one in allowed] == [1, 0]
    assert (await the_unreachable(system)).total == 0


async def test_r11_a_sector_without_an_address_is_listed_and_a_customer_without_one_is_not(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    await system.publish(
        emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=False),
        a_contact(generate_ticket=False, sector_email=None, email=None),
    )

    await eventually(lambda: unreachable(system, total=1))

    assert [
        (one.sector_id, one.customer_id, one.reason, one.until) for one in (await the_unreachable(system)).items
    ] == [("tecnico", None, "no address", None)]


async def the_unreachable(system: System) -> UnreachableList:
    asked = ListUnreachable(request_id=uuid4())
    return asked.answer().validate_python(await system.answer(asked))


async def unreachable(system: System, *, total: int) -> bool:
    return len((await the_unreachable(system)).items) == total


async def allow(system: System) -> Allowed:
    asked = AllowAgain(request_id=uuid4(), customer_id="ana")
    return asked.answer().validate_python(await system.answer(asked))


async def test_messages_are_counted_by_channel_and_outcome(system: System, mailbox: Mailbox) -> None:
    await a_notifier(system, mailbox, optional_channels="")
    contact = a_contact()

    await system.publish(contact, an_opening(contact.contact_id))

    await eventually(lambda: counted(system, {("inbox", "sent"): 1, ("email", "sent"): 2}))


async def counted(system: System, wanted: dict[tuple[str, str], int]) -> bool:
    asked = CountMessages(request_id=uuid4(), days=7)
    found = asked.answer().validate_python(await system.answer(asked))
    # a line a day: they may have been sent on two
    total = Counter[tuple[str, str]]()
    for one in found.items:
        total[one.channel, one.outcome] += one.count
    return dict(total) == wanted
