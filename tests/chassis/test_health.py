"""A service's own port: the health routes are always there, whatever else is served."""

import httpx2
from prometheus_client import CollectorRegistry

from chassis.http.health import HealthApp, Receive, Scope, Send, WithHealth


async def well() -> dict[str, str]:
    return {}


async def away() -> dict[str, str]:
    return {"database": "ServerSelectionTimeoutError"}


async def teapot(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def statuses(app: HealthApp | WithHealth) -> list[int]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://service") as client:
        paths = ("/health/live", "/health/ready", "/metrics", "/else")
        return [(await client.get(path)).status_code for path in paths]


async def test_the_three_routes_tell_how_a_service_is() -> None:
    health = HealthApp(live=well, ready=away, registry=CollectorRegistry())

    assert await statuses(health) == [200, 503, 200, 404]


async def test_another_application_gets_all_but_the_three_routes() -> None:
    health = HealthApp(live=well, ready=well, registry=CollectorRegistry())

    assert await statuses(WithHealth(teapot, health)) == [200, 200, 200, 418]
