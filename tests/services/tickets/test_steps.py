"""What happens to a ticket, on a real broker and a real database: happy, duplicate, out of order."""

from datetime import timedelta
from typing import Any

import pytest

from contracts import feedback, mk, tickets
from contracts.message import Message
from tests.eventually import eventually
from tests.services.tickets.given import (
    STEPS,
    a_replica,
    a_step,
    an_evaluation,
    an_opening,
    minutes,
    page_of,
    told,
)
from tests.system import LONG_AGO, System, emitted


@pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.__name__)
async def test_a_step_is_told_once_with_its_ticket_whether_it_comes_before_or_after_the_opening(
    system: System, kind: type[Message]
) -> None:
    await a_replica(system)
    early, late = a_step(kind, "early"), a_step(kind, "late")
    tells, fields = STEPS[kind]
    if kind is mk.TicketReopened:
        # only what is closed can be reopened (R15b)
        await system.publish(*(a_step(mk.TicketClosed, ticket_id, at=minutes(1)) for ticket_id in ("early", "late")))

    await system.publish(early, early, an_opening("late"))
    opened = (await told(system, tickets.TicketOpened, ticket_id="late"))[0]
    await system.publish(late, late, an_opening("early"))

    (event,) = await told(system, tells, ticket_id="late")
    assert event["cause_id"] == str(late.event_id)
    assert event["occurred_at"] == "2026-01-05T12:05:00Z"
    assert (event["protocol"], event["customer_id"]) == (opened["protocol"], "ana")
    assert event["version"] == (3 if kind is mk.TicketReopened else 2)
    assert fields.items() <= event.items()
    (event,) = await told(system, tells, ticket_id="early")
    assert event["cause_id"] == str(early.event_id)
    await system.quiet()
    assert len(await told(system, tells, 2)) == 2


async def test_r14_each_event_carries_the_level_in_force_at_its_place_in_the_timeline(system: System) -> None:
    await a_replica(system)
    lowered = emitted(mk.NotificationLevelChanged, at=minutes(20), ticket_id="t1", notification_level="none")
    await system.publish(an_opening(), lowered)
    await told(system, tickets.NotificationLevelChanged)

    await system.publish(
        a_step(mk.PhaseChanged, at=minutes(10)),
        a_step(mk.ServiceOrderCreated, at=minutes(30)),
    )

    assert (await told(system, tickets.PhaseChanged))[0]["notification_level"] == "all"
    assert (await told(system, tickets.ServiceOrderCreated))[0]["notification_level"] == "none"


async def test_every_closing_counts_and_tells_who_was_in_charge(system: System) -> None:
    service = await a_replica(system)
    responsible = a_step(mk.ResponsibleAdded)
    closings = [
        emitted(mk.TicketClosed, at=minutes(20), ticket_id="t1", closed_by="olga", defect_found="Fibra rompida"),
        emitted(mk.TicketReopened, at=minutes(30), ticket_id="t1"),
        emitted(mk.TicketClosed, at=minutes(40), ticket_id="t1", closed_by="rotina", automatic=True),
    ]

    await system.publish(*reversed(closings), responsible)
    await eventually(lambda: service.database["tickets"].find_one({"applied": responsible.event_id}))
    await system.publish(an_opening(sector_id="tecnico"))

    first, second = sorted(await told(system, tickets.TicketClosed, 2), key=lambda event: int(event["cycle"]))
    assert (first["cycle"], first["closed_by"], first["automatic"]) == (1, "olga", False)
    assert (second["cycle"], second["closed_by"], second["automatic"]) == (2, "rotina", True)
    assert second["closed_at"] == "2026-01-05T12:40:00Z"
    assert (second["sector_id"], second["defect_found"]) == ("tecnico", "Fibra rompida")
    assert second["responsibles"] == [{"responsible_id": "r-1", "name": "Rui Melo", "team": "Campo"}]


@pytest.mark.parametrize(
    ("kind", "fields", "line"),
    [
        (feedback.EvaluationRequested, {"expires_at": minutes(99), "link": "https://x/avaliacao/token"}, "solicitada"),
        (feedback.EvaluationSubmitted, {"score": 4, "comment": "Foi bom", "channel": "sac_plus"}, "nota 4"),
    ],
)
async def test_r4_an_evaluation_is_in_the_timeline_once_whenever_it_comes(
    system: System, kind: type[Message], fields: dict[str, Any], line: str
) -> None:
    service = await a_replica(system)
    evaluation = an_evaluation(kind, "t1", **fields)

    await system.publish(evaluation, an_opening(), evaluation)

    protocol = (await told(system, tickets.TicketOpened))[0]["protocol"]

    async def is_there() -> list[dict[str, Any]]:
        entries = (await page_of(system, protocol))["timeline"]
        return [entry for entry in entries if line in entry["text"]]

    assert len(await eventually(is_there)) == 1
    await system.quiet()
    assert len(await is_there()) == 1
    stored = str(await service.database["tickets"].find_one({"_id": "t1"}))
    assert "token" not in stored
    assert "Foi bom" not in stored


async def test_a_timeline_is_in_order_to_the_microsecond(system: System) -> None:
    await a_replica(system)
    phases = [
        emitted(
            mk.PhaseChanged,
            at=LONG_AGO + timedelta(microseconds=number),
            ticket_id="t1",
            process="S",
            phase=f"{number}",
        )
        for number in range(1, 6)
    ]

    for phase in reversed(phases):
        await system.publish(phase)
    await system.publish(an_opening())

    protocol = (await told(system, tickets.TicketOpened))[0]["protocol"]
    await told(system, tickets.PhaseChanged, 5)
    page = await page_of(system, protocol)
    assert page["phase"] == "5"
    assert [entry["phase"] for entry in page["timeline"][1:]] == ["1", "2", "3", "4", "5"]
