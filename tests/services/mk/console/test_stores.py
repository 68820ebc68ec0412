"""Sessions and who looks at tickets, on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from chassis.persistence import mongo
from chassis.persistence.mongo import Database
from chassis.settings import Settings
from mk.migrations import STEPS
from mk.operators import Role
from mk.presence import MongoPresence
from mk.session_store import MongoSessions
from mk.sessions import Session

NOON = datetime.now(UTC).replace(microsecond=0)
"""Now: of what is over, the database keeps nothing for longer than a minute."""


@pytest_asyncio.fixture
async def database(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    """Give MK's database, after the migrations."""
    client = mongo.connect(Settings.model_validate({"mongo_url": mongo_url}))
    database = mongo.database(client, f"{database_prefix}mk")
    for step in STEPS:
        await step(database)
    yield database
    await mongo.close(client)


async def test_a_session_is_kept_replaced_and_ended(database: Database) -> None:
    sessions = MongoSessions(database)
    session = Session("key", "ana", "Ana", Role.SUPERVISOR, NOON, NOON)
    later = replace(session, seen_at=NOON + timedelta(minutes=5))

    await sessions.save(session)
    await sessions.save(later)
    found = await sessions.find("key")
    await sessions.remove("key")

    assert found == later
    assert await sessions.find("key") is None


async def test_the_database_itself_forgets_who_left(database: Database) -> None:
    ends = [(await database[name].index_information()) for name in ("sessions", "presence")]

    assert ends[0]["ends"]["expireAfterSeconds"] == 0
    assert ends[1]["left"]["expireAfterSeconds"] > 0


async def test_who_looks_at_a_ticket_is_known_to_every_replica(database: Database) -> None:
    here, there = MongoPresence(database), MongoPresence(database)

    alone = await here.look("t1", user="ana", name="Ana", now=NOON)
    together = await there.look("t1", user="bruno", name="Bruno", now=NOON + timedelta(seconds=5))
    elsewhere = await there.look("t2", user="carla", name="Carla", now=NOON + timedelta(seconds=5))
    left = await there.look("t1", user="bruno", name="Bruno", now=NOON + timedelta(seconds=30))

    assert (alone, together, elsewhere, left) == ([], ["Ana"], [], [])
