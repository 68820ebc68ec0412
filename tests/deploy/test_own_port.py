"""A service's own port by TLS, and the image's health check, which finds it either way."""

import asyncio
import contextlib
import json
import re
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from chassis.http.health import HealthApp, own_server
from chassis.settings import Settings
from ops.embedded.ports import LOOPBACK
from tests.deploy.certificates import Authority
from tests.eventually import eventually

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text()


async def healthy() -> dict[str, str]:
    return {}


@contextlib.asynccontextmanager
async def a_service_port(certificate: Path | None) -> AsyncIterator[int]:
    app = HealthApp(live=healthy, ready=healthy, registry=CollectorRegistry())
    http = own_server(app, Settings(port=0, tls_cert_file=certificate))
    serving_it = asyncio.create_task(http.serve())
    await eventually(lambda: http.started)
    yield http.servers[0].sockets[0].getsockname()[1]
    http.should_exit = True
    await serving_it


async def test_a_services_own_port_speaks_tls_where_it_has_a_certificate(ours: Authority, certificate: Path) -> None:
    trusting = httpx2.AsyncClient(verify=ssl.create_default_context(cafile=ours.file))
    async with a_service_port(certificate) as port, trusting as client:
        assert (await client.get(f"https://{LOOPBACK}:{port}/health/live")).status_code == 200
        with pytest.raises(httpx2.HTTPError):
            await client.get(f"http://{LOOPBACK}:{port}/health/live")


@pytest.mark.parametrize("secure", [True, False])
async def test_the_images_health_check_finds_the_port_with_and_without_tls(certificate: Path, *, secure: bool) -> None:
    check = json.loads(re.findall(r"HEALTHCHECK .*\\\n +CMD (.+)$", DOCKERFILE, re.MULTILINE)[0])
    given = {"TLS_CERT_FILE": str(certificate)} if secure else {}

    async with a_service_port(certificate if secure else None) as port:
        asking = await asyncio.create_subprocess_exec(sys.executable, *check[1:], env={"PORT": str(port), **given})

        assert await asking.wait() == 0
