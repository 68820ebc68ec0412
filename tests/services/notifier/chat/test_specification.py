"""The whole notifier on its fakes, as whoever chats with the bot sees it (R16, R18, R19, R21 to R24, R27)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts import feedback, mk
from contracts.channels import InviteToTelegram, UnlinkTelegram
from contracts.notifier import (
    NotificationFailed,
    NotificationSent,
    NotificationSkipped,
    TelegramDue,
)
from services.notifier.deliver.channels.outcomes import Away, Refused, Unconfirmed, Unreachable
from services.notifier.deliver.chat import phrases
from services.notifier.deliver.chat.updates import button_data
from services.notifier.deliver.sending import GIVEN_UP
from services.notifier.errors import AskedToWait, ClaimedElsewhere
from tests.services.notifier.chat.world import CHAT, OTHER, SECOND, World, a_message, asked, refusal
from tests.services.notifier.whole import Whole
from tests.services.notifier.world import EVALUATION, PROTOCOL, a_request, a_withdrawal, at
from tests.system import emitted


@pytest.fixture
def world() -> World:
    return World()


async def test_a_start_link_links_the_chat_and_the_chat_reads_of_it(world: World) -> None:
    assert not await world.linked()

    await world.link()

    assert await world.linked()
    assert world.texts() == [phrases.LINKED]


async def test_a_start_link_is_the_bots_and_lasts_15_minutes(world: World) -> None:
    invitation = await world.answer(InviteToTelegram(request_id=uuid4(), customer_id="ana"))

    assert invitation.url.startswith("https://t.me/AtendoBot?start=")
    assert invitation.expires_at == world.now + timedelta(minutes=15)


async def test_without_a_bot_there_is_nothing_to_link(world: World) -> None:
    world = Whole()  # type: ignore[assignment]

    problem = await world.problem(InviteToTelegram(request_id=uuid4(), customer_id="ana"))

    assert problem.status == 404


async def test_while_telegram_is_away_no_link_can_be_given_out(world: World) -> None:
    world.telegram.failures = [Away("ConnectError")]

    problem = await world.problem(InviteToTelegram(request_id=uuid4(), customer_id="ana"))

    assert problem.status == 503


@pytest.mark.parametrize("by", [CHAT, OTHER])
async def test_a_start_link_is_good_once_and_says_so(world: World, by: int) -> None:
    token = await world.invited()
    await world.write(f"/start {token}")

    await world.write(f"/start {token}", chat=by)

    assert world.texts(by)[-1] == phrases.LINK_USED
    assert [one.id for one in await world.chats.of_customer("ana")] == [CHAT]


async def test_a_late_start_link_says_so(world: World) -> None:
    token = await world.invited()
    world.now += timedelta(minutes=15)

    await world.write(f"/start {token}")

    assert world.texts() == [phrases.LINK_LATE]
    assert not await world.linked()


async def test_a_chat_of_two_customers_is_the_newer_ones_and_is_informed(world: World) -> None:
    await world.link("ana")
    await world.link("bia")

    assert (await world.linked("ana"), await world.linked("bia")) == (False, True)
    assert world.texts()[-1] == phrases.LINKED_ANEW


@pytest.mark.parametrize(("first", "second"), [(CHAT, OTHER), (OTHER, CHAT)])
@pytest.mark.parametrize("later", [0, 1])
async def test_a_customer_of_two_chats_is_written_to_in_the_newer_and_the_other_is_informed(
    world: World, first: int, second: int, later: int
) -> None:
    await world.link(chat=first)
    world.now += timedelta(seconds=later)
    await world.link(chat=second)

    assert [one.id for one in await world.chats.of_customer("ana")] == [second]
    assert world.texts(first) == [phrases.LINKED, phrases.MOVED]


async def test_leaving_unlinks(world: World) -> None:
    await world.link()

    await world.write("/sair")

    assert not await world.linked()
    assert world.texts()[-1] == phrases.LEFT


async def test_unlinking_in_the_app_unlinks(world: World) -> None:
    await world.link()

    await world.answer(UnlinkTelegram(request_id=uuid4(), customer_id="ana"))

    assert not await world.linked()


async def test_r23_a_request_has_the_inboxs_text_and_five_buttons(world: World) -> None:
    await world.link()
    await world.publish(a_request())

    message = world.telegram.sent[-1]
    title, body = message.text.split("\n", 1)
    (item,) = [one for one in await world.items() if one.type == "evaluation_requested"]
    assert (title, body) == (item.title, item.body)
    assert [one.text for one in message.buttons] == ["1", "2", "3", "4", "5"]
    assert [one.data for one in message.buttons] == [button_data(EVALUATION, score) for score in range(1, 6)]


async def test_other_messages_have_no_buttons(world: World) -> None:
    await world.link()

    await world.publish(a_message("ticket_opened"))

    assert world.telegram.sent[-1].buttons == []


async def test_r23_five_is_answered_at_once(world: World) -> None:
    await asked(world)

    await world.press(5)

    assert world.answers() == [(EVALUATION, 5, None)]
    assert world.texts() == [phrases.thanks(PROTOCOL, 5)]
    assert world.telegram.answered == [("press-2", phrases.RECEIVED)]


@pytest.mark.parametrize("score", [1, 2, 3, 4])
async def test_r22_below_five_the_next_text_is_the_comment(world: World, score: int) -> None:
    await asked(world)

    await world.press(score)
    assert (world.answers(), world.texts()) == ([], [phrases.reason(PROTOCOL, score)])
    await world.write("Demorou")

    assert world.answers() == [(EVALUATION, score, "Demorou")]


@pytest.mark.parametrize(
    ("text", "more", "reply"),
    [
        (None, {"sticker": {"file_id": "x"}}, phrases.TEXT_NEEDED),
        (None, {"photo": [{"file_id": "x"}], "caption": "foto"}, phrases.TEXT_NEEDED),
        ("\u3164\u200b", {}, phrases.TEXT_NEEDED),
        ("x" * 2_001, {}, phrases.too_long(1)),
    ],
)
async def test_r22_what_can_not_be_a_comment_is_asked_for_again(
    world: World, text: str | None, more: dict[str, Any], reply: str
) -> None:
    await asked(world)
    await world.press(2)

    await world.write(text, **more)
    assert (world.answers(), world.texts()[-1]) == ([], reply)
    await world.write("Demorou")

    assert world.answers() == [(EVALUATION, 2, "Demorou")]


async def test_r22_an_edited_message_is_no_comment(world: World) -> None:
    await asked(world)
    await world.press(2)

    edited = {"chat": {"id": CHAT, "type": "private"}, "text": "Demorou"}
    await world.take({"update_id": next(world.numbers), "edited_message": edited})

    assert (world.answers(), world.texts()[-1]) == ([], phrases.TEXT_NEEDED)


async def test_r23_a_second_evaluation_meanwhile_does_not_mix(world: World) -> None:
    await asked(world)
    second = a_request().model_copy(update={"evaluation_id": SECOND, "event_id": uuid4(), "ticket_id": "t2"})
    await world.publish(second)

    await world.press(2)
    await world.press(5, of=SECOND)
    await world.write("Demorou")

    assert world.answers() == [(SECOND, 5, None), (EVALUATION, 2, "Demorou")]


async def test_r18_an_update_that_comes_again_does_nothing(world: World) -> None:
    await asked(world)
    press = await world.press(2)
    comment = await world.write("Demorou")
    before = len(world.telegram.sent)

    for update in (press, comment, press):
        await world.take(update)

    assert len(world.answers()) == 1
    assert len(world.telegram.sent) == before


@pytest.mark.parametrize("closed", ["answered", "expired", "withdrawn"])
async def test_a_press_on_an_old_button_gets_a_visible_answer(world: World, closed: str) -> None:
    await asked(world)
    common: dict[str, Any] = {
        "evaluation_id": EVALUATION,
        "ticket_id": "t1",
        "protocol": PROTOCOL,
        "customer_id": "ana",
    }
    ends = {
        "answered": emitted(feedback.EvaluationSubmitted, **common, cycle=1, score=5, channel="sac_plus"),
        "expired": emitted(feedback.EvaluationExpired, **common),
        "withdrawn": a_withdrawal(),
    }
    await world.publish(ends[closed])

    await world.press(3)

    assert world.telegram.answered[-1][1] == phrases.CLOSED[closed]
    assert world.answers() == []


async def test_r21_a_withdrawn_button_leads_to_the_newest_open_question(world: World) -> None:
    await asked(world)
    again = a_request(minute=70).model_copy(update={"evaluation_id": SECOND, "cycle": 2})
    await world.publish(a_withdrawal(), again)

    await world.press(3)

    message = world.telegram.sent[-1]
    assert message.text == phrases.ask(PROTOCOL)
    assert message.buttons[0].data == button_data(SECOND, 1)
    assert world.telegram.answered[-1][1] == phrases.CLOSED["withdrawn"]


@pytest.mark.parametrize("text", ["Demorou", None])
async def test_r21_a_comment_for_a_question_that_is_closed_meanwhile_gets_the_reason_and_no_thanks(
    world: World, text: str | None
) -> None:
    await asked(world)
    await world.press(2)
    again = a_request(minute=70).model_copy(update={"evaluation_id": SECOND, "cycle": 2})
    await world.publish(a_withdrawal(), again)
    world.telegram.sent.clear()

    await (world.write(text) if text else world.write(None, sticker={}))
    await world.write("Ainda demorou")

    assert world.answers() == []
    assert world.texts() == [f"{phrases.CLOSED['withdrawn']}\n{phrases.ask(PROTOCOL)}", phrases.NOTHING_ASKED]
    assert world.telegram.sent[0].buttons[0].data == button_data(SECOND, 1)


async def test_a_foreign_button_gets_a_visible_answer_and_records_nothing(world: World) -> None:
    await asked(world)
    await world.link("bia", chat=OTHER)

    await world.press(5, chat=OTHER)

    assert world.telegram.answered[-1][1] == phrases.BUTTON_UNKNOWN
    assert world.answers() == []


@pytest.mark.parametrize("reason", ["already_answered", "expired", "withdrawn", "comment_required"])
async def test_r24_the_chat_reads_why_an_answer_does_not_count(world: World, reason: str) -> None:
    await asked(world)

    await world.publish(refusal(reason))
    await world.publish(refusal(reason, chat=OTHER))

    assert world.texts() == [phrases.REFUSED[reason]]
    assert world.texts(OTHER) == []


async def test_r24_the_same_refusal_again_is_one_message(world: World) -> None:
    await asked(world)
    refused = refusal()

    await world.publish(refused, refused)

    assert world.texts() == [phrases.REFUSED["already_answered"]]


async def test_r18_a_message_is_sent_once_whatever_is_redelivered(world: World) -> None:
    await world.link()
    due = a_message()

    await world.publish(due, due)

    assert len(world.telegram.sent) == 2
    assert [one.channel for one in world.emitted(NotificationSent)] == ["telegram"]


async def test_r19_a_blocked_bot_unlinks_the_chat_and_a_fresh_link_links_it_again(world: World) -> None:
    await world.link()
    world.telegram.failures = [Unreachable("HTTP 403 Forbidden: bot was blocked by the user")]

    await world.publish(a_message())

    (failed,) = world.emitted(NotificationFailed)
    assert failed.reason == "HTTP 403 Forbidden: bot was blocked by the user"
    assert not await world.linked()
    await world.link()
    assert await world.linked()


async def test_r19_what_telegram_refuses_for_itself_switches_nothing_off(world: World) -> None:
    await world.link()
    world.telegram.failures = [Refused("HTTP 400 Bad Request")]

    await world.publish(a_message())

    assert len(world.emitted(NotificationFailed)) == 1
    assert await world.linked()


async def test_r19_nothing_is_tried_before_the_time_that_telegram_asked_for(world: World) -> None:
    await world.link()
    due = a_message()
    world.telegram.failures = [Away("HTTP 429", retry_after=timedelta(seconds=30))]
    with pytest.raises(AskedToWait):
        await world.publish(due)
    calls = world.telegram.calls

    world.now += timedelta(seconds=29)
    with pytest.raises(AskedToWait):
        await world.publish(due)
    assert world.telegram.calls == calls
    world.now += timedelta(seconds=1)
    await world.publish(due)

    assert len(world.telegram.sent) == 2


async def test_r18_a_request_whose_fate_is_unknown_is_sent_again_and_other_news_is_not(world: World) -> None:
    await world.link()
    request, news = a_message(), a_message("ticket_opened")

    world.telegram.failures = [Unconfirmed("ReadTimeout")]
    with pytest.raises(Unconfirmed):
        await world.publish(request)
    await world.publish(request)
    world.telegram.failures = [Unconfirmed("ReadTimeout")]
    await world.publish(news, news)

    assert len(world.texts()) == 2
    assert [one.reason for one in world.emitted(NotificationFailed)] == ["outcome unknown"]


async def test_r18_what_telegram_took_while_the_database_was_away_is_not_sent_again(world: World) -> None:
    await world.link()
    due = a_message("ticket_opened")
    world.deliveries.failures = 1
    with pytest.raises(ConnectionError):
        await world.publish(due)

    await world.publish(due)

    assert len(world.texts()) == 2
    assert len(world.emitted(NotificationSent)) == 1


async def test_r19_what_is_given_up_is_listed_and_can_be_sent_later(world: World) -> None:
    await world.link()
    due = a_message()
    world.telegram.failures = [Away("ConnectError")]
    with pytest.raises(Away):
        await world.publish(due)
    route = world.service.registry.messages[TelegramDue.routing_key()]
    assert route.given_up is not None

    await route.given_up(due)
    assert [one.reason for one in world.emitted(NotificationFailed)] == [GIVEN_UP]
    await world.publish(due)

    assert len(world.emitted(NotificationSent)) == 1


async def test_a_message_to_nobody_is_skipped(world: World) -> None:
    await world.publish(a_message())

    assert [one.reason for one in world.emitted(NotificationSkipped)] == ["no chat"]


async def test_r21_a_message_about_a_question_that_is_closed_meanwhile_is_skipped(world: World) -> None:
    await world.link()
    world.sends = False
    await world.publish(a_request(), a_withdrawal())

    world.sends = True
    await world.send()

    assert world.texts() == [phrases.LINKED]
    assert [one.reason for one in world.emitted(NotificationSkipped) if one.channel == "telegram"] == [
        "evaluation withdrawn"
    ]


async def test_a_press_that_telegram_takes_no_answer_to_any_more_still_gets_its_text(world: World) -> None:
    await asked(world)
    world.telegram.failures = [Refused("HTTP 400 query is too old")]

    await world.press(2)

    assert world.texts() == [phrases.reason(PROTOCOL, 2)]


async def test_r27_an_erasure_forgets_whose_chat_it_was_and_what_was_asked_there(world: World) -> None:
    await asked(world)
    token = await world.invited()
    await world.press(2)

    await world.publish(emitted(mk.CustomerErased, at=at(500), customer_id="ana"))

    assert world.chats.kept[CHAT].customer_id is None
    assert world.chats.kept[CHAT].awaited is None
    assert (world.questions.kept, world.invitations.kept) == ({}, {})
    await world.write(f"/start {token}")
    assert world.texts()[-1] == phrases.LINK_UNKNOWN


async def test_r27_a_link_that_was_given_out_before_the_erasure_and_used_in_its_midst_links_nobody(
    world: World,
) -> None:
    token = await world.invited()
    kept = dict(world.invitations.kept)
    await world.publish(emitted(mk.CustomerErased, at=at(500), customer_id="ana"))
    world.invitations.kept = kept

    await world.write(f"/start {token}")

    assert await world.chats.of_customer("ana") == []


async def test_r27_nothing_is_sent_to_who_was_erased(world: World) -> None:
    await world.link()
    await world.publish(emitted(mk.CustomerErased, at=at(500), customer_id="ana"))
    world.telegram.sent.clear()

    await world.publish(a_message())

    assert world.telegram.sent == []


async def test_somebody_elses_claim_is_waited_for(world: World) -> None:
    await world.link()
    due = a_message()
    await world.deliveries.claim(due, handed_over=False, now=world.now)

    with pytest.raises(ClaimedElsewhere):
        await world.publish(due)
