"""`atendo reconcile` over the whole product: what a queue lost is found, and told again without doubling anything."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts import feedback, mk, tickets
from ops.reconcile import FOUND, reconcile
from tests.eventually import eventually
from tests.journeys.provider import ANA
from tests.ops.running import Running, a_closed_ticket, a_day, close, rated
from tests.system import emitted

Capture = pytest.CaptureFixture[str]


async def looks(*, repair: bool = False, **more: Any) -> int:  # noqa: ANN401 - the command's options
    """Run the command, with no grace."""
    return await asyncio.to_thread(reconcile, repair=repair, grace="0s", **more)


async def test_a_day_without_faults_leaves_nothing_to_find(provider: Running, capfd: Capture) -> None:
    await a_day(provider)

    code = await looks()

    assert code == 0
    assert "Nothing is missing." in capfd.readouterr().out


async def losing(provider: Running, name: str, act: Callable[[], Awaitable[object]]) -> None:
    """Have a service's queue lose what is said while something is done: the one thing that a broker never should."""
    await provider.stop(provider.of(name))
    await act()
    await settled(provider)
    channel = await provider.system.connection.channel()
    queue = await channel.get_queue(name, ensure=False)
    lost = await queue.purge()
    await channel.close()
    assert lost.message_count
    await provider.again(name)


async def settled(provider: Running) -> None:
    """Let everything arrive, and have it taken out of the outboxes: what stands in one counts as under way."""
    await provider.system.quiet()
    await eventually(lambda: nothing_is_leaving(provider))


async def nothing_is_leaving(provider: Running) -> bool:
    for service in provider.system.services:
        for name in await service.database.list_collection_names():
            if await service.database[name].count_documents({"outbox.0": {"$exists": True}}):
                return False
    return True


async def nothing_is_missing() -> bool:
    return await looks() == 0


async def something_is_missing() -> bool:
    return await looks() == FOUND


async def mended(provider: Running) -> None:
    """Tell again until nothing is missing: what was missing may lead to more."""
    await settled(provider)
    await eventually(something_is_missing)
    await looks(repair=True)
    await eventually(nothing_is_missing)
    await provider.system.quiet()


async def test_a_contact_without_its_ticket_gets_it(provider: Running, capfd: Capture) -> None:
    await losing(provider, "tickets", lambda: provider.write(ANA, wait=0))
    assert provider.mailbox.messages == []

    await mended(provider)

    assert "never took in TicketRequested" in capfd.readouterr().out
    (opened,) = provider.system.received_of(tickets.TicketOpened)
    assert len([mail for mail in provider.mailbox.messages if opened["protocol"] in mail["Subject"]]) == 2
    assert [item["type"] for item in await provider.inbox(ANA)] == ["ticket_opened"]


async def test_a_contact_and_an_opening_that_the_notifier_never_heard_of_are_notified_once(
    provider: Running, capfd: Capture
) -> None:
    await losing(provider, "notifier", lambda: provider.write(ANA))
    assert provider.mailbox.messages == []

    await mended(provider)
    await looks(repair=True)

    out = capfd.readouterr().out
    assert "never took in ContactReceived" in out
    assert "never took in TicketOpened" in out
    await provider.system.quiet()
    assert len(provider.mailbox.messages) == 2
    assert [item["type"] for item in await provider.inbox(ANA)] == ["ticket_opened"]


async def test_a_contact_that_does_not_show_its_ticket_shows_it(provider: Running) -> None:
    contact = (await provider.write(ANA, wait=0, key="k")).json()["contact_id"]
    await eventually(lambda: len(provider.mailbox.messages) == 2)
    await provider.system.quiet()
    contacts = provider.of("contacts").database["contacts"]
    forgotten: dict[str, object] = {"protocol": None, "mails": {}, "applied": []}
    await contacts.update_one({"customer_id": ANA}, {"$set": forgotten, "$inc": {"version": 1}})

    await mended(provider)

    shown = (await provider.app(ANA).get(f"/v1/contacts/{contact}")).json()
    assert shown["state"] == "emailed"
    assert shown["protocol"] in provider.mailbox.messages[0]["Subject"]
    assert len(provider.mailbox.messages) == 2


async def test_a_closing_without_its_evaluation_gets_it(provider: Running, capfd: Capture) -> None:
    protocol = (await provider.write(ANA)).json()["protocol"]
    ticket = await provider.ticket_of(protocol)
    await losing(provider, "feedback", lambda: close(provider, ticket))
    assert provider.system.received_of(feedback.EvaluationRequested) == []

    await mended(provider)

    assert "never took in TicketClosed" in capfd.readouterr().out
    assert len(provider.system.received_of(feedback.EvaluationRequested)) == 1
    types = [item["type"] for item in await provider.inbox(ANA)]
    assert types == ["evaluation_requested", "service_order_created", "ticket_opened"]


@pytest.mark.parametrize("forgetful", ["tickets", "mk"])
async def test_an_answer_that_a_timeline_or_mk_does_not_know_is_told_again(provider: Running, forgetful: str) -> None:
    protocol, _ = await a_closed_ticket(provider)
    await provider.system.quiet()
    await losing(provider, forgetful, lambda: rated(provider))

    await mended(provider)

    (answer,) = {body["event_id"] for body in provider.system.received_of(feedback.EvaluationSubmitted)}
    ticket = await provider.of(forgetful).database["tickets"].find_one({"protocol": protocol})
    assert answer in str(ticket)


