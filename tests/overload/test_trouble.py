"""What customers notice of a mail server in trouble and of a rolling restart: late mails, and nothing at all."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from tests.eventually import eventually
from tests.journeys.provider import ANA, SERVICES, Provider
from tests.smtp import Mailbox

BODY = {"sector_id": "tecnico", "text": "Sem conexão"}
ONE_CLIENT_S_RETRY = 2
IN_THE_END = timedelta(seconds=120)
"""The first step of the retry ladder is 5 s; busy machines need the rest."""

LATER_RUNGS = ("30s", "120s", "600s")


def be_slow(mailbox: Mailbox) -> None:
    mailbox.holds = True


def refuse(mailbox: Mailbox) -> None:
    mailbox.refuse("451 4.3.0 try again later")


async def write(app: httpx2.AsyncClient) -> list[int]:
    """Write once, and once more if that failed; the statuses."""
    key = str(uuid4())
    statuses: list[int] = []
    while len(statuses) < ONE_CLIENT_S_RETRY and 202 not in statuses:
        answer = await app.post("/v1/contacts", json=BODY, headers={"Idempotency-Key": key})
        statuses.append(answer.status_code)
    return statuses


async def tickets(provider: Provider) -> int:
    count: int = await provider.of("tickets").database["tickets"].count_documents({"status": "pending"})
    return count


async def are_opened_and_mailed(provider: Provider, count: int) -> bool:
    return await tickets(provider) == len(await provider.inbox(ANA)) == count


async def mails_came(provider: Provider, count: int) -> bool:
    """Whether so many came; what waits for long, since it failed often on a busy machine, is hurried on."""
    for rung in LATER_RUNGS:
        await provider.system.hurry(f"notifier.retry.{rung}")
    return len(provider.mailbox.messages) >= count


def message_ids(mailbox: Mailbox) -> list[str]:
    return [mail["Message-ID"] for mail in mailbox.messages]


@pytest.mark.parametrize("trouble", [be_slow, refuse])
async def test_a_mail_server_in_trouble_delays_mails_and_nothing_else(
    provider: Provider, trouble: Callable[[Mailbox], None]
) -> None:
    await provider.start()
    app, mailbox = provider.app(ANA), provider.mailbox
    trouble(mailbox)

    statuses = await asyncio.gather(*(write(app) for _ in range(20)))
    await eventually(lambda: are_opened_and_mailed(provider, 20), IN_THE_END)
    mails_by_then = len(mailbox.messages)
    mailbox.accept()
    await eventually(lambda: mails_came(provider, 40), IN_THE_END)

    await provider.system.quiet()
    assert statuses == [[202]] * 20
    assert mails_by_then < 40
    assert len(set(message_ids(mailbox))) == len(mailbox.messages) == 40


async def test_a_rolling_restart_under_load_loses_nothing_and_doubles_nothing(provider: Provider) -> None:
    await provider.start()
    app, mailbox = provider.app(ANA), provider.mailbox
    writing: list[asyncio.Task[list[int]]] = []

    async def keep_writing() -> None:
        while True:
            writing.append(asyncio.create_task(write(app)))
            await asyncio.sleep(0.1)

    load = asyncio.create_task(keep_writing())
    for name in SERVICES:
        await provider.stop(provider.of(name))
        await provider.run(name)
        written = len(writing)
        await eventually(lambda: len(writing) > written + 5)  # noqa: B023 - called before the next turn
    load.cancel()
    statuses = await asyncio.gather(*writing)

    written = len(statuses)
    assert written > 20
    assert [one[-1] for one in statuses] == [202] * written
    await eventually(lambda: are_mailed(provider, written), IN_THE_END)
    await eventually(lambda: mails_came(provider, 2 * written), IN_THE_END)
    await provider.system.quiet()
    assert await tickets(provider) == written
    assert len(set(message_ids(mailbox))) == len(mailbox.messages) == 2 * written


async def are_mailed(provider: Provider, count: int) -> bool:
    items = await provider.of("notifier").database["deliveries"].count_documents({"channel": "inbox", "state": "sent"})
    return bool(items == count)
