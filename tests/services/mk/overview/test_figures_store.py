"""Figures counted by a real database are those of the tickets themselves, and are counted over indexes."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from chassis.persistence.mongo import Database
from contracts import tickets
from contracts.message import Message
from mk.domain.figures import Closed, Day, Opened, Standing
from mk.figures_store import MongoFigures, count_older
from mk.handlers import Handlers
from mk.ports import Figures
from mk.store import stores
from tests.mk import life
from tests.mk.fakes import stores_in_memory
from tests.mk.running import mk_runs
from tests.system import LONG_AGO, System

ZONE = ZoneInfo("America/Sao_Paulo")
MONDAY = Day(date(2026, 1, 5), "tecnico")
BEFORE = LONG_AGO - timedelta(days=1)


@dataclass(frozen=True)
class Both:
    """The figures of one database, and those of the same tickets in memory."""

    stored: MongoFigures
    in_memory: Figures
    database: Database


ANOTHER = life.opened().model_copy(
    update={
        "event_id": uuid4(),
        "ticket_id": "t2",
        "protocol": "20260105000002",
        "sector_id": None,
        "origin": "contact",
        "opened_at": LONG_AGO + timedelta(hours=14),
    }
)
STORY: tuple[Message, ...] = (
    life.opened(),
    life.event(tickets.ResponsibleAdded, hour=1, responsible_id="r1", name="Joana"),
    life.closed(hour=2),
    life.requested(hour=3),
    life.submitted(hour=4, score=2),
    life.reopened(hour=5),
    life.closed(hour=30, cycle=2),
    life.requested(hour=31, cycle=2),
    life.submitted(hour=32, cycle=2, score=5),
    ANOTHER,
)


@pytest.fixture
async def both(system: System, tmp_path: Path) -> Both:
    service = await mk_runs(system, tmp_path)
    real, fake = stores(service), stores_in_memory()
    for event in STORY:
        for one in (real, fake):
            await Handlers(one).on_ticket_event(event)
    return Both(MongoFigures(service.database), fake.figures, service.database)


@pytest.mark.parametrize("sector", [None, "tecnico", "nobodys"])
async def test_every_figure_is_that_of_the_tickets(both: Both, sector: str | None) -> None:
    for one in (both.stored, both.in_memory):
        assert await everything(one, sector) == await everything(both.in_memory, sector)


async def everything(figures: Figures, sector: str | None) -> list[Any]:
    return [
        await figures.standing(sector),
        await figures.opened(BEFORE, ZONE, sector),
        await figures.closed(BEFORE, ZONE, sector),
        await figures.minutes_to_close(BEFORE, sector),
        await figures.scores(BEFORE, sector),
    ]


async def test_days_are_the_providers_and_a_closing_counts_where_it_stands(both: Both) -> None:
    assert await both.stored.opened(BEFORE, ZONE, None) == {
        MONDAY: Opened(1, by_app=0),
        # 2:00 in Greenwich is still the evening before
        Day(date(2026, 1, 5), None): Opened(1, by_app=1),
    }
    assert await both.stored.closed(BEFORE, ZONE, None) == {Day(date(2026, 1, 6), "tecnico"): Closed(1, asked=1)}
    assert await both.stored.minutes_to_close(BEFORE, None) == {30 * 60: 1}
    assert await both.stored.standing(None) == Standing(pending=1, unassigned=1)


async def test_only_answers_since_then_count_each_cycle_of_its_own(both: Both) -> None:
    assert await both.stored.scores(BEFORE, None) == {2: 1, 5: 1}
    assert await both.stored.scores(LONG_AGO + timedelta(hours=20), None) == {5: 1}


async def test_tickets_of_the_last_release_are_counted_too(both: Both) -> None:
    before = await everything(both.stored, None)
    await both.database["tickets"].update_many({}, {"$unset": {"counted": ""}})

    for _ in range(2):
        await count_older(both.database)

    assert await everything(both.stored, None) == before


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"counted.opened_at": {"$gte": BEFORE}}, "counted_opened"),
        ({"counted.closed_at": {"$gte": BEFORE}, "counted.sector_id": "tecnico"}, "counted_closed"),
        ({"counted.answers.at": {"$gte": BEFORE}}, "counted_answers"),
    ],
)
async def test_nothing_is_counted_by_reading_all_tickets(both: Both, query: dict[str, Any], name: str) -> None:
    plan = await both.database["tickets"].find(query).explain()

    assert f"'indexName': '{name}'" in str(plan["queryPlanner"]["winningPlan"])
