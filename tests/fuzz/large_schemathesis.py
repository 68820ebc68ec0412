"""Schemathesis with every check against the running product: what the services answer is declared too.

`make fuzz` runs it; it takes a minute, and the edge's own test beside stub services is in every run.
"""

from pathlib import Path

from tests.journeys.provider import ANA, Provider
from tests.services.edge.test_schemathesis import schemathesis
from tests.system import is_well

# A cursor's seal and the reuse of an idempotency key (R12) are beyond what a schema can say of valid data.
BEYOND_A_SCHEMA = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "5xx"]
"""


async def test_the_whole_product_answers_nothing_undeclared(provider: Provider, tmp_path: Path) -> None:
    await provider.start()
    app = provider.app(ANA)
    protocol = (await provider.write(ANA)).json()["protocol"]
    (tmp_path / "schemathesis.toml").write_text(BEYOND_A_SCHEMA)
    url, token = str(app.base_url).rstrip("/"), app.headers["Authorization"].removeprefix("Bearer ")

    status, said = await schemathesis(url, token, tmp_path)

    assert status == 0, said
    assert "Test cases:" in said, said
    assert (await app.get(f"/v1/tickets/{protocol}")).status_code == 200
    for service in provider.system.services:
        await is_well(service)
        assert await provider.system.dead(service.name) == []
