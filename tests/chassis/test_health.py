"""A service's own port: the health routes are always there, whatever else is served."""

import httpx2
import pytest
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


async def asked(method: str, path: str) -> httpx2.Response:
    health = HealthApp(live=well, ready=away, registry=CollectorRegistry())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=health), base_url="http://service") as client:
        return await client.request(method, path)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/else"])
async def test_head_is_answered_wherever_get_is(path: str) -> None:
    head, get = await asked("HEAD", path), await asked("GET", path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_else_is_allowed(method: str, path: str) -> None:
    answer = await asked(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:atendo:problem:method-not-allowed"
