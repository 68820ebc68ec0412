"""A dead letter with forged marks is listed and replayed like any other."""

from datetime import UTC, datetime

import pytest

from chassis.messaging.envelope import Envelope
from ops.dead_letters import Choice, chosen, replay
from tests.eventually import eventually
from tests.system import System

FORGED: dict[str, dict[str, object]] = {
    "attempts that are no number": {"x-atendo-attempts": "many"},
    "a death that was never": {"x-atendo-died-at": "yesterday"},
    "a queue without end": {"x-atendo-queue": "q" * 1000},
    "replays that are no number": {"x-atendo-replays": "often"},
    "copies to the queue it died in": {"CC": ["contacts.dead"]},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_forged_marks_hide_no_dead_letter_and_stop_no_replay(system: System, headers: dict[str, object]) -> None:
    await system.publisher.publish(
        Envelope(exchange="", routing_key="contacts.dead", body=b"[" * 5000, type="T.v1", headers=headers)
    )

    async with chosen(system.publisher, Choice(service="contacts")) as dead_letters:
        (dead_letter,) = dead_letters
        assert isinstance(dead_letter.body, str)
        assert Choice().takes(dead_letter, now=datetime.now(UTC))
        await replay(system.publisher, dead_letter)

    await eventually(lambda: moved(system))


async def moved(system: System) -> bool:
    return (await system.depth("contacts"), await system.depth("contacts.dead")) == (1, 0)
