"""One customer lives through every kind of event at every level, and gets each message where R15 to R20 say.

What is expected is written from the rules' own table, and nothing of it is taken from the code.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from contracts import feedback, mk
from contracts.message import Message
from contracts.notifier import NotificationSent, NotificationSkipped
from contracts.operating import ExplainTicket
from ops.questions import explain
from tests.eventually import eventually
from tests.journeys.everywhere import LEVELS, Everywhere, everywhere, open_sectors_of_every_level
from tests.journeys.provider import ANA, Provider
from tests.smtp import Mailbox
from tests.system import System, emitted
from tests.telegram import Telegram

R15 = """
| event                                    | none | start_end | all |
| ticket opened                            | no   | yes       | yes |
| service order created                    | no   | no        | yes |
| phase changed (visible)                  | no   | no        | yes |
| phase changed (hidden)                   | no   | no        | no  |
| responsible added                        | no   | no        | yes |
| ticket closed                            | no   | yes       | yes |
| ticket reopened                          | no   | yes       | yes |
| evaluation requested                     | yes  | yes       | yes |
| evaluation reminded                      | yes  | yes       | yes |
| contact received                         | yes  | yes       | yes |
| defect found                             | no   | no        | no  |
| level changed                            | no   | no        | no  |
"""

STORY = {
    "ContactReceived.v1": ["contact received"],
    "TicketOpened.v1": ["ticket opened"],
    "ServiceOrderCreated.v1": ["service order created"],
    "PhaseChanged.v1": ["phase changed (visible)", "phase changed (hidden)"],
    "ResponsibleAdded.v1": ["responsible added"],
    "DefectFound.v1": ["defect found"],
    "NotificationLevelChanged.v1": ["level changed"],
    "TicketReopened.v1": ["ticket reopened"],
    "TicketClosed.v1": ["ticket closed", "ticket closed, asked with it"],
    "EvaluationRequested.v1": ["evaluation requested"],
    "EvaluationReminded.v1": ["evaluation reminded"],
}
"""What happens, by type; of one type in the order in which it happens."""

TITLES = {
    "contact received": "Recebemos seu contato",
    "ticket opened": "Atendimento aberto",
    "service order created": "Ordem de serviço criada",
    "phase changed (visible)": "Atendimento em nova fase",
    "responsible added": "Novo responsável",
    "ticket closed": "Atendimento encerrado",
    "ticket reopened": "Atendimento reaberto",
    "evaluation reminded": "Sua avaliação ainda é bem-vinda",
}

Cell = tuple[str, str, str]
"""An event of the story, a channel, a recipient."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a customer has, and what they chose of it."""

    name: str
    push: str = "on"
    telegram: str = "on"
    is_quiet: bool = False


SITUATIONS = (
    Situation("everything on"),
    Situation("push switched off", push="off"),
    Situation("chat switched off", telegram="off"),
    Situation("both switched off", push="off", telegram="off"),
    Situation("a chat alone", push="absent"),
    Situation("neither device nor chat", push="absent", telegram="absent"),
)


def yes(event: str, level: str) -> bool:
    """What R15's table says."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in R15.strip().splitlines()]
    row = next(row for row in rows if row[0] == event.removesuffix(", asked with it"))
    return row[rows[0].index(level)] == "yes"


def expected(level: str, situation: Situation) -> dict[Cell, tuple[str, str]]:
    """Every cell of a ticket's ledger: the decision and its reason."""
    events = [event for story in STORY.values() for event in story]
    cells = {
        (event, channel, "customer"): cell(event, channel, level, situation)
        for event in events
        for channel in ("inbox", "email", "push", "telegram")
    }
    return cells | {("contact received", "email", "sector"): ("send", "always told")}


def cell(event: str, channel: str, level: str, situation: Situation) -> tuple[str, str]:
    """Decision and reason for the customer, by R11 and R15 to R20."""
    if event in {"defect found", "level changed"}:
        return "skip", "never told"
    if event == "contact received":
        return receipt(channel, level)
    if channel == "email":
        return question_by_mail(situation) if event.startswith("evaluation") else ("skip", "not carried by email")
    way = getattr(situation, channel, "on")
    obstacles = {
        "no device": (channel, way) == ("push", "absent"),
        "no chat": (channel, way) == ("telegram", "absent"),
        "not visible": event == "phase changed (hidden)",
        f"level {level}": not yes(event, level),
        "told with the evaluation request": event == "ticket closed, asked with it",
        "switched off by the customer": way == "off",
    }
    if reason := next((reason for reason, stands in obstacles.items() if stands), None):
        return "skip", reason
    if channel != "inbox" and situation.is_quiet:
        return "defer", "waits for the end of quiet hours"
    return "send", "always told" if event.startswith("evaluation") else f"level {level}"