async def test_a_decision_to_send_without_its_delivery_is_sent(provider: Running, capfd: Capture) -> None:
    await provider.write(ANA)
    await eventually(lambda: len(provider.mailbox.messages) == 2)
    await provider.system.quiet()
    lost = {"channel": "email", "customer_id": ANA, "recipient": "customer"}
    assert (await provider.of("notifier").database["deliveries"].delete_many(lost)).deleted_count == 1

    await mended(provider)

    assert "never took in EmailDue" in capfd.readouterr().out
    await eventually(lambda: len(provider.mailbox.messages) == 3)


async def test_a_ticket_lost_after_its_protocol_was_told_is_shown_and_not_made_anew(
    provider: Running, capfd: Capture
) -> None:
    protocol, ticket = await a_day(provider)
    await provider.of("tickets").database["tickets"].delete_one({"_id": ticket})

    assert await looks(repair=True) == FOUND

    out = capfd.readouterr().out
    assert any(
        protocol in line and "has no ticket for a contact that shows this protocol" in line for line in out.splitlines()
    )
    assert "notifier knows it and tickets doesn't: tickets lost data" in out
    assert "told again" not in out
    await provider.system.quiet()
    assert len(provider.system.received_of(tickets.TicketOpened)) == 1


async def test_a_contact_that_shows_another_protocol_than_its_ticket_is_shown(
    provider: Running, capfd: Capture
) -> None:
    await a_day(provider)
    await provider.of("contacts").database["contacts"].update_one({}, {"$set": {"protocol": "20200101000001"}})

    assert await looks(repair=True) == FOUND

    out = capfd.readouterr().out
    assert "shows its contact under another protocol" in out
    assert "told again" not in out


async def test_what_was_told_a_moment_ago_may_still_be_under_way(provider: Running) -> None:
    await losing(provider, "notifier", lambda: provider.write(ANA))

    assert await asyncio.to_thread(reconcile, grace="1h") == 0
    assert await looks() == FOUND
    assert await looks(service="feedback") == 0


async def test_what_may_be_among_the_dead_letters_is_held_back(provider: Running, capfd: Capture) -> None:
    await losing(provider, "notifier", lambda: provider.write(ANA))
    await provider.system.publish_raw("", "notifier.dead", b"{}", type="TicketOpened.v1")

    assert await looks(repair=True) == FOUND

    out = capfd.readouterr().out
    assert "notifier: 1 messages on its ladder or among its dead letters" in out
    assert "held back" in out
    assert "told again" not in out
    assert provider.mailbox.messages == []


async def test_what_lies_in_an_outbox_for_long_is_shown(provider: Running, capfd: Capture) -> None:
    await a_day(provider)
    stuck = {"event_id": uuid4(), "type": "TicketClosed.v1", "at": datetime.now(UTC) - timedelta(minutes=3)}
    await provider.of("tickets").database["tickets"].update_one({}, {"$push": {"outbox": stuck}})

    assert await looks(stuck="2m", repair=True) == FOUND
    assert "TicketClosed.v1 is still in the outbox" in capfd.readouterr().out
    assert await looks(stuck="4m") == 0


async def test_r27_what_was_told_of_an_erased_customer_is_gone_and_never_told_again(provider: Running) -> None:
    await a_closed_ticket(provider)
    await rated(provider)
    await eventually(lambda: len(provider.mailbox.messages) == 3)
    await provider.system.quiet()
    await provider.system.publish(
        emitted(mk.CustomerErased, at=datetime.now(UTC) + timedelta(minutes=1), customer_id=ANA)
    )
    await eventually(lambda: nothing_personal_is_left(provider))
    notifier = provider.of("notifier").database
    await notifier["tickets"].delete_many({})
    await notifier["contacts"].delete_many({})
    published_so_far = len(provider.system.received)

    await looks(repair=True)

    await provider.system.quiet()
    assert provider.system.received[published_so_far:] == []


async def test_r27_an_erasure_that_a_service_never_took_in_is_shown(provider: Running, capfd: Capture) -> None:
    erased = emitted(mk.CustomerErased, at=datetime.now(UTC), customer_id=ANA)
    await losing(provider, "contacts", lambda: provider.system.publish(erased))

    assert await looks() == FOUND

    lines = [line.split() for line in capfd.readouterr().out.splitlines() if "CustomerErased" in line]
    assert [line[:2] for line in lines if ANA in line] == [["contacts", ANA]]
    await provider.system.publish(erased)
    await eventually(nothing_is_missing)


async def nothing_personal_is_left(provider: Running) -> bool:
    for name, secret in (("contacts", b"cedo"), ("tickets", b"cedo"), ("feedback", b"Demorou"), ("notifier", b"cedo")):
        database = provider.of(name).database
        for collection in await database.list_collection_names():
            async for document in database[collection].find({}):
                if secret in repr(document).encode():
                    return False
    return True


@pytest.mark.usefixtures("provider")
async def test_a_service_that_is_not_there_and_an_age_that_is_none_are_one_line(capfd: Capture) -> None:
    assert await looks(service="nobody") == 1
    assert await asyncio.to_thread(reconcile, grace="soon") == 1

    err = capfd.readouterr().err
    assert "there is no service 'nobody': one of contacts" in err
    assert "an age reads like 30s, 10m, 2h or 1d, not 'soon'" in err
