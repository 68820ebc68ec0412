"""Whatever is asked of them, both stores answer alike and hold the same."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis.persistence import mongo
from tests.simulation.conformance.steps import Step, indexed, steps
from tests.simulation.conformance.stores import outcome, real, shown, simulated


@pytest.mark.infra
def test_random_requests_have_the_same_outcomes_on_both_stores(mongo_url: str, database_prefix: str) -> None:
    with asyncio.Runner() as runner:

        async def connected() -> mongo.Client:
            return real(mongo_url)

        client = runner.run(connected())
        there = runner.run(indexed(mongo.database(client, f"{database_prefix}alike")))
        here = runner.run(indexed(simulated()))

        # shrinking asks a real database for thousands of requests: the first failure is shown as it is
        @settings(
            max_examples=150,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(steps(), min_size=1, max_size=12))
        def compare(requests: Sequence[Step]) -> None:
            runner.run(_compare(here, there, requests))

        compare()
        runner.run(mongo.close(client))


async def _compare(here: Any, there: Any, requests: Sequence[Step]) -> None:  # noqa: ANN401 - collections of both
    for things in (here, there):
        await things.delete_many({})
    for number, request in enumerate(requests):
        assert await outcome(request(here)) == await outcome(request(there)), f"{number}: {request}"
    kept = [shown(await things.find().sort("_id", 1).to_list(None)) for things in (here, there)]
    assert kept[0] == kept[1]
