"""A service's database is brought to what its code needs: once, by whoever comes first, and never behind its back."""

import asyncio
import importlib
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.observability.logging import logger
from chassis.persistence import migrations, mongo
from chassis.persistence.migrations import NOTED, migrate, missing
from chassis.service import Service
from chassis.settings import Settings
from tests.eventually import eventually
from tests.system import System, is_well

PACKAGES = ("services.contacts", "services.tickets", "services.notifier", "services.feedback", "mk")
RUNS: list[str] = []


async def first(database: mongo.Database) -> None:
    RUNS.append("first")
    await database["things"].create_index("n", name="n")


async def second(database: mongo.Database) -> None:
    RUNS.append("second")
    await database["things"].update_many({"colour": None}, {"$set": {"colour": "blue"}})


async def failing(_database: mongo.Database) -> None:
    RUNS.append("failing")
    raise ConnectionError


@pytest.fixture(autouse=True)
def _forget() -> None:
    RUNS.clear()


@pytest.fixture(params=["motor", "pymongo"])
def settings(mongo_url: str, database_prefix: str, request: pytest.FixtureRequest) -> Settings:
    return Settings.model_validate(
        {"mongo_url": mongo_url, "database_prefix": database_prefix, "mongo_driver": request.param}
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[mongo.Database]:
    client = mongo.connect(settings)
    yield mongo.database(client, f"{settings.database_prefix}feedback")
    await mongo.close(client)


async def run(settings: Settings, *steps: migrations.Step) -> list[str]:
    return await migrate(settings, "feedback", steps, log=logger())


async def test_steps_are_done_in_their_order_and_noted(settings: Settings, database: mongo.Database) -> None:
    await database["things"].insert_one({"_id": 1})

    done = await run(settings, first, second)

    assert done == RUNS == ["first", "second"]
    assert [(noted["_id"], noted["number"]) async for noted in database[NOTED].find().sort("number", 1)] == [
        ("first", 1),
        ("second", 2),
    ]
    assert "n" in await database["things"].index_information()
    assert (await database["things"].find_one({"_id": 1}))["colour"] == "blue"


async def test_what_was_done_is_not_done_again(settings: Settings, database: mongo.Database) -> None:
    await run(settings, first)
    await database["things"].insert_one({"_id": 1})

    done = await run(settings, first, second)

    assert done == ["second"]
    assert RUNS == ["first", "second"]
    assert await run(settings, first, second) == []


async def test_two_jobs_at_the_same_time_do_no_harm(settings: Settings, database: mongo.Database) -> None:
    await database["things"].insert_many([{"_id": n} for n in range(50)])

    await asyncio.gather(*(run(settings, first, second) for _ in range(4)))

    assert await database[NOTED].count_documents({}) == 2
    assert await database["things"].count_documents({"colour": "blue"}) == 50
    assert await missing(database, [first, second]) == []


async def test_a_step_that_failed_is_not_noted_and_nothing_follows_it(
    settings: Settings, database: mongo.Database
) -> None:
    with pytest.raises(ConnectionError):
        await run(settings, first, failing, second)

    assert RUNS == ["first", "failing"]
    assert await missing(database, [first, failing, second]) == [failing, second]


async def test_a_job_waits_longer_than_a_service_would(settings: Settings) -> None:
    patient, hasty = mongo.connect(settings, patient=True), mongo.connect(settings)

    assert (patient.options.timeout, hasty.options.timeout) == (None, 6)

    await mongo.close(patient)
    await mongo.close(hasty)


def things(settings: Settings) -> Service:
    service = Service("feedback", settings)
    service.migrates((first,))
    return service


async def test_a_service_migrates_by_itself_unless_told_otherwise(system: System) -> None:
    service = await system.run(things, Settings)

    assert RUNS == ["first"]
    await is_well(service)


async def test_a_service_waits_unready_for_the_job_and_says_so_once(
    system: System, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.model_validate(system.environment | {"migrates": "job"})
    service = things(settings)
    starting = asyncio.create_task(service.start())
    waits = "the database lacks first"

    async def says_so() -> bool:
        return (await service.ready()).get("service") == waits

    await eventually(says_so)
    assert await service.live() == {}
    assert not starting.done()
    await run(settings, first)

    await starting
    system.services.append(service)
    await is_well(service)
    assert capfd.readouterr().out.count("the database lacks first") == 1


async def test_a_database_that_is_newer_than_the_code_is_served(system: System) -> None:
    settings = Settings.model_validate(system.environment | {"migrates": "job"})
    await run(settings, first, second)

    service = await system.run(things, Settings, migrates="job")

    await is_well(service)


@pytest.mark.parametrize("package", PACKAGES)
async def test_the_program_brings_a_service_s_database_up_to_date_without_a_broker(
    package: str, mongo_url: str, database_prefix: str
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "MONGO_URL": mongo_url,
        "DATABASE_PREFIX": database_prefix,
        "AMQP_URL": "amqp://nobody@127.0.0.1:1/",
        "LOG_FORMAT": "json",
    }
    steps = importlib.import_module(f"{package}.migrations").STEPS

    logged = [await program(package, environment) for _ in range(2)]

    assert [lines[-1]["done"] for lines in logged] == [len(steps), 0]
    assert [line.get("step") for line in logged[0][:-1]] == [step.__name__ for step in steps]


async def program(package: str, environment: dict[str, str]) -> list[dict[str, Any]]:
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.persistence.migrations", package),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await running.communicate()
    assert running.returncode == 0
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize("package", PACKAGES)
async def test_every_step_of_a_service_may_run_twice_and_at_the_same_time(
    package: str, database: mongo.Database
) -> None:
    steps = importlib.import_module(f"{package}.migrations").STEPS

    for step in steps:
        await asyncio.gather(step(database), step(database), step(database))
        await step(database)

    assert len({step.__name__ for step in steps}) == len(steps)


@pytest.mark.parametrize("package", PACKAGES)
async def test_every_collection_that_tells_has_the_sweeper_s_index(
    package: str, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINK_SECRET", "a secret of the provider")
    module = importlib.import_module(f"{package}.app")
    settings = importlib.import_module(f"{package}.settings").Settings

    service = await system.run(module.build, settings)

    for collection in service.outbox.watched:
        assert "outbox" in await collection.index_information(), collection.name
