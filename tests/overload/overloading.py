"""Finds out what the product carries, and gives it three times that."""

import math
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from bench.figures import Spread
from bench.sink import Sink
from bench.waiting import until
from tests.overload.accounting import Account, account, drained
from tests.overload.crowd import ACCEPTED, Written
from tests.overload.scene import Scene
from tests.overload.weighing import weighed

TIMES = 3
MAX_MEGABYTES = 250
_NOT_OURS = {"rabbitmq", "mongod"}
_RATES = (20, 40, 80, 160, 320, 640)
_STEP = timedelta(seconds=4)
_KEPT_UP = 0.75
_MAILS_WITHIN = timedelta(minutes=3)
_DRAINED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Overload:
    """What was seen: rates are contacts a second, `megabytes` is the most that each part held."""

    carries: float
    per_second: int
    seconds: float
    statuses: Counter[int]
    untold: int
    accepted_after: Spread
    turned_away_after: Spread | None
    megabytes: dict[str, float]
    drained_after: timedelta
    account: Account
    load: tuple[float, float]

    def violations(self) -> list[str]:
        """What should not have been."""
        fat = {name: mb for name, mb in self.megabytes.items() if name not in _NOT_OURS and mb >= MAX_MEGABYTES}
        found = [f"{name} held {mb:.0f} MB" for name, mb in fat.items()]
        if self.untold:
            found.append(f"{self.untold} answers were neither 202 nor 429 or 503 with Retry-After")
        if self.turned_away_after is None:
            found.append("nothing was turned away: that was no overload, or it was not shed")
        return found + ([] if self.account.is_sound else [f"not sound: {self.account}"])


def overload(scene: Scene, sink: Sink, *, lasting: timedelta) -> Overload:
    """Overload it for so long. Raises: NotDrained, TookTooLong, ProductFailed."""
    load = os.getloadavg()[0]
    carries = _carries(scene, sink)
    per_second = math.ceil(TIMES * carries)
    began = time.monotonic()
    with weighed(scene.product) as megabytes:
        written = scene.crowd.post(per_second=per_second, lasting=lasting)
        seconds = time.monotonic() - began
        drained_after = drained(scene.product, within=_DRAINED_WITHIN)
    accepted = [one.seconds for one in written if one.first.status == ACCEPTED]
    away = [one.seconds for one in written if one.names_a_return]
    return Overload(
        carries=carries,
        per_second=per_second,
        seconds=seconds,
        statuses=Counter(one.first.status for one in written),
        untold=len(written) - len(accepted) - len(away),
        accepted_after=Spread.of(accepted),
        turned_away_after=Spread.of(away) if away else None,
        megabytes=megabytes,
        drained_after=drained_after,
        account=account(scene.product, scene.crowd.written, scene.mails()),
        load=(load, os.getloadavg()[0]),
    )


def _carries(scene: Scene, sink: Sink) -> float:
    # contacts a second from the first post to the last mail, at the rate where it no longer keeps up
    best = 0.0
    for rate in _RATES:
        before, began = sink.waiting, time.monotonic()
        mails = before + 2 * _accepted(scene.crowd.post(per_second=rate, lasting=_STEP))
        until(lambda wanted=mails: sink.waiting >= wanted, within=_MAILS_WITHIN, what="the mails of a step")  # type: ignore[misc]
        carried = (mails - before) / 2 / (time.monotonic() - began)
        best = max(best, carried)
        if carried < _KEPT_UP * rate:
            break
    return best


def _accepted(written: list[Written]) -> int:
    return sum(one.first.status == ACCEPTED for one in written)
