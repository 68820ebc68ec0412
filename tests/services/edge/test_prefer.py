"""How long a customer's app asks to be kept waiting (RFC 7240)."""

from datetime import timedelta

import pytest

from services.edge.routes.contacts import preferred_wait


@pytest.mark.parametrize("prefer", ["", "wait", "wait=", "wait=-1", "wait=x", "waiting=3", "wait=1.5"])
def test_a_wait_that_cannot_be_read_is_ignored(prefer: str) -> None:
    assert preferred_wait(prefer) is None


@pytest.mark.parametrize(("prefer", "seconds"), [("wait=3", 3), ('a;b, WAIT = "2"', 2), ("wait=0", 0), ("wait=999", 5)])
def test_a_wait_is_cut_at_five_seconds(prefer: str, seconds: int) -> None:
    assert preferred_wait(prefer) == timedelta(seconds=seconds)
