"""What a step of a ticket costs doesn't grow with its timeline: bytes and calls are counted."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from types import FrameType
from typing import Any

import bson
import pytest
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import monitoring

from chassis.persistence.recent import Kept
from chassis.service import Service
from contracts import mk, tickets
from services.notifier.app import build as build_notifier
from services.notifier.decide import timeline
from services.notifier.decide.documents import ticket_document as notifiers_document
from services.notifier.decide.facts import event_of
from services.notifier.decide.store import MongoTickets as NotifiersTickets
from services.notifier.settings import Settings as NotifierSettings
from services.tickets.app import build as build_tickets
from services.tickets.domain import changes, openings, resolution
from services.tickets.domain.ticket import Ticket
from services.tickets.settings import Settings as TicketsSettings
from services.tickets.store import MongoTickets
from services.tickets.store import ticket_document as tickets_document
from tests.journeys.counting import is_by_the_clock
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System, emitted

SHORT, LONG = 10, 1_000
AT_MOST = 1.2
"""How many times the bytes of a step on a short timeline one on a long timeline may take."""

_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


class Bytes(monitoring.CommandListener):
    """Counts the bytes of what collections named `tickets` are asked and what they answer.

    Clearing is left out, and so are looks by the clock.
    """

    def __init__(self) -> None:
        self.counted = 0
        self._left_out: set[int] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count what is asked."""
        if is_by_the_clock(event.command):
            self._left_out.add(event.request_id)
        elif event.command.get(event.command_name) == "tickets" and not self._clears(event.command):
            self.counted += len(bson.encode(event.command, codec_options=_OPTIONS))

    @staticmethod
    def _clears(command: Any) -> bool:  # noqa: ANN401 - a command, as the driver has it
        return any("$pull" in one["u"] for one in command.get("updates", ()))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Count documents that come back."""
        if event.command_name == "find" and event.request_id not in self._left_out:
            self.counted += len(bson.encode(event.reply, codec_options=_OPTIONS))

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Count nothing."""


@pytest.fixture
def traffic() -> Iterator[Bytes]:
    """Give what counts, for every client that is made from now on."""
    counting = Bytes()
    monitoring.register(counting)
    yield counting
    monitoring._LISTENERS.command_listeners.remove(counting)  # noqa: SLF001 - the driver has no way to take one back


def minute(number: int) -> datetime:
    """So many minutes after the beginning."""
    return LONG_AGO + timedelta(minutes=number)


def a_phase(number: int, ticket_id: str) -> mk.PhaseChanged:
    return emitted(mk.PhaseChanged, at=minute(number), ticket_id=ticket_id, process="Suporte", phase=f"Fase {number}")


def announced(number: int, ticket_id: str) -> tickets.PhaseChanged:
    common = {"protocol": ticket_id, "customer_id": "ana", "notification_level": "all", "version": number}
    more = {"process": "Suporte", "phase": f"Fase {number}", **common}
    return emitted(tickets.PhaseChanged, at=minute(number), ticket_id=ticket_id, **more)


async def bytes_of_a_step(service: Service, traffic: Bytes, message: Callable[[int, str], Any], ticket_id: str) -> int:
    """What the second of two steps takes: the first is what brings the ticket into the replica's hands."""
    await service.handle(message(LONG + 1, ticket_id))
    traffic.counted = 0
    await service.handle(message(LONG + 2, ticket_id))
    return traffic.counted


def calls_of(work: Callable[[], object]) -> int:
    """How many functions written in Python are called; a look at each of many things without a call isn't counted."""
    counted = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal counted
        counted += event == "call" and not frame.f_code.co_name.startswith("<")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def an_opened(ticket_id: str, *, length: int) -> tuple[mk.TicketOpened, Ticket]:
    """A ticket with so many phases, and the message that opened it."""
    opening = emitted(
        mk.TicketOpened,
        ticket_id=ticket_id,
        customer_id="ana",
        complaint="Sem sinal",
        notification_level="all",
        opened_by="o",
    )
    chosen = resolution.chosen_by_operator(opening)
    ticket, _ = changes.open_ticket(
        Ticket(ticket_id), openings.asked_by_operator(opening, chosen, protocol=f"{length:014}")
    )
    steps = [a_phase(number, ticket_id) for number in range(length)]
    return opening, reduce(lambda so_far, step: changes.note(so_far, step)[0], steps, ticket)


