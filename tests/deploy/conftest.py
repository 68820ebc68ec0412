"""The broker as it is deployed: definitions imported, and a user for everyone."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.deploy.logins import Login, logins
from tests.infra import Broker


@pytest.fixture
def users(broker: Broker, amqp_url: str, tmp_path: Path) -> Iterator[Mapping[str, Login]]:
    """Give every user's login on a virtual host that has the definitions and nothing else."""
    folder = tmp_path / "passwords"
    folder.mkdir()
    with logins(broker, amqp_url, folder) as found:
        yield found
