"""tickets as a whole, on a real broker and a real database: poison, and two replicas at once."""

import asyncio
import random

from contracts import mk, tickets
from contracts.topology import LISTENS
from services.tickets.app import build
from services.tickets.settings import Settings
from tests.eventually import eventually
from tests.services.tickets.given import (
    a_replica,
    an_opening,
    depth_is,
    minutes,
    page_of,
    told,
)
from tests.system import System, emitted


async def test_twenty_shuffled_events_over_two_replicas_end_in_the_right_ticket(system: System) -> None:
    await a_replica(system)
    await system.run(build, Settings)
    closing = emitted(mk.TicketClosed, at=minutes(60), ticket_id="t1", closed_by="olga", defect_found="Fibra rompida")
    phases = [
        emitted(mk.PhaseChanged, at=minutes(number), ticket_id="t1", process="Suporte", phase=f"Fase {number}")
        for number in range(1, 18)
    ]
    events = [an_opening(), an_opening(complaint="Ainda sem sinal", at=minutes(1)), closing, *phases]
    assert len(events) == 20
    random.shuffle(events)

    await asyncio.gather(*(system.publish(event) for event in (*events, *events[:5])))

    await told(system, tickets.PhaseChanged, 17)
    (closed,) = await told(system, tickets.TicketClosed)
    (opened,) = await told(system, tickets.TicketOpened)
    assert closed["protocol"] == opened["protocol"]
    await eventually(lambda: depth_is(system, "tickets", 0))
    await system.quiet()
    # what another replica hasn't cleared yet may be published again, as the same event
    published = {one["body"]["event_id"]: one["body"] for one in system.received}
    causes = [body["cause_id"] for body in published.values()]
    assert len(causes) == len(set(causes)) == 19
    page = await page_of(system, opened["protocol"])
    assert (page["status"], page["complaint"], page["phase"]) == ("closed", "Sem sinal", "Fase 17")
    assert [entry.get("phase") for entry in page["timeline"]][1:18] == [f"Fase {number}" for number in range(1, 18)]
    assert page["version"] == 20


async def test_poison_goes_to_the_dead_letters_and_stops_nothing(system: System) -> None:
    await a_replica(system)
    heard = LISTENS["tickets"]

    for kind in heard:
        await system.publish_raw(kind.exchange(), kind.routing_key(), b'{"ticket_id": 7}', type=kind.type_name())
    await system.publish_raw("mk", "mk.meteor_fell.v1", b'{"where": "Belem"}', type="MeteorFell.v1")

    await eventually(lambda: depth_is(system, "tickets.dead", len(heard) + 1))
    letters = await system.dead("tickets")
    reasons = {str(letter.headers["x-atendo-key"]): letter.headers["x-atendo-reason"] for letter in letters}
    assert reasons.pop("mk.meteor_fell.v1") == "unknown_type"
    assert reasons == {kind.routing_key(): "unreadable" for kind in heard}
    await system.publish(an_opening())
    assert await told(system, tickets.TicketOpened)