def a_followed(ticket_id: str, *, length: int) -> timeline.Ticket:
    """A ticket as the notifier knows it, with so many phases."""
    ticket = timeline.Ticket(ticket_id, "ana", ticket_id)
    for number in range(length):
        ticket, _ = timeline.note(ticket, event_of(announced(number, ticket_id), {}, erased=False), now=LONG_AGO)
    return ticket


async def test_a_step_of_a_long_ticket_costs_tickets_what_one_of_a_short_ticket_does(
    system: System, traffic: Bytes
) -> None:
    service = await system.run(build_tickets, TicketsSettings)
    stored = MongoTickets(service)
    for length in (SHORT, LONG):
        name = f"t{length}"
        opening, ticket = an_opened(name, length=length)
        await stored.update(name, lambda _, made=ticket: (made, []), cause=opening)  # type: ignore[misc]

    short = await bytes_of_a_step(service, traffic, a_phase, f"t{SHORT}")
    long = await bytes_of_a_step(service, traffic, a_phase, f"t{LONG}")

    assert 0 < long <= AT_MOST * short


async def test_a_step_of_a_long_ticket_costs_the_notifier_what_one_of_a_short_ticket_does(
    system: System, traffic: Bytes, mailbox: Mailbox
) -> None:
    service = await system.run(build_notifier, NotifierSettings, smtp_url=mailbox.url)
    stored = NotifiersTickets(service)
    for length in (SHORT, LONG):
        name = f"t{length}"
        ticket = a_followed(name, length=length)
        await stored.update(name, lambda _, made=ticket: (made, []), cause=announced(0, name))  # type: ignore[misc]

    short = await bytes_of_a_step(service, traffic, announced, f"t{SHORT}")
    long = await bytes_of_a_step(service, traffic, announced, f"t{LONG}")

    assert 0 < long <= AT_MOST * short


def test_what_tickets_computes_for_a_step_does_not_grow_with_the_timeline() -> None:
    def calls(length: int) -> int:
        _, ticket = an_opened("t", length=length)
        kept = Kept(ticket, 1, tickets_document(ticket))
        step = a_phase(length, "t")
        return calls_of(lambda: tickets_document(changes.note(ticket, step)[0], kept))

    assert 0 < calls(LONG) <= AT_MOST * calls(SHORT)


def test_what_the_notifier_computes_for_a_step_does_not_grow_with_the_timeline() -> None:
    def calls(length: int) -> int:
        ticket = a_followed("t", length=length)
        kept = Kept(ticket, 1, notifiers_document(ticket))
        event = event_of(announced(length, "t"), {}, erased=False)
        return calls_of(lambda: notifiers_document(timeline.note(ticket, event, now=LONG_AGO)[0], kept))

    assert 0 < calls(LONG) <= AT_MOST * calls(SHORT)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_what_is_dumped_onto_what_stood_there_is_what_would_be_dumped_without(length: int) -> None:
    _, ticket = an_opened("t", length=length)
    followed = a_followed("t", length=length)
    for number in (length + 1, -1):
        step, event = a_phase(number, "t"), event_of(announced(number, "t"), {}, erased=False)
        longer, _ = changes.note(ticket, step)
        assert tickets_document(longer, Kept(ticket, 1, tickets_document(ticket))) == tickets_document(longer)
        more, _ = timeline.note(followed, event, now=LONG_AGO)
        assert notifiers_document(more, Kept(followed, 1, notifiers_document(followed))) == notifiers_document(more)
