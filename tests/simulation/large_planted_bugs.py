"""Every planted bug is noticed within some seeds; `make simulate ARGS=--bugs` prints how many it takes."""

from collections.abc import Iterator

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.hunting import hunt
from tests.simulation.play import simulating

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(autouse=True)
def _simulating() -> Iterator[None]:
    with simulating():
        yield


@pytest.mark.parametrize("name", BUGS)
def test_every_planted_bug_is_noticed(name: str) -> None:
    assert hunt(name).seeds is not None
