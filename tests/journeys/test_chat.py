"""A customer links the chat and rates there, through the whole product: asked for or posted, updates are the same."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import httpx2
import pytest
import pytest_asyncio

from contracts import feedback, mk, notifier
from services.edge.routes.telegram import SECRET
from services.notifier.deliver.chat import phrases
from tests.eventually import eventually
from tests.journeys.provider import ANA, Provider
from tests.services.edge.surroundings import Issuer
from tests.services.notifier.chat.running import QUICK
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

CHAT = 700_001
SHOWN = {SECRET: "a-secret"}


@pytest.fixture(params=["polling", "webhook"])
def way(request: pytest.FixtureRequest) -> str:
    """Give the way that updates come by."""
    return str(request.param)


@pytest_asyncio.fixture
async def provider(system: System, mailbox: Mailbox, telegram: Telegram, way: str) -> AsyncIterator[Provider]:
    """Give the whole product with a bot."""
    secret = {"telegram_webhook_secret": SHOWN[SECRET]}
    of: Mapping[str, Mapping[str, object]] = {
        "notifier": {**telegram.settings, **QUICK, **secret, "telegram_updates": way},
        "edge": secret,
    }
    issuer = Issuer()
    provider = Provider(system, mailbox, issuer, given=lambda name: of.get(name, {}))
    await provider.start()
    yield provider
    await provider.close()
    issuer.close()


async def linked(provider: Provider, telegram: Telegram) -> None:
    """Link Ana's chat by the link that the app shows."""
    app = provider.app(ANA)

    async def shows(link: dict[str, bool]) -> bool:
        return bool((await app.get("/v1/telegram/link")).json() == link)

    async def invited() -> str:
        # a busy machine may answer 503 at first
        answer = await app.post("/v1/telegram/link")
        assert answer.is_success, answer.text
        return str(answer.json()["url"])

    await eventually(lambda: shows({"linked": False}))
    telegram.begin(CHAT, token=(await eventually(invited)).partition("?start=")[2])
    await eventually(telegram.wrote(CHAT, phrases.LINKED))
    await eventually(lambda: shows({"linked": True}))


async def closed(provider: Provider, telegram: Telegram) -> str:
    """Open a ticket of Ana's and close it with the tick; give its protocol once she is asked in the chat."""
    protocol = str((await provider.write(ANA)).json()["protocol"])
    ticket = await provider.ticket_of(protocol)
    await eventually(lambda: any(protocol in text for text in telegram.texts(CHAT)))
    await provider.system.publish(
        emitted(mk.TicketClosed, at=datetime.now(UTC), ticket_id=ticket, closed_by="joana", request_evaluation=True)
    )
    await eventually(lambda: any(message["buttons"] for message in telegram.messages(CHAT)))
    return protocol


async def test_r23_a_customer_links_the_chat_is_asked_and_answers_there(provider: Provider, telegram: Telegram) -> None:
    await linked(provider, telegram)
    protocol = await closed(provider, telegram)
    request = telegram.messages(CHAT)[-1]
    (item,) = [one for one in await provider.inbox(ANA) if one["type"] == "evaluation_requested"]
    assert request["text"] == f"{item['title']}\n{item['body']}"
    assert [button["text"] for button in request["buttons"][0]] == ["1", "2", "3", "4", "5"]

    telegram.press(CHAT, 2)
    await eventually(telegram.wrote(CHAT, phrases.reason(protocol, 2)))
    telegram.attach(CHAT, "photo")
    await eventually(telegram.wrote(CHAT, phrases.TEXT_NEEDED))
    telegram.write(CHAT, "Demorou muito")

    (submitted,) = await eventually(lambda: provider.system.received_of(feedback.EvaluationSubmitted) or None)
    assert (submitted["score"], submitted["comment"], submitted["channel"]) == (2, "Demorou muito", "telegram")
    path = f"/v1/evaluations/{item['evaluation_id']}"
    shown = (await provider.app(ANA).get(path)).json()
    assert (shown["state"], shown["score"], shown["comment"]) == ("answered", 2, "Demorou muito")
    assert (await provider.app(ANA).post(path, json={"score": 5})).status_code == 409
    telegram.press(CHAT, 5)
    await eventually(lambda: telegram.chat(CHAT)["notice"] == phrases.CLOSED["answered"])
    # R16: what the chat carries goes by no mail; R18: the closing and the question are one message
    assert not [mail for mail in provider.mailbox.messages if "avalie" in str(mail["subject"]).lower()]
    about = [one for one in telegram.texts(CHAT) if "encerrado" in one]
    assert len(about) == 1
    assert await provider.system.dead("notifier") == await provider.system.dead("feedback") == []


async def test_what_a_customer_does_while_the_notifier_is_down_is_taken_when_it_is_back(
    provider: Provider, telegram: Telegram
) -> None:
    await linked(provider, telegram)
    protocol = await closed(provider, telegram)
    await provider.stop(provider.of("notifier"))

    telegram.press(CHAT, 3)
    telegram.write(CHAT, "Sem retorno")
    for _ in range(2):
        await provider.run("notifier")

    (submitted,) = await eventually(lambda: provider.system.received_of(feedback.EvaluationSubmitted) or None)
    assert (submitted["score"], submitted["comment"]) == (3, "Sem retorno")
    await eventually(telegram.wrote(CHAT, phrases.thanks(protocol, 3)))
    await provider.system.quiet()
    assert len(provider.system.received_of(notifier.EvaluationAnswered)) == 1
    assert telegram.texts(CHAT).count(phrases.thanks(protocol, 3)) == 1


@pytest.mark.parametrize("way", ["webhook"], indirect=True)
async def test_an_update_that_is_posted_again_or_without_the_secret_does_nothing(
    provider: Provider, telegram: Telegram
) -> None:
    await linked(provider, telegram)
    update = {"update_id": 9_000_000_000, "message": {"chat": {"id": CHAT, "type": "private"}, "text": "/sair"}}
    app = provider.app(ANA)

    refused = [await app.post("/telegram/webhook", json=update, headers=headers) for headers in ({}, {SECRET: "x"})]
    assert {one.status_code for one in refused} == {401}
    assert (await app.get("/v1/telegram/link")).json() == {"linked": True}
    taken = [await post(app, update) for _ in range(3)]

    assert {one.status_code for one in taken} == {200}
    await eventually(telegram.wrote(CHAT, phrases.LEFT))
    await provider.system.quiet()
    assert (await app.get("/v1/telegram/link")).json() == {"linked": False}
    assert telegram.texts(CHAT).count(phrases.LEFT) == 1


async def post(app: httpx2.AsyncClient, update: Mapping[str, object]) -> httpx2.Response:
    """Post an update as Telegram does."""
    return await app.post("/telegram/webhook", json=update, headers=SHOWN)
