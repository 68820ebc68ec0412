"""A customer who used everything is erased, and no database, queue or log knows a word of them any more (R27, R28)."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
import structlog

from chassis.observability.logging import configure_logging
from contracts import feedback, mk, topology
from contracts.message import ATENDO, MK, Message
from contracts.topology import REQUESTS
from ops.dead import Filters, drop
from ops.export import export
from services.notifier.deliver.chat import phrases
from tests.eventually import eventually
from tests.journeys.everywhere import CHAT, Everywhere, everywhere, open_sectors_of_every_level
from tests.journeys.provider import ANA, BIA, Provider
from tests.mk.running import mk_runs
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

EMAIL, OLD_EMAIL = "zenaide@casa.example", "quaresma@casa.example"
PERSONAL = {
    "name": "Zenaide Quaresma",
    "e-mail": EMAIL,
    "former e-mail": OLD_EMAIL,
    "phone": "+5511987651234",
    "street": "Rua dos Ipes 77",
    "connection": "Chacara da Zenaide",
    "contact": "O modem da minha filha queimou",
    "complaint": "Reclamou ao telefone da mudanca",
    "service order": "Chave com o vizinho Anselmo",
    "defect": "Cachorro roeu o cabo dela",
    "reason": "Voltou a ligar chorando",
    "comment in the app": "Tecnico grosseiro comigo",
    "comment in the chat": "Esperei com meu bebe",
    "comment not yet given": "Ainda penso no que dizer",
    "device": "Celular da Zenaide",
    "chat": str(CHAT),
}
"""What nobody else has or says."""

BUSY = "Too Many Requests"
WAITS = 30
"""Seconds for which push and chat ask to be left alone: a mail comes to wait within them on a busy machine, too."""


@pytest_asyncio.fixture
async def ana(
    system: System, mailbox: Mailbox, telegram: Telegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Everywhere]:
    """Give the whole product with MK, and the environment in which commands find it."""
    for name, value in system.environment.items():
        monkeypatch.setenv(name.upper(), value)
    await mk_runs(system, tmp_path)
    async with everywhere(system, mailbox, telegram) as given:
        await open_sectors_of_every_level(given.provider)
        yield given


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Have services log all that they can, as in production, into a file."""
    configure_logging("all", form="json", level="debug")
    with (tmp_path / "log").open("ab", buffering=0) as file:
        # nobody keeps a logger whose file is closed when this test is over, as whoever logs retries would
        structlog.configure(logger_factory=structlog.BytesLoggerFactory(file), cache_logger_on_first_use=False)
        yield tmp_path / "log"
    structlog.reset_defaults()


def mk_does(of: type[Message], **fields: object) -> Message:
    return emitted(of, at=datetime.now(UTC), **fields)


async def moves_in(ana: Everywhere) -> dict[str, str]:
    """Have MK know her, and her have a device, a chat, choices, and a start link that is left over."""
    home = {"connection_id": "c1", "label": PERSONAL["connection"], "address": PERSONAL["street"], "active": True}
    known = {"customer_id": ANA, "name": PERSONAL["name"], "phone": PERSONAL["phone"], "connections": [home]}
    await ana.provider.system.publish(mk_does(mk.CustomerSaved, **known, email=OLD_EMAIL))
    await eventually(lambda: knows(ana.provider, OLD_EMAIL))
    browser, device = ana.push.a_browser()
    answer = await ana.provider.app(ANA).post("/v1/devices", json={**device, "label": PERSONAL["device"]})
    assert answer.status_code == 201, answer.text
    ana.browsers.append(browser)
    await ana.link()
    left_over = (await ana.provider.app(ANA).post("/v1/telegram/link")).json()["url"].partition("?start=")[2]
    return {"endpoint": device["endpoint"], "auth": device["keys"]["auth"], "start token": left_over}


async def knows(provider: Provider, email: str) -> bool:
    found = [await provider.of(name).database["customers"].find_one({"_id": ANA}) for name in ("contacts", "notifier")]
    return [one and one["email"] for one in found] == [email, email]


async def a_refused_address(ana: Everywhere) -> None:
    """Have a mail server refuse her address, and MK give a new one."""
    refused = ana.provider.mailbox.refused_recipients
    refused[OLD_EMAIL] = f"550 5.1.1 <{OLD_EMAIL}> no such user"
    await ana.provider.write(ANA, sector_id="comercial", text=PERSONAL["contact"], wait=0)
    await eventually(lambda: has_refused(ana))
    refused.clear()


async def has_refused(ana: Everywhere) -> bool:
    found = [one async for one in ana.provider.of("notifier").database["addresses"].find()]
    return OLD_EMAIL in str(found)


async def a_ticket(ana: Everywhere) -> str:
    """Have her write, and everything happen to the ticket until she is asked; give its id."""
    protocol = (await ana.provider.write(ANA, sector_id="all", text=PERSONAL["contact"])).json()["protocol"]
    ticket = await ana.provider.ticket_of(protocol)
    await all_happens(ana.provider.system, ticket)
    return ticket


