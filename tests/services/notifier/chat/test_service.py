"""The chat on a real broker, a real database and a stand-in for Telegram that is a process of its own."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from chassis.clock import utc_now
from contracts import feedback, mk
from contracts.channels import InviteToTelegram, TakeTelegramUpdate
from contracts.notifier import EvaluationAnswered, NotificationFailed, NotificationSent, TelegramDue
from services.feedback.app import build as build_feedback
from services.feedback.settings import Settings as FeedbackSettings
from services.notifier.deliver.chat import phrases
from tests.eventually import eventually
from tests.services.feedback.running import a_recent_closing, an_answer
from tests.services.notifier.chat.running import ANA, a_notifier, an_open_request, due_for, is_linked, linked
from tests.services.notifier.whole import plain
from tests.services.notifier.world import ANA as ADDRESS
from tests.services.notifier.world import a_request, an_opening, ana
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

AFTER = timedelta(seconds=30)
"""When a 429 lets the next one in: others go on long before, on a slow machine too."""

WEBHOOK = {"telegram_updates": "webhook", "telegram_webhook_secret": "s"}
SECRETS = {"link_secret": "s" * 32, "public_url": "https://sac.provedor.example"}


async def asked(system: System, telegram: Telegram, **fields: object) -> feedback.EvaluationRequested:
    """Close a ticket with the tick, and have the question arrive in Ana's chat."""
    closing = a_recent_closing(**fields)
    await system.publish(closing)
    (found,) = await eventually(
        lambda: system.received_of(feedback.EvaluationRequested, ticket_id=closing.ticket_id) or None
    )
    request = feedback.EvaluationRequested.model_validate(found)
    await eventually(lambda: telegram.asks(ANA, request.evaluation_id))
    return request


async def test_r23_an_evaluation_is_answered_in_the_chat(system: System, telegram: Telegram) -> None:
    await a_notifier(system, telegram)
    await system.run(build_feedback, FeedbackSettings, **SECRETS)
    await linked(system, telegram)
    request = await asked(system, telegram)

    telegram.press(ANA, 2)
    await eventually(telegram.wrote(ANA, phrases.reason(request.protocol, 2)))
    telegram.attach(ANA, "sticker")
    await eventually(telegram.wrote(ANA, phrases.TEXT_NEEDED))
    telegram.edit(ANA, "Editei")
    await eventually(lambda: telegram.texts(ANA).count(phrases.TEXT_NEEDED) == 2)
    telegram.write(ANA, "Demorou muito")

    (submitted,) = await eventually(lambda: system.received_of(feedback.EvaluationSubmitted) or None)
    assert (submitted["score"], submitted["comment"], submitted["channel"]) == (2, "Demorou muito", "telegram")
    await eventually(telegram.wrote(ANA, phrases.thanks(request.protocol, 2)))
    assert await system.dead("notifier") == await system.dead("feedback") == []


async def test_r24_an_answer_that_came_second_is_refused_in_the_chat(system: System, telegram: Telegram) -> None:
    await a_notifier(system, telegram)
    await system.run(build_feedback, FeedbackSettings, **SECRETS)
    await linked(system, telegram)
    request = await asked(system, telegram)
    telegram.press(ANA, 1)
    await eventually(telegram.wrote(ANA, phrases.reason(request.protocol, 1)))
    await system.answer(an_answer(str(request.evaluation_id), score=5))

    telegram.write(ANA, "Ruim")

    await eventually(telegram.wrote(ANA, phrases.REFUSED["already_answered"]))
    telegram.press(ANA, 3)
    await eventually(lambda: telegram.chat(ANA)["notice"] == phrases.CLOSED["answered"])
    assert [one["score"] for one in system.received_of(feedback.EvaluationSubmitted)] == [5]


async def test_r23_what_waits_for_its_comment_survives_a_restart(system: System, telegram: Telegram) -> None:
    notifier = await a_notifier(system, telegram)
    await linked(system, telegram)
    request = an_open_request()
    await system.publish(request)
    await eventually(lambda: telegram.asks(ANA, request.evaluation_id))
    telegram.press(ANA, 3)
    await eventually(telegram.wrote(ANA, phrases.reason(request.protocol, 3)))

    system.services.remove(notifier)
    await notifier.stop()
    telegram.write(ANA, "Chegou tarde")
    await a_notifier(system, telegram)

    (answered,) = await eventually(lambda: system.received_of(EvaluationAnswered) or None)
    assert (answered["score"], answered["comment"]) == (3, "Chegou tarde")
    await system.quiet()
    assert len(system.received_of(EvaluationAnswered)) == 1


