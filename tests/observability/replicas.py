"""Every service as a process of its own, on the test's broker, database, mailbox and collector."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from ops.embedded.ports import free_port
from tests.eventually import eventually

ROOT = Path(__file__).parents[2]
A_BUSY_MACHINES_START = timedelta(seconds=150)


class Replica:
    """A running process, what it shows and what it said."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, port: int) -> None:
        self.name = name
        self.port = port
        self._process = process
        self._lines: list[bytes] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._lines.append(line)

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its log lines so far."""
        return [json.loads(line) for line in self._lines if line.startswith(b"{")]

    async def is_ready(self) -> bool:
        """Whether it would work."""
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=60) as client:
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx2.TransportError:
                return False

    async def metrics(self, *, accept: str = "text/plain") -> str:
        """What it counts."""
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=60) as client:
            return (await client.get("/metrics", headers={"Accept": accept})).text

    async def stop(self) -> int:
        """Tell it to end, and wait until it did."""
        if self._process.returncode is None:
            self._process.terminate()
        code = await asyncio.wait_for(self._process.wait(), 120)
        await self._reading
        return code


async def begin(name: str, environment: dict[str, str], *, module: str = "") -> Replica:
    """Start one."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module or f"services.{name}.app"),
        cwd=ROOT,
        env=os.environ | {"LOG_FORMAT": "json", "PORT": str(port)} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    return Replica(name, process, port)


@asynccontextmanager
async def running(*names: str, environment: dict[str, str]) -> AsyncIterator[dict[str, Replica]]:
    """These services, ready; stopped at the end."""
    replicas = {name: await begin(name, environment) for name in names}
    try:
        for replica in replicas.values():
            await eventually(replica.is_ready, A_BUSY_MACHINES_START)
        yield replicas
    finally:
        await asyncio.gather(*(replica.stop() for replica in replicas.values()))
