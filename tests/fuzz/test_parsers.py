"""A small campaign against everything that reads from outside; `make fuzz` runs the large one."""

import random
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import strategies as st

from contracts.channels import TakeTelegramUpdate
from services.notifier.deliver.chat import updates
from tests.fuzz.campaign import all_targets, quota
from tests.fuzz.parsers import check_models
from tests.fuzz.target import Target, drive

INPUTS = 3_000
SEED = 20_260_105


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    """Give every target by its name, with its logs off."""
    before = structlog.get_config()
    yield {target.name: target for target in all_targets(tmp_path_factory.mktemp("fuzz"))}
    structlog.configure(**before)


@pytest.mark.parametrize("part", range(3))
def test_hostile_input_is_read_or_refused_by_the_one_declared_error(targets: dict[str, Target], part: int) -> None:
    seeds = random.Random(SEED)
    mine = list(targets.values())[part::3]

    tallies = [
        drive(target, at_least=quota(target, list(targets.values()), INPUTS), by=seeds.getrandbits(32))
        for target in mine
    ]

    assert [failure for tally in tallies for failure in tally.failures] == []
    assert sum(tally.inputs for tally in tallies) >= INPUTS // 5


def test_r23_a_number_that_json_does_not_have_makes_an_update_of_telegrams_one_that_is_left_out() -> None:
    body = (
        b'{"request_id": "8f5f9a0e-6a4b-5f7e-8a40-1d2c3b4a5f60", "correlation_id": "c", "update": {"update_id": NaN}}'
    )

    check_models(body)

    taken = TakeTelegramUpdate.model_validate_json(TakeTelegramUpdate.model_validate_json(body).model_dump_json())
    assert taken.update == {"update_id": None}
    assert updates.read(taken.update) is None


def test_a_parser_that_crashes_is_found_with_its_smallest_input() -> None:
    def fragile(text: str) -> None:
        if len(text) > 3:
            raise IndexError(text)

    tally = drive(Target("fragile", st.text("a"), fragile), at_least=500, by=1)

    assert tally.inputs < 500
    assert "IndexError: aaaa " in tally.failures[0]