async def test_r19_a_blocked_bot_is_unlinked_and_linked_again_by_a_fresh_link(
    system: System, telegram: Telegram
) -> None:
    await a_notifier(system, telegram)
    await linked(system, telegram)
    telegram.block(ANA)

    await system.publish(due_for(a_request()))

    (failed,) = await eventually(lambda: system.received_of(NotificationFailed, channel="telegram") or None)
    assert "403" in failed["reason"]
    await eventually(lambda: _not(is_linked(system)))
    telegram.block(ANA)
    await linked(system, telegram)


async def _not(question: Any) -> bool:  # noqa: ANN401 - an awaitable
    return not await question


async def test_r16_a_question_that_a_blocked_bot_can_not_ask_goes_by_mail(
    system: System, telegram: Telegram, mailbox: Mailbox
) -> None:
    await a_notifier(system, telegram, smtp_url=mailbox.url)
    await linked(system, telegram)
    await system.publish(ana(), an_opening(level="none"))
    await system.quiet()
    telegram.block(ANA)

    await system.publish(request := a_request())

    (mail,) = await eventually(lambda: mailbox.to(ADDRESS) or None)
    assert request.link in plain(mail)
    await system.quiet()
    assert len(mailbox.messages) == 1
    assert [one["channel"] for one in system.received_of(NotificationFailed)] == ["telegram"]
    assert await system.dead("notifier") == []


async def test_r19_a_429_is_waited_out_without_sleeping_and_never_asked_earlier(
    system: System, telegram: Telegram
) -> None:
    notifier = await a_notifier(system, telegram, **WEBHOOK)
    chats = notifier.database["chats"]
    chat: dict[str, Any] = {
        "customer_id": "ana",
        "awaited": None,
        "early": None,
        "taken": [],
        "linked_by": 0,
        "linked_at": utc_now(),
    }
    await chats.insert_one({"_id": ANA, "version": 1, "applied": [], "unlinked_at": None, **chat})
    telegram.begin(ANA)
    telegram.trouble(429, retry_after=int(AFTER.total_seconds()))
    first = due_for(a_request())

    begun = utc_now()
    await system.publish(first)
    await eventually(lambda: _waits(notifier.database["deliveries"], first))
    # others go on meanwhile
    await system.publish(due_for(a_request()))
    await eventually(lambda: len(telegram.texts(ANA)) == 1)
    assert utc_now() - begun < AFTER

    await eventually(lambda: len(telegram.texts(ANA)) == 2, timedelta(minutes=2))
    assert utc_now() - begun >= AFTER

    async def is_noted() -> bool:
        found = await notifier.database["deliveries"].find_one({"_id": first.notification_id})
        return (found["state"], found["channel"], found["attempts"]) == ("sent", "telegram", 2)

    await eventually(is_noted)


async def _waits(deliveries: Any, due: TelegramDue) -> bool:  # noqa: ANN401 - the driver's
    found = await deliveries.find_one({"_id": due.notification_id})
    return found is not None and found.get("not_before") is not None


async def test_r18_redelivered_messages_and_updates_change_nothing(system: System, telegram: Telegram) -> None:
    await a_notifier(system, telegram)
    await linked(system, telegram)
    due = due_for(a_request())

    await system.publish(due, due)
    await asyncio.gather(*(system.answer(an_update(900)) for _ in range(10)))
    await system.publish(due)
    await eventually(lambda: len(telegram.texts(ANA)) == 3)
    await system.quiet()

    assert [text.startswith("Avalie") for text in telegram.texts(ANA)].count(True) == 1
    assert telegram.texts(ANA).count(phrases.NOTHING_ASKED) == 1
    assert len(system.received_of(NotificationSent, channel="telegram")) == 1


