"""Prometheus' programs, which the tests of alerts and dashboards can't do without."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """Where it is. Where it isn't, nothing is proved: that fails in CI, and is said loudly elsewhere."""
    found = shutil.which(name)
    if found is None:
        why = f"{name} is missing; run ops/install/prometheus (Debian, as root), or install Prometheus"
        assert not os.environ.get("CI"), why
        pytest.skip(f"NOT CHECKED: {why}")
    return found