def receipt(channel: str, level: str) -> tuple[str, str]:
    """R11 goes by e-mail alone; the inbox shows the contact where it doesn't show the opening."""
    if channel == "email":
        return "send", "always told"
    if channel == "inbox":
        return ("skip", "told in the ticket's opening") if yes("ticket opened", level) else ("send", "always told")
    return "skip", f"not carried by {channel}"


def question_by_mail(situation: Situation) -> tuple[str, str]:
    """The mail is for whom neither push nor Telegram brings the question (R16)."""
    carrier = next((name for name in ("push", "telegram") if getattr(situation, name) == "on"), None)
    return ("skip", f"carried by {carrier}") if carrier else ("send", "always told")


def title(event: str, level: str) -> str:
    """What the customer reads first."""
    if event != "evaluation requested":
        return TITLES[event]
    # closed and asked are one message, where the level would have announced the closing (R18)
    return "Atendimento encerrado: avalie" if yes("ticket closed", level) else "Avalie seu atendimento"


def arrives(level: str, situation: Situation, channel: str) -> Counter[str]:
    """What a channel brings to the customer, by title."""
    cells = expected(level, situation)
    return Counter(
        title(event, level)
        for (event, by, to), (decision, _) in cells.items()
        if (by, to, decision) == (channel, "customer", "send")
    )


@pytest_asyncio.fixture
async def ana(
    system: System, mailbox: Mailbox, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Everywhere]:
    """Give the whole product, and the environment in which commands find it."""
    for name, value in system.environment.items():
        monkeypatch.setenv(name.upper(), value)
    async with everywhere(system, mailbox, telegram) as given:
        await open_sectors_of_every_level(given.provider)
        yield given


async def has(ana: Everywhere, situation: Situation) -> None:
    if situation.push != "absent":
        await ana.subscribe()
    if situation.telegram != "absent":
        await ana.link()
    await ana.choose(push=situation.push != "off", telegram=situation.telegram != "off")


async def a_story(provider: Provider, level: str) -> str:
    """Have everything happen to a ticket that Ana's contact opens; give its protocol."""
    protocol = str((await provider.write(ANA, sector_id=level)).json()["protocol"])
    ticket, moments = await provider.ticket_of(protocol), after(datetime.now(UTC))

    def mk_does(of: type[Message], **fields: object) -> Message:
        return emitted(of, at=next(moments), ticket_id=ticket, **fields)

    for step in (
        mk_does(mk.ServiceOrderCreated, service_order_id="os1"),
        mk_does(mk.PhaseChanged, process="P", phase="Campo"),
        mk_does(mk.PhaseChanged, process="P", phase="Interna", visible=False),
        mk_does(mk.ResponsibleAdded, responsible_id="r1", name="Carlos Souza"),
        mk_does(mk.DefectFound, defect_found="Cabo"),
        mk_does(mk.NotificationLevelChanged, notification_level=level),
        mk_does(mk.TicketClosed, closed_by="joana"),
        mk_does(mk.TicketReopened),
        mk_does(mk.TicketClosed, closed_by="joana", request_evaluation=True),
    ):
        await happens(provider.system, step)
    asked = await eventually(lambda: provider.system.received_of(feedback.EvaluationRequested, ticket_id=ticket))
    about = {name: asked[0][name] for name in ("evaluation_id", "ticket_id", "protocol", "customer_id")}
    await provider.system.publish(emitted(feedback.EvaluationReminded, at=datetime.now(UTC), **about))
    return protocol


async def happens(system: System, step: Message) -> None:
    """Publish a step and wait for what tickets says of it: one that overtakes another would be announced anew."""
    await system.publish(step)
    await eventually(lambda: any(one["body"].get("cause_id") == str(step.event_id) for one in system.received))


def after(moment: datetime) -> Iterator[datetime]:
    while True:
        moment += timedelta(milliseconds=1)
        yield moment


async def ledger(provider: Provider, protocol: str) -> dict[Cell, dict[str, Any]]:
    """What is answered about a ticket, by cell."""
    lines = await provider.system.answer(ExplainTicket(request_id=uuid4(), protocol=protocol))
    named = {event: label for kind in STORY for event, label in labels(kind, lines)}
    assert {line["type"] for line in lines} == {*STORY}
    cells = {(named[line["event"]], line["channel"], line["recipient"]): line for line in lines}
    assert len(cells) == len(lines)
    return cells