async def test_r27_nothing_of_an_erased_customer_stays_with_the_chat(system: System, telegram: Telegram) -> None:
    notifier = await a_notifier(system, telegram)
    await linked(system, telegram)
    request = an_open_request()
    await system.publish(request)
    await eventually(lambda: telegram.asks(ANA, request.evaluation_id))
    telegram.press(ANA, 1)
    await eventually(telegram.wrote(ANA, phrases.reason(request.protocol, 1)))
    telegram.write(ANA, "segredo da Ana")
    await eventually(lambda: system.received_of(EvaluationAnswered))

    await system.publish(emitted(mk.CustomerErased, at=utc_now(), customer_id="ana"))
    await eventually(lambda: _not(is_linked(system)))
    await system.quiet()

    stored = {
        name: await notifier.database[name].find({}).to_list(None) for name in ("chats", "invitations", "questions")
    }
    assert stored["invitations"] == stored["questions"] == []
    # what is left of a chat goes as soon as the database looks
    for chat in stored["chats"]:
        assert (chat["customer_id"], chat["awaited"], chat["early"], chat["told"]) == (None, None, None, [])
        assert chat["unlinked_at"] is not None
    await eventually(lambda: _is_clear(notifier.database["chats"]))
    assert "segredo" not in str(await notifier.database["chats"].find_one({}))


async def _is_clear(chats: Any) -> bool:  # noqa: ANN401 - the driver's
    found = await chats.find_one({})
    return not (found and found["outbox"])


def an_update(number: int, *, chat: int = ANA, text: str = "oi") -> TakeTelegramUpdate:
    """Somebody writes in a chat."""
    return TakeTelegramUpdate.of(
        {"update_id": number, "message": {"chat": {"id": chat, "type": "private"}, "text": text}}
    )


async def test_what_a_chat_keeps_is_bounded(system: System, telegram: Telegram) -> None:
    notifier = await a_notifier(system, telegram, **WEBHOOK)
    for number in range(1, 131):
        await system.answer(an_update(number))

    chat = await notifier.database["chats"].find_one({"_id": ANA})

    assert (len(chat["applied"]), len(chat["taken"]), chat["told"]) == (100, 100, [])


async def test_two_customers_in_two_chats_do_not_mix(system: System, telegram: Telegram) -> None:
    await a_notifier(system, telegram)
    await linked(system, telegram)
    await linked(system, telegram, chat=ANA + 1, customer="bia")
    others = {"customer_id": "bia", "ticket_id": "t2", "event_id": uuid4(), "evaluation_id": uuid4()}
    bias = an_open_request(**others)
    for request in (an_open_request(), bias):
        await system.publish(request)
    await eventually(lambda: len(telegram.texts(ANA)) == len(telegram.texts(ANA + 1)) == 2)

    for chat in (ANA, ANA + 1):
        telegram.press(chat, 5)

    await eventually(lambda: all(len(telegram.texts(chat)) == 3 for chat in (ANA, ANA + 1)))
    assert {telegram.texts(chat)[-1] for chat in (ANA, ANA + 1)} == {phrases.thanks(bias.protocol, 5)}
    await eventually(lambda: len(system.received_of(EvaluationAnswered)) == 2)
    answered = system.received_of(EvaluationAnswered)
    assert {(one["customer_id"], one["reply_to"]) for one in answered} == {("ana", str(ANA)), ("bia", str(ANA + 1))}


async def test_of_chats_that_a_customer_links_at_once_one_stays_linked(system: System, telegram: Telegram) -> None:
    notifiers = [await a_notifier(system, telegram, **WEBHOOK) for _ in range(2)]
    chats = range(ANA, ANA + 8)
    for chat in chats:
        telegram.begin(chat)
    links = [await system.answer(InviteToTelegram(request_id=uuid4(), customer_id="ana")) for _ in chats]
    starts = [
        an_update(900 + n, chat=chat, text=f"/start {link['url'].partition('?start=')[2]}")
        for n, (chat, link) in enumerate(zip(chats, links, strict=True))
    ]

    await asyncio.gather(*(system.answer(start) for start in starts))

    kept = [one async for one in notifiers[0].database["chats"].find({"customer_id": "ana"})]
    assert len(kept) == 1
    noted = await notifiers[0].database["customers"].find_one({"chats": {"$exists": True}})
    assert noted["chats"] == [kept[0]["_id"]]
