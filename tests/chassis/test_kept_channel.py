"""A channel that is kept for the next question: one at a time, and never one that an error or a loss ended."""

import asyncio
from collections.abc import Callable

import pytest

from chassis.messaging.kept_channel import KeptChannel
from chassis.messaging.link import NotThere
from tests.system import System, driven


@pytest.fixture
def kept(system: System) -> KeptChannel:
    return KeptChannel(system.publisher)


@pytest.fixture
def opened(system: System, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many channels were opened."""
    link, count = system.publisher.link, [0]
    open_one = link.channel

    async def counted(**more: int) -> object:
        count[0] += 1
        return await open_one(**more)

    monkeypatch.setattr(link, "channel", counted)
    return lambda: count[0]


async def test_questions_one_after_the_other_share_a_channel(kept: KeptChannel, opened: Callable[[], int]) -> None:
    for _ in range(3):
        async with kept.lent() as channel:
            await channel.check_exchange("atendo")

    assert opened() == 1


async def test_questions_at_once_have_each_a_channel_and_one_is_kept(
    kept: KeptChannel, opened: Callable[[], int]
) -> None:
    async with kept.lent() as one, kept.lent() as other:
        assert one is not other

    async with kept.lent() as channel:
        await channel.check_exchange("atendo")
    assert opened() == 2


async def test_a_channel_that_an_error_ended_is_not_lent_again(kept: KeptChannel, opened: Callable[[], int]) -> None:
    with pytest.raises(NotThere):
        async with kept.lent() as channel:
            await channel.check_exchange("nowhere")

    async with kept.lent() as channel:
        await channel.check_exchange("atendo")
    assert opened() == 2


async def test_a_channel_that_went_with_its_connection_is_not_lent_again(system: System, kept: KeptChannel) -> None:
    async with kept.lent() as channel:
        await channel.check_exchange("atendo")

    is_back = asyncio.Event()
    system.publisher.link.on_return(is_back.set)
    transport = driven(system.publisher.link).transport
    assert transport is not None
    await transport.connection.close(ConnectionError("cut"))
    async with asyncio.timeout(30):
        await is_back.wait()

    async with kept.lent() as again:
        assert again is not channel
        await again.check_exchange("atendo")
