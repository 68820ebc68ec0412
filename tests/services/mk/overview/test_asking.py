"""MK asks a real notifier over a real broker, and knows an answer from none and from a refusal."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from contracts.operating import CountMessages, ListUndelivered, SendAgain
from mk.asking import AsksByBroker, Refused, Unanswered
from tests.services.notifier.world import a_notifier
from tests.smtp import Mailbox
from tests.system import LONG_AGO, System


async def test_what_the_notifier_answers_is_read_and_what_it_refuses_is_raised(
    system: System, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_notifier(system, mailbox)
    minute = timedelta(seconds=60)
    asks = AsksByBroker(system.publisher, within=minute)
    # a slow disk may take its time with what nobody loses
    monkeypatch.setattr(asks._requests, "ask", partial(asks._requests.ask, confirm_within=minute))  # noqa: SLF001
    await asks.start()

    counts = await asks.ask(CountMessages(request_id=uuid4()))
    undelivered = await asks.ask(ListUndelivered(request_id=uuid4(), since=LONG_AGO))

    assert (counts.items, undelivered.total) == ([], 0)
    with pytest.raises(Refused, match="explain"):
        await asks.ask(SendAgain(request_id=uuid4(), notification_id=uuid4()))


async def test_where_nobody_is_there_no_answer_is_waited_for_without_end(system: System) -> None:
    asks = AsksByBroker(system.publisher, within=timedelta(milliseconds=100))
    await asks.start()

    with pytest.raises(Unanswered):
        await asks.ask(CountMessages(request_id=uuid4()))
