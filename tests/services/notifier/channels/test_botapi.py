"""Telegram's Bot API against a stand-in that refuses what Telegram refuses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from ops.embedded.chat.api import BotApi as StandIn
from ops.embedded.chat.api import Declined
from ops.embedded.chat.chats import Chat, Chats
from ops.embedded.chat.web import Web
from services.notifier.deliver.channels.botapi import AnotherPoller, BotApi, Button, cut
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from tests.eventually import eventually

TOKEN = "12345:secret-token"


@dataclass
class World:
    """Telegram, one chat that a customer began, and our bot."""

    telegram: StandIn
    chat: Chat
    bot: BotApi
    app: Starlette

    async def act(self, path: str, **form: str) -> None:
        """Do what a customer does in the chat."""
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url="http://t.test") as client:
            assert (await client.post(path, data=form)).status_code == 303


@pytest.fixture
async def world() -> AsyncIterator[World]:
    telegram = StandIn(Chats(), TOKEN)
    app = Web(telegram).application()
    bot = BotApi("http://t.test", TOKEN, timeout=timedelta(seconds=5), transport=httpx2.ASGITransport(app=app))
    yield World(telegram, telegram.chats.open(7, "Ana"), bot, app)
    await bot.close()


async def test_r23_a_message_with_five_buttons_and_the_press_of_one(world: World) -> None:
    buttons = [Button(f"{score} ★", f"e:1:{score}") for score in range(1, 6)]

    message_id = await world.bot.send(7, "Como foi o atendimento?\nProtocolo 1", buttons=buttons)
    await world.act("/chat/7/press", message=str(message_id), data="e:1:4")
    (update,) = await world.bot.updates(after=0, wait=timedelta(0))
    await world.bot.answer_press(update["callback_query"]["id"], "Conte o motivo.")

    assert update["callback_query"]["data"] == "e:1:4"
    assert world.chat.notice == "Conte o motivo."


async def test_what_was_taken_comes_again_until_it_is_confirmed(world: World) -> None:
    await world.act("/chat/7/write", text="oi")
    (first,) = await world.bot.updates(after=0, wait=timedelta(0))

    (again,) = await world.bot.updates(after=0, wait=timedelta(0))
    later = await world.bot.updates(after=first["update_id"], wait=timedelta(0))

    assert again == first
    assert later == []


async def test_updates_are_waited_for(world: World) -> None:
    asking = asyncio.create_task(world.bot.updates(after=0, wait=timedelta(seconds=60)))
    await asyncio.sleep(0)
    await world.act("/chat/7/write", text="oi")

    assert [update["message"]["text"] for update in await asking] == ["oi"]


async def test_two_pollers_at_once_are_a_conflict(world: World) -> None:
    first = asyncio.create_task(world.bot.updates(after=0, wait=timedelta(seconds=60)))
    await eventually(lambda: world.telegram.polling == 1)

    with pytest.raises(AnotherPoller, match="409"):
        await world.bot.updates(after=0, wait=timedelta(0))
    await world.act("/chat/7/write", text="oi")
    assert len(await first) == 1


async def test_r19_a_customer_who_blocked_the_bot_is_unreachable(world: World) -> None:
    world.chat.blocked = True

    with pytest.raises(Unreachable, match="403"):
        await world.bot.send(7, "oi")


async def test_r19_a_chat_that_never_was_is_unreachable(world: World) -> None:
    with pytest.raises(Unreachable, match="chat not found"):
        await world.bot.send(8, "oi")


async def test_r19_too_many_messages_wait_as_told(world: World) -> None:
    world.telegram.trouble = [Declined(429, "Too Many Requests: retry after 17", retry_after=17)]

    with pytest.raises(Away) as away:
        await world.bot.send(7, "oi")

    assert away.value.retry_after == timedelta(seconds=17)


@pytest.mark.parametrize("code", [500, 502])
async def test_telegram_in_trouble_is_away(world: World, code: int) -> None:
    world.telegram.trouble = [Declined(code, "Internal Server Error")]

    with pytest.raises(Away, match=str(code)):
        await world.bot.send(7, "oi")


async def test_trouble_is_kept_for_the_next_call_about_a_chat(world: World) -> None:
    world.telegram.trouble = [Declined(500, "Internal Server Error")]

    assert await world.bot.updates(after=0, wait=timedelta(0)) == []
    with pytest.raises(Away):
        await world.bot.send(7, "oi")


async def test_data_that_no_button_can_carry_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="BUTTON_DATA_INVALID"):
        await world.bot.send(7, "oi", buttons=[Button("1", "x" * 65)])


async def test_a_text_that_is_too_long_is_cut_and_taken(world: World) -> None:
    await world.bot.send(7, "😀" * 3000)

    assert world.chat.messages[-1].text == "😀" * 2047 + "…"


def test_a_cut_text_never_ends_in_half_a_character() -> None:
    assert cut("a😀", 2) == "a…"
    assert cut("a😀", 3) == "a😀"


@pytest.mark.parametrize(("error", "outcome"), [(httpx2.ConnectError, Away), (httpx2.ReadTimeout, Unconfirmed)])
async def test_r28_a_lost_connection_names_no_token(error: type[httpx2.HTTPError], outcome: type[Away]) -> None:
    def fails(_request: httpx2.Request) -> httpx2.Response:
        raise error(f"http://t.test/bot{TOKEN}/sendMessage")

    bot = BotApi("http://t.test", TOKEN, timeout=timedelta(seconds=1), transport=httpx2.MockTransport(fails))

    with pytest.raises(outcome) as raised:
        await bot.send(7, "oi")

    assert TOKEN not in f"{raised.value!r} {raised.value.__cause__!r} {bot!r}"
    await bot.close()


async def test_a_wrong_token_is_nothing_that_a_message_fails_for(world: World) -> None:
    bot = BotApi(
        "http://t.test", "1:wrong", timeout=timedelta(seconds=5), transport=httpx2.ASGITransport(app=world.app)
    )

    with pytest.raises(Away, match="401"):
        await bot.username()
    await bot.close()


async def test_what_a_webhook_takes_is_not_asked_for(world: World) -> None:
    await world.bot.set_webhook("http://edge.test/telegram/webhook", secret="s")

    with pytest.raises(AnotherPoller):
        await world.bot.updates(after=0, wait=timedelta(0))


def test_chats_and_what_the_bot_has_not_taken_survive_a_restart(tmp_path: Path) -> None:
    before = Chats(tmp_path / "chats.json")
    before.write(before.open(7, "Ana"), "oi")

    after = Chats(tmp_path / "chats.json")

    assert [update["message"]["text"] for update in after.updates(0)] == ["oi"]
    assert after.all()[0].messages[0].text == "oi"


async def test_a_webhook_takes_one_update_at_a_time_and_edits_too_until_it_is_removed(world: World) -> None:
    await world.bot.set_webhook("http://edge.test/telegram/webhook", secret="s")

    hook = world.telegram.webhook
    assert (hook.url, hook.secret, hook.max_connections) == ("http://edge.test/telegram/webhook", "s", 1)
    assert set(hook.allowed_updates) == {"message", "edited_message", "callback_query"}
    await world.bot.remove_webhook()

    assert await world.bot.updates(after=0, wait=timedelta(0)) == []
