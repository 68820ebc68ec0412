"""A checker that has never failed proves nothing: every planted bug is found, and without one nothing is."""

import pytest

from tests.chaos.bugs import BUGS, planted
from tests.chaos.checker import PROPERTIES, broken
from tests.chaos.points import AFTER_COMMIT, AFTER_SENDING, BEFORE_ACK, BEFORE_COMMIT
from tests.chaos.rehearsal import Rehearsal

CRASHES = {
    ("contacts", AFTER_COMMIT),
    ("tickets", BEFORE_COMMIT),
    ("notifier", AFTER_SENDING),
    ("feedback", BEFORE_ACK),
    ("mk", BEFORE_COMMIT),
}
CRASHES_FOR = {
    "ack before commit": {("tickets", BEFORE_COMMIT)},
    "outbox forgotten": {("tickets", AFTER_COMMIT)},
    "evaluation a delivery": {("feedback", AFTER_COMMIT)},
}
"""The crashes that bring a bug to light; the others need none."""


async def play(rehearsal: Rehearsal) -> set[str]:
    await rehearsal.open()
    await rehearsal.perform()
    await rehearsal.settle()
    await rehearsal.rate()
    await rehearsal.settle()
    if await rehearsal.sweep():
        await rehearsal.settle()
    return broken(await rehearsal.verdicts())


async def test_a_flawless_product_breaks_no_property_whatever_crashes(rehearsal: Rehearsal) -> None:
    rehearsal.crashes.planned = set(CRASHES)

    found = await play(rehearsal)

    assert not rehearsal.crashes.planned
    assert found == set()


@pytest.mark.parametrize("name", BUGS)
async def test_every_planted_bug_breaks_its_property(name: str, rehearsal: Rehearsal) -> None:
    rehearsal.crashes.planned = set(CRASHES_FOR.get(name, ()))
    if name.startswith("retries"):
        rehearsal.mailbox.refuse("451 4.3.0 try again later")

    with planted(name):
        found = await play(rehearsal)

    assert not rehearsal.crashes.planned
    assert BUGS[name].breaks in found


def test_every_property_has_a_bug_that_breaks_it() -> None:
    assert {bug.breaks for bug in BUGS.values()} == set(PROPERTIES)