async def all_happens(system: System, ticket: str) -> None:
    steps = (
        mk_does(mk.ServiceOrderCreated, ticket_id=ticket, service_order_id="os", description=PERSONAL["service order"]),
        mk_does(mk.DefectFound, ticket_id=ticket, defect_found=PERSONAL["defect"]),
        mk_does(mk.TicketClosed, ticket_id=ticket, closed_by="joana", request_evaluation=True),
        mk_does(mk.TicketReopened, ticket_id=ticket, reason=PERSONAL["reason"]),
        mk_does(mk.TicketClosed, ticket_id=ticket, closed_by="joana", request_evaluation=True),
    )
    for step in steps:
        await system.publish(step)
        await eventually(partial(caused, system, step), because="the step is announced")


def caused(system: System, step: Message) -> bool:
    return any(one["body"].get("cause_id") == str(step.event_id) for one in system.received)


async def answers(ana: Everywhere, ticket: str) -> str:
    """Have her answer what was asked of this ticket in the app; give the evaluation."""
    asked = await eventually(lambda: requests(ana, ticket))
    path = f"/v1/evaluations/{asked[-1]}"
    body = {"score": 2, "comment": PERSONAL["comment in the app"]}
    assert (await ana.provider.app(ANA).post(path, json=body)).status_code == 201
    return asked[-1]


def requests(ana: Everywhere, ticket: str) -> list[str]:
    found = ana.provider.system.received_of(feedback.EvaluationRequested, ticket_id=ticket)
    return [one["evaluation_id"] for one in found if one["cycle"] == 2]


async def answers_in_the_chat(ana: Everywhere, ticket: str) -> None:
    asked = await eventually(lambda: requests(ana, ticket))
    await eventually(lambda: ana.telegram.asks(CHAT, UUID(asked[0])), because="the chat asks")
    before = len(ana.provider.system.received_of(feedback.EvaluationSubmitted))
    ana.telegram.press(CHAT, 3)
    await eventually(lambda: "motivo" in ana.telegram.texts(CHAT)[-1], because="the bot asks why")
    ana.telegram.write(CHAT, PERSONAL["comment in the chat"])
    await eventually(lambda: len(ana.provider.system.received_of(feedback.EvaluationSubmitted)) > before)


async def leaves_much_under_way(ana: Everywhere) -> None:
    """Leave a score without its comment, a message held back by quiet hours, and one that waits on each way out."""
    system = ana.provider.system
    ticket = await a_ticket(ana)
    asked = await eventually(lambda: requests(ana, ticket))
    await eventually(lambda: ana.telegram.asks(CHAT, UUID(asked[0])), because="the chat asks")
    ana.telegram.press(CHAT, 1)
    await eventually(lambda: "motivo" in ana.telegram.texts(CHAT)[-1], because="the bot asks why")

    await system.quiet()
    ana.push.trouble(429, retry_after=f"{WAITS}")
    ana.telegram.trouble(429, description=BUSY, retry_after=WAITS)
    ana.provider.mailbox.refuse(f"451 4.3.0 {EMAIL} later")
    await ana.provider.write(ANA, sector_id="all", text=PERSONAL["contact"])
    await eventually(lambda: waits_on_every_way(ana))

    apart = datetime.now(UTC) + timedelta(hours=9)
    await ana.choose(quiet={"from": f"{apart + timedelta(minutes=1):%H:%M}", "to": f"{apart:%H:%M}"})
    opened = mk_does(
        mk.TicketOpened,
        ticket_id="by-phone",
        customer_id=ANA,
        complaint=PERSONAL["complaint"],
        notification_level="all",
        opened_by="joana",
    )
    await system.publish(opened)
    await eventually(lambda: caused(system, opened), because="it is announced")
    await eventually(lambda: is_held(ana))


async def waits_on_every_way(ana: Everywhere) -> bool:
    queued = ana.provider.of("notifier").database["deliveries"].find({"customer_id": ANA, "state": "queued"})
    assert {one["channel"] async for one in queued} == {"email", "push", "telegram"}
    return True


async def is_held(ana: Everywhere) -> bool:
    found = await ana.provider.of("notifier").database["tickets"].find_one({"_id": "by-phone"})
    return bool(found and found.get("due_at"))


async def dies(system: System, exchange: str, key: str, body: object) -> None:
    """Have a message end among the dead."""
    before = await dead(system)
    kind = "".join(part.capitalize() for part in key.split(".")[1].split("_"))
    kind = "TakeTelegramUpdate" if exchange == REQUESTS else kind
    await system.publish_raw(exchange, key, json.dumps(body).encode(), type=f"{kind}.v1")

    async def more_are_dead() -> bool:
        return await dead(system) > before

    await eventually(more_are_dead)


async def dead(system: System) -> int:
    return sum([await system.depth(queue.name) for queue in topology.queues() if queue.kind == "dead"])


