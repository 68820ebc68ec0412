"""Restarts every service, one after the other, under a steady load."""

import asyncio
import json
import os
import signal
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from bench.product import Product, ProductFailed
from tests.overload.accounting import Account, account, drained
from tests.overload.crowd import listens
from tests.overload.scene import Scene

SERVICES = ("contacts", "tickets", "notifier", "feedback", "mk", "edge")
_PER_SECOND = 10
_BETWEEN = timedelta(seconds=2)
_AWAY_WITHIN = timedelta(seconds=40)
_LOOK_EVERY = timedelta(milliseconds=50)
_DRAINED_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Restart:
    """What was seen: `first` counts the first answers that were no 202, by status, and `failed` those of the retry."""

    requests: int
    first: Counter[int]
    failed: Counter[int]
    away: dict[str, float]
    drained_after: timedelta
    account: Account

    def violations(self) -> list[str]:
        """What should not have been."""
        found = [f"{count} requests failed twice, with {status}" for status, count in self.failed.items()]
        return found + ([] if self.account.is_sound else [f"not sound: {self.account}"])


def restart(scene: Scene) -> Restart:
    """Restart everything of ours. Raises: NotDrained, ProductFailed, TimeoutError."""
    away: dict[str, float] = {}
    rolling = _one_after_the_other(scene.product, away)
    written = asyncio.run(scene.crowd.write(per_second=_PER_SECOND, until=rolling, insist=True))
    drained_after = drained(scene.product, within=_DRAINED_WITHIN, hasten=True)
    return Restart(
        requests=len(written),
        first=Counter(one.first.status for one in written if one.retried),
        failed=Counter(one.last.status for one in written if not one.is_acknowledged),
        away=away,
        drained_after=drained_after,
        account=account(scene.product, scene.crowd.written, scene.mails()),
    )


async def _one_after_the_other(product: Product, away: dict[str, float]) -> None:
    loop = asyncio.get_running_loop()
    for name in SERVICES:
        await asyncio.sleep(_BETWEEN.total_seconds())
        began, (pid, *_) = loop.time(), product.pids()[name]
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(_AWAY_WITHIN.total_seconds()):
            while _pid(product, name) in {None, pid}:  # noqa: ASYNC110 - the kernel sends no event of other's children
                await asyncio.sleep(_LOOK_EVERY.total_seconds())
        await listens(_address(product, name))
        away[name] = loop.time() - began
    await asyncio.sleep(_BETWEEN.total_seconds())


def _pid(product: Product, name: str) -> int | None:
    try:
        return product.pids()[name][0]
    except ProductFailed:
        return None


def _address(product: Product, name: str) -> str:
    address: str = json.loads(product.folder.state_file.read_text())["addresses"][name]
    return address
