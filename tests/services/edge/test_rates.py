"""How much one caller may ask."""

import pytest

from services.edge.errors.problems import Refused
from services.edge.middleware.rate_limit import Rate
from services.edge.settings import Settings
from tests.services.edge.conftest import Serve


def test_a_window_opens_with_the_first_request_and_closes_in_time() -> None:
    now = 100.0
    rate = Rate("2/minute", now=lambda: now)
    rate.count("ana")
    rate.count("ana")

    with pytest.raises(Refused) as refused:
        rate.count("ana")
    rate.count("bia")
    now = 160.0
    rate.count("ana")

    assert refused.value.headers["Retry-After"] == "60"


def test_finished_windows_are_forgotten() -> None:
    now = 0.0
    rate = Rate("1/second", now=lambda: now, max_counted=10)
    for n in range(10):
        rate.count(f"before-{n}")

    now = 2.0
    rate.count("ana")

    assert rate.callers == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_served_edge_counts_the_peer_unless_a_proxy_of_ours_stands_in_front(serve: Serve) -> None:
    client = (await serve(address_rate_limit="1/minute")).client

    answers = [
        await client.get("/v1/menu", headers={"Authorization": "", "X-Forwarded-For": f"9.9.9.{number}"})
        for number in range(2)
    ]

    assert [answer.status_code for answer in answers] == [401, 429]


@pytest.mark.parametrize("rate", ["", "many", "20/fortnight"])
def test_a_rate_that_cannot_be_read_stops_the_start(rate: str) -> None:
    with pytest.raises(ValueError, match="rate_limit"):
        Settings.model_validate({"rate_limit": rate})
