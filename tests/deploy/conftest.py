"""The broker as it is deployed, with a user for everyone; and certificates, of whom one trusts and of whom not."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.deploy.certificates import Authority
from tests.deploy.logins import Login, logins
from tests.infra import Broker


@pytest.fixture
def users(broker: Broker, amqp_url: str, tmp_path: Path) -> Iterator[Mapping[str, Login]]:
    """Give every user's login on a virtual host that has the definitions and nothing else."""
    folder = tmp_path / "passwords"
    folder.mkdir()
    with logins(broker, amqp_url, folder) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a place for certificates and servers."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    """Give the authority that signed the servers' certificates."""
    return Authority(folder / "ours")


@pytest.fixture(scope="module")
def anothers(folder: Path) -> Authority:
    """Give one of the same name that nobody here has a certificate of."""
    return Authority(folder / "anothers")


@pytest.fixture(scope="module")
def certificate(ours: Authority) -> Path:
    """Give the servers' certificate, with its key."""
    return ours.issue("server")
