"""Replicas of two versions, each a process run from its own version's tree, on one broker and one database."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from ops.embedded.ports import free_port

ROOT = Path(__file__).parents[2]


class NoHistory(Exception):
    """This clone has not the release's commit: it is shallow, or a copy of the files."""


def unpack(commit: str, folder: Path) -> Path:
    """The tree of a commit of this repository, written to `folder`. Raises: NoHistory."""
    asked = subprocess.run(  # noqa: S603 - every argument is ours
        ["git", "archive", commit, "contracts", "chassis", "services"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if asked.returncode:
        raise NoHistory(f"{commit[:12]} isn't here: git fetch --unshallow brings it")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=asked.stdout, check=True)  # noqa: S603, S607 - as above
    return folder


@dataclass(slots=True)
class Replica:
    """One running process; its log tells what it handled."""

    name: str
    process: asyncio.subprocess.Process
    log: Path
    url: str

    async def is_ready(self) -> bool:
        """Whether it says so. Fails where it has ended."""
        assert self.process.returncode is None, self.log.read_text()[-2000:]
        try:
            async with httpx2.AsyncClient() as client:
                return (await client.get(f"{self.url}/health/ready", timeout=10)).is_success
        except httpx2.HTTPError:
            return False

    async def stop(self) -> None:
        """Let it finish what it has in hand, as a rolling deploy does."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        assert await self.process.wait() == 0, self.log.read_text()[-2000:]

    def handled(self) -> int:
        """How many messages it brought to an end."""
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return sum(line.get("event") == "handled" and line.get("outcome") == "done" for line in lines)


@dataclass(slots=True)
class Version:
    """One version of the product: its tree, and the environment that its replicas get."""

    name: str
    tree: Path
    logs: Path
    environment: Mapping[str, str]
    replicas: list[Replica] = field(default_factory=list)

    async def run(self, service: str) -> Replica:
        """Start one replica."""
        port, log = free_port(), self.logs / f"{self.name}-{service}-{len(self.replicas)}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", f"services.{service}.app"),
                cwd=self.tree,
                env=self._all(PORT=str(port)),
                stdout=output,
                stderr=output,
            )
        replica = Replica(service, process, log, f"http://127.0.0.1:{port}")
        self.replicas.append(replica)
        return replica

    async def migrate(self, service: str) -> None:
        """Run this version's migrations of one service, as its job does; a version from before them has none."""
        # the second is where release 0.1 has it
        places = ("chassis.persistence.migrations", "chassis.migrate")
        there = [one for one in places if (self.tree / f"{one.replace('.', '/')}.py").exists()]
        if not there:
            return
        job = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", there[0], f"services.{service}"), cwd=self.tree, env=self._all()
        )
        assert await job.wait() == 0

    def edges(self) -> list[Replica]:
        """Its doors that are open."""
        return [one for one in self.replicas if one.name == "edge" and one.process.returncode is None]

    def handled(self) -> dict[str, int]:
        """How many messages each of its services brought to an end."""
        found: dict[str, int] = {}
        for replica in self.replicas:
            found[replica.name] = found.get(replica.name, 0) + replica.handled()
        return found

    async def kill(self) -> None:
        """End what is left."""
        for replica in self.replicas:
            if replica.process.returncode is None:
                replica.process.kill()
                await replica.process.wait()

    def _all(self, **more: str) -> dict[str, str]:
        # without PYTHONPATH the tree that is the working directory comes first
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "LOG_FORMAT": "json", "PYTHONDONTWRITEBYTECODE": "1", **self.environment, **more}