def labels(kind: str, lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    of_kind = dict.fromkeys(line["event"] for line in lines if line["type"] == kind)
    assert len(of_kind) == len(STORY[kind]), kind
    return list(zip(of_kind, STORY[kind], strict=True))


async def settled(provider: Provider, protocol: str) -> dict[Cell, dict[str, Any]]:
    """The ledger once all that was decided came to its end."""

    async def look() -> dict[Cell, dict[str, Any]]:
        cells = await ledger(provider, protocol)
        assert len(cells) == 4 * 13 + 1
        assert {line["state"] for line in cells.values() if line["decision"] == "send"} == {"sent"}
        return cells

    return await eventually(look)


def decided(cells: dict[Cell, dict[str, Any]]) -> dict[Cell, tuple[str, str]]:
    return {place: (line["decision"], line["reason"]) for place, line in cells.items()}


async def printed(protocol: str, capfd: pytest.CaptureFixture[str]) -> Counter[tuple[str, ...]]:
    """What the command shows: type, channel, recipient, decision, reason and outcome of each line."""
    capfd.readouterr()
    assert await asyncio.to_thread(explain, protocol) == 0
    rows = [[cell.strip() for cell in line.split("│")] for line in capfd.readouterr().out.splitlines() if "│" in line]
    return Counter(tuple(row[2:8]) for row in rows)


def as_printed(cells: dict[Cell, dict[str, Any]]) -> Counter[tuple[str, ...]]:
    outcomes = {"send": "sent", "skip": "skipped", "defer": "waiting"}
    return Counter(
        (line["type"], channel, recipient, line["decision"], line["reason"], outcomes[line["decision"]])
        for (_, channel, recipient), line in cells.items()
    )


async def check_arrivals(ana: Everywhere, protocol: str, level: str, situation: Situation) -> None:
    shown = {"inbox": await ana.inbox(), "push": ana.pushed(), "telegram": ana.chatted()}
    for channel, texts in shown.items():
        about = Counter(heading for heading, body in texts if protocol in body)
        assert about == arrives(level, situation, channel), channel
    # what is equal in inbox, push and chat: title and body
    assert {*shown["push"], *shown["telegram"]} <= {*shown["inbox"]}
    mails = [one for one in ana.provider.mailbox.messages if protocol in str(one)]
    of_ana, of_sector = ([one for one in mails if to in str(one["To"])] for to in ("ana@", f"{level}@"))
    assert (len(of_ana), len(of_sector)) == (sum(arrives(level, situation, "email").values()), 1)


async def check_announcements(system: System, cells: dict[Cell, dict[str, Any]]) -> None:
    """What was sent is announced once each; of what wasn't, only that which a channel could have carried."""
    # it is announced after it stands in the ledger
    await system.quiet()
    for of, decision in ((NotificationSent, "send"), (NotificationSkipped, "skip")):
        announced = Counter((one["about"]["event_id"], one["channel"]) for one in system.received_of(of))
        own = {line["event"] for line in cells.values()}
        reasons = ("level", "switched off", "not visible", "always")
        wanted = Counter(
            (line["event"], line["channel"])
            for line in cells.values()
            if line["decision"] == decision and line["reason"].startswith(reasons)
        )
        assert Counter({place: n for place, n in announced.items() if place[0] in own}) == wanted, of


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
async def test_r15_r16_r17_each_message_arrives_where_table_and_choice_say_and_every_cell_says_why(
    ana: Everywhere, situation: Situation, capfd: pytest.CaptureFixture[str]
) -> None:
    await has(ana, situation)

    protocols = {level: await a_story(ana.provider, level) for level in LEVELS}

    for level, protocol in protocols.items():
        cells = await settled(ana.provider, protocol)
        assert decided(cells) == expected(level, situation)
        assert await printed(protocol, capfd) == as_printed(cells)
        await check_arrivals(ana, protocol, level, situation)
        await check_announcements(ana.provider.system, cells)
    assert await ana.provider.system.dead("notifier") == []


async def test_r20_quiet_hours_hold_back_push_and_chat_alone_and_all_of_it_goes_when_they_end(
    ana: Everywhere, capfd: pytest.CaptureFixture[str]
) -> None:
    loud, quiet = Situation("everything on"), Situation("quiet hours", is_quiet=True)
    await has(ana, loud)
    # all day but one minute, which is long gone or far away
    apart = datetime.now(UTC) + timedelta(hours=9)
    await ana.choose(quiet={"from": f"{apart + timedelta(minutes=1):%H:%M}", "to": f"{apart:%H:%M}"})

    protocols = {level: await a_story(ana.provider, level) for level in LEVELS}

    for level, protocol in protocols.items():
        cells = await settled(ana.provider, protocol)
        assert decided(cells) == expected(level, quiet)
        assert await printed(protocol, capfd) == as_printed(cells)
        await check_arrivals(ana, protocol, level, quiet)

    await ana.choose()
    for level, protocol in protocols.items():
        await eventually(partial(nothing_waits, ana.provider, protocol), because="nothing waits")
        cells = await settled(ana.provider, protocol)
        assert decided(cells) == expected(level, loud)
        await check_arrivals(ana, protocol, level, loud)
        await check_announcements(ana.provider.system, cells)


async def nothing_waits(provider: Provider, protocol: str) -> bool:
    return "defer" not in {line["decision"] for line in (await ledger(provider, protocol)).values()}
