"""Prometheus' programs, which the tests of alerts and dashboards can't do without."""

import os
import shutil
from typing import NoReturn

import pytest

from ops.embedded.process import MissingPartError
from ops.embedded.rabbitmq import find_server


def program(name: str) -> str:
    """Where it is. Where it isn't, nothing is proved: that fails in CI, and is said loudly elsewhere."""
    found = shutil.which(name)
    return found or _not_checked(
        f"{name} is missing; run ops/install/prometheus (Debian, as root), or install Prometheus"
    )


def need_rabbitmq() -> None:
    """A node of its own with the metrics plugin: the broker that all tests share may have none."""
    try:
        find_server()
    except MissingPartError as error:
        _not_checked(str(error))


def _not_checked(why: str) -> NoReturn:
    assert not os.environ.get("CI"), why
    pytest.skip(f"NOT CHECKED: {why}")
