"""The demo's operators: printed with their passwords, known to MK's stand-in by hashes; others by the environment."""

import pytest

from mk.operators import Operators, Role, hash_of, parse
from ops.embedded.layout import read_layout
from ops.embedded.operators import DEMO, listed, setting
from ops.up import welcome


@pytest.fixture(autouse=True)
def _nobody_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPERATORS", "OPERATORS_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_there_is_one_of_each_role_and_each_may_log_in_with_what_is_printed() -> None:
    operators = Operators(parse(setting()["OPERATORS"]))

    entered = [operators.find(user, password) for _, user, password in (line.split() for line in listed())]

    assert [one.role for one in entered if one] == list(Role) == [one.role for one in DEMO]
    assert not any(one.password in setting()["OPERATORS"] for one in DEMO)


def test_the_welcome_leads_to_the_console() -> None:
    addresses = read_layout({}).addresses

    lines = welcome(addresses).splitlines()

    [where] = [line for line in lines if line.startswith("Operators' console  ")]
    assert where == f"Operators' console  {addresses['MK_URL']}/console"
    assert [line.split()[0] for line in lines if line.strip().startswith(tuple(Role))] == list(Role)


def test_operators_of_the_environment_are_listed_without_their_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATORS", f"supervisor:zeca:Zeca:{hash_of('segredo')}")

    assert (setting(), listed()) == ({}, ["supervisor     zeca"])


def test_what_cannot_be_read_is_listed_as_nobody_and_refused_by_mk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATORS_FILE", "/run/secrets/operators")

    assert (setting(), listed()) == ({}, [])
