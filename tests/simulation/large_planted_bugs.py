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


NOT_NOTICED = {"offset saved first"}
"""It takes a crash between two awaits of one replica, and a press in a chat just then."""


@pytest.mark.parametrize("name", [name for name in BUGS if name not in NOT_NOTICED])
def test_every_planted_bug_is_noticed(name: str) -> None:
    assert hunt(name).seeds is not None