async def some_die(system: System, ticket: str) -> None:
    """Have messages die that name her, her ticket, or her chat alone."""
    update = {"message": {"chat": {"id": CHAT}, "text": PERSONAL["comment in the chat"]}}
    await dies(system, MK, "mk.customer_saved.v1", {"customer_id": ANA, "phone": PERSONAL["phone"]})
    await dies(system, MK, "mk.defect_found.v1", {"ticket_id": ticket, "text": PERSONAL["defect"]})
    await dies(system, REQUESTS, "notifier.commands", {"update": update})
    await dies(system, ATENDO, "notifier.telegram_due.v1", {"address": str(CHAT)})


async def stored(system: System) -> str:
    """Everything in every database of the product, as text."""
    found = []
    for service in system.services:
        for name in await service.database.list_collection_names():
            found += [f"{service.name}.{name} {readable(one)}" async for one in service.database[name].find()]
    return "\n".join(found)


def readable(value: object) -> object:
    match value:
        case dict():
            return {name: readable(one) for name, one in value.items()}
        case list():
            return [readable(one) for one in value]
        case bytes():
            return value.decode(errors="replace")
    return value


async def queued(system: System) -> str:
    """Everything in every queue of the product, as text; it goes back to where it was."""
    found = []
    held = dict.fromkeys((queue.name for queue in topology.queues() if queue.kind == "dead"), 0)
    channel = await system.connection.channel()
    try:
        for queue in topology.queues():
            waiting = await channel.get_queue(queue.name, ensure=False)
            while (message := await waiting.get(fail=False, timeout=60)) is not None:
                found.append(f"{queue.name} {message.body.decode(errors='replace')} {message.headers}")
                if queue.name in held:
                    held[queue.name] += 1
    finally:
        await channel.close()

    async def are_back() -> bool:
        return all([await system.depth(name) >= count for name, count in held.items()])

    # a moment after the channel has ended
    await eventually(are_back)
    return "\n".join(found)


async def none_waits(system: System) -> bool:
    depths = {queue.name: await system.depth(queue.name) for queue in topology.queues() if queue.kind != "dead"}
    assert {name: depth for name, depth in depths.items() if depth} == {}
    return True


def lines_of(log: Path) -> str:
    return log.read_text()


def named_in(text: str, personal: dict[str, str]) -> dict[str, str]:
    """What of a customer stands in a text, and in which line first."""
    lines = text.splitlines()
    return {
        what: next(line for line in lines if secret in line)[:600]
        for what, secret in personal.items()
        if secret in text
    }


async def printed(capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    assert await asyncio.to_thread(export, ANA) == 0
    return capfd.readouterr().out


async def test_r27_of_an_erased_customer_who_used_everything_no_database_queue_or_log_keeps_a_word(
    log: Path, ana: Everywhere, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    system = ana.provider.system
    personal = PERSONAL | await moves_in(ana)
    await a_refused_address(ana)
    await system.publish(mk_does(mk.CustomerSaved, customer_id=ANA, name=PERSONAL["name"], email=EMAIL, connections=[]))
    await eventually(lambda: knows(ana.provider, EMAIL))
    first, second = await a_ticket(ana), await a_ticket(ana)
    await answers_in_the_chat(ana, second)
    await answers(ana, first)
    assert (await ana.provider.write(BIA, text="O roteador da Bia", connection_id="c1")).is_success
    await leaves_much_under_way(ana)
    await some_die(system, first)
    whole = await printed(capfd)
    assert {"chats", "customers", "devices", "invitations", "questions"} <= json.loads(whole)["held"]["notifier"].keys()
    assert json.loads(whole)["held"]["notifier"]["devices"][0]["label"] == PERSONAL["device"]
    assert '"quiet_hours"' in whole
    there = named_in(await stored(system) + await queued(system), personal)
    unseen = {"comment not yet given", "street", "phone", "former e-mail", "connection"}
    assert personal.keys() - there.keys() <= unseen
    for what in ("endpoint", "device", "chat", "comment in the chat", "contact"):
        assert personal[what] in whole, what

    assert await asyncio.to_thread(drop, filters=Filters(about=ANA), yes=True) == 0
    erased = mk_does(mk.CustomerErased, customer_id=ANA)
    await system.publish(erased)
    ana.provider.mailbox.accept()
    await system.hurry("notifier.retry.120s")
    await eventually(lambda: none_waits(system), timedelta(seconds=180))
    await system.quiet()

    await eventually(lambda: is_forgotten(system, personal), timedelta(seconds=150), because="nothing is stored")
    assert named_in(await queued(system), personal) == {}
    logged = lines_of(log) + caplog.text
    assert logged.count('"handled"') > 100
    assert named_in(logged, personal) == {}
    assert named_in(await printed(capfd), personal) == {}
    assert "roteador" in await stored(system)

    # what she still writes to the bot is a stranger's
    ana.telegram.write(CHAT, PERSONAL["comment not yet given"])
    await eventually(lambda: ana.telegram.texts(CHAT)[-1] == phrases.WELCOME)
    await system.quiet()
    del personal["chat"]
    await is_forgotten(system, personal)


async def is_forgotten(system: System, personal: dict[str, str]) -> bool:
    assert named_in(await stored(system), personal) == {}
    return True
