"""A mail server that is slow, and one that refuses everything: mails come late, nothing else does."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta

from tests.overload.accounting import Account, account, counted, drained
from tests.overload.scene import Scene
from tests.smtp import Mailbox

SLOW = timedelta(seconds=5)
_PER_SECOND = 5
_AS_ALWAYS_FOR = timedelta(seconds=20)
_SLOW_FOR = timedelta(seconds=60)
_GRACE = timedelta(seconds=5)
_LOOK_EVERY = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Phase:
    """What had come of so many contacts a few seconds after the last of them was written, `after` in seconds."""

    name: str
    acknowledged: int
    tickets: int
    items: int
    mails: int
    after: float

    @property
    def is_in_time(self) -> bool:
        """Whether all but the mails was there."""
        return self.tickets == self.items == self.acknowledged


@dataclass(frozen=True, slots=True)
class Mailing:
    """What was seen."""

    phases: list[Phase]
    drained_after: timedelta
    account: Account

    def violations(self) -> list[str]:
        """What should not have been."""
        found = [f"not only mails were late: {phase}" for phase in self.phases if not phase.is_in_time]
        return found + ([] if self.account.is_sound else [f"not sound: {self.account}"])


def mailing(scene: Scene, mailbox: Mailbox, *, outage: timedelta, within: timedelta) -> Mailing:
    """Have it slow for a minute at most, and refuse for `outage`; all mails must come `within` that time after it.

    Raises: NotDrained. Retries that would wait for minutes are brought forward once the server takes mails again.
    """
    phases = [_phase(scene, mailbox, "as always", min(outage, _AS_ALWAYS_FOR))]
    mailbox.delay = SLOW
    phases.append(_phase(scene, mailbox, f"answers in {SLOW.total_seconds():g} s", min(outage, _SLOW_FOR)))
    mailbox.delay = timedelta()
    mailbox.refuse("451 4.3.0 try again later")
    phases.append(_phase(scene, mailbox, "refuses everything", outage))
    mailbox.accept()
    drained_after = drained(scene.product, within=within, hasten=outage > timedelta(minutes=1))
    return Mailing(phases, drained_after, account(scene.product, scene.crowd.written, scene.mails()))


def _phase(scene: Scene, mailbox: Mailbox, name: str, lasting: timedelta) -> Phase:
    before = len(mailbox.messages)
    written = scene.crowd.post(per_second=_PER_SECOND, lasting=lasting)
    contacts = [one.contact_id for one in written if one.is_acknowledged]
    began = time.monotonic()
    tickets, items = asyncio.run(_soon(scene, contacts))
    return Phase(
        name, len(contacts), tickets, items, mails=len(mailbox.messages) - before, after=time.monotonic() - began
    )


async def _soon(scene: Scene, contacts: list[str]) -> tuple[int, int]:
    deadline = time.monotonic() + _GRACE.total_seconds()
    found = await counted(scene.product, contacts)
    while found != (len(contacts), len(contacts)) and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_EVERY.total_seconds())
        found = await counted(scene.product, contacts)
    return found
