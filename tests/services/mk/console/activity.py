"""What figures and lists are of: tickets of a fortnight, messages by outcome, and what didn't arrive."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts import mk
from contracts.operating import (
    AllowAgain,
    Allowed,
    CountMessages,
    ListUndelivered,
    ListUnreachable,
    MessageCount,
    MessageCounts,
    SendAgain,
    SentAgain,
    Undelivered,
    UndeliveredList,
    Unreachable,
    UnreachableList,
)
from tests.mk import life
from tests.services.mk.console.browser import NOON, Console
from tests.system import emitted

FAILED, MAYBE, OF_SECTOR = UUID(int=1), UUID(int=2), UUID(int=3)


def undelivered(name: UUID = FAILED, **fields: Any) -> Undelivered:  # noqa: ANN401 - its fields
    usual = {
        "notification_id": name,
        "at": NOON - timedelta(hours=1),
        "type": "TicketClosed.v1",
        "channel": "email",
        "recipient": "customer",
        "customer_id": "ana",
        "ticket_id": "t1",
        "state": "failed",
        "reason": "given up",
        "attempts": 6,
        "first_at": NOON - timedelta(hours=5),
    }
    return Undelivered.model_validate(usual | fields)


def is_off(**fields: object) -> Unreachable:
    usual = {
        "channel": "email",
        "reason": "SMTP 550 5.1.1 (address): no such user",
        "since": NOON - timedelta(days=4),
        "until": NOON + timedelta(days=26),
    }
    return Unreachable.model_validate(usual | fields)


def answer(console: Console, failed: Sequence[Undelivered] = (), off: Sequence[Unreachable] = ()) -> None:
    """Let the notifier list these."""
    console.services.answers(ListUndelivered, UndeliveredList(items=list(failed), total=len(failed)))
    console.services.answers(ListUnreachable, UnreachableList(items=list(off), total=len(off)))


async def a_ticket(console: Console, name: str, *, days_ago: int, sector: str = "tecnico", score: int = 0) -> None:
    """A ticket that was opened so long ago; with a score it was closed two hours later and rated."""
    of = {"ticket_id": name, "protocol": f"2026112700{len(name):04}{name}"}
    at = NOON - timedelta(days=days_ago, hours=3)
    opening = {**of, "event_id": uuid4(), "sector_id": sector, "opened_at": at, "occurred_at": at}
    await console.happens(life.opened().model_copy(update=opening))
    if score:
        ended = at + timedelta(hours=2)
        closing = {**of, "event_id": uuid4(), "closed_at": ended, "occurred_at": ended}
        answer = {**of, "event_id": uuid4(), "occurred_at": ended}
        await console.happens(
            life.closed(hour=2).model_copy(update=closing),
            life.submitted(hour=3, score=score).model_copy(update=answer),
        )


async def a_fortnight(console: Console) -> None:
    """Let two sectors have a few tickets, and channels carry messages."""
    for sector, name in (("tecnico", "Técnico"), ("comercial", "Comercial")):
        await console.stores.register.record(
            emitted(mk.SectorSaved, sector_id=sector, name=name, responsible_email="a@b.example", generate_ticket=True)
        )
    await a_ticket(console, "a", days_ago=0, score=5)
    await a_ticket(console, "b", days_ago=0)
    await a_ticket(console, "c", days_ago=3, sector="comercial", score=2)
    await a_ticket(console, "d", days_ago=20, score=5)
    counted = (("inbox", "sent", 2_140), ("push", "deferred", 96), ("email", "failed", 5), ("telegram", "deferred", -1))
    console.services.answers(
        CountMessages,
        MessageCounts(
            items=[
                MessageCount(day=date(2026, 11, 27), channel=channel, outcome=outcome, count=count)
                for channel, outcome, count in counted
            ]
        ),
    )


async def much_that_failed(console: Console) -> None:
    """Let a sector have no address, three messages fail and a channel of Ana's be off; she has the ticket t1."""
    register = console.stores.register
    await register.record(emitted(mk.CustomerSaved, customer_id="ana", name="Marina Azevedo", connections=()))
    for sector, name, email in (("tecnico", "Técnico", "tec@provedor.example"), ("retencao", "Retenção", None)):
        await register.record(
            emitted(mk.SectorSaved, sector_id=sector, name=name, responsible_email=email, generate_ticket=True)
        )
    await console.happens(life.opened())
    maybe = undelivered(MAYBE, state="unknown", reason="outcome unknown")
    of_sector = undelivered(
        OF_SECTOR, recipient="sector", sector_id="tecnico", reason="SMTP 552 5.2.2 full", ticket_id=None
    )
    answer(console, [undelivered(), maybe, of_sector], [is_off(customer_id="ana")])
    console.services.answers(SendAgain, SentAgain(notification_id=FAILED))
    console.services.answers(AllowAgain, Allowed(addresses=1))
