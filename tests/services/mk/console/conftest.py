"""The console without a broker or a database, and an operator's browser."""

import pytest

from tests.services.mk.console.browser import Console


@pytest.fixture
def console(tmp_path_factory: pytest.TempPathFactory) -> Console:
    """Give the whole of MK's stand-in in memory, with three operators and nobody logged in."""
    return Console(tmp_path_factory.mktemp("mk"))
