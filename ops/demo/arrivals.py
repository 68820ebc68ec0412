"""The last chapter: what arrived where, and in short why (R16, R17)."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from uuid import uuid4

from contracts.operating import ExplainTicket
from ops.demo.chat import Chat
from ops.demo.push import Browser
from ops.demo.stage import App, Json, Stage, eventually, expect
from ops.session import ask

CHANNELS = ("inbox", "push", "telegram", "email")


@dataclass(frozen=True, slots=True)
class Ways:
    """What reaches a customer beside the inbox and mails."""

    browser: Browser | None
    chat: Chat | None


def the_arrivals(stage: Stage, customer: Json, app: App, ticket: Json, ways: Ways) -> None:
    """Hold what each channel shows to what the ledger says it brought, and show both."""
    stage.screen.chapter(f"What reached {customer['name']}, where, and why")
    protocol = ticket["protocol"]
    lines = eventually("everything to arrive", lambda: _settled(protocol))
    sent = Counter(one["channel"] for one in lines if one["decision"] == "send" and one["recipient"] == "customer")
    shown = _shown(stage, customer, app, protocol, ways)
    stage.screen.table(
        f"Arrived about {protocol}",
        ["channel", "title"],
        [[channel, one] for channel in shown for one in shown[channel]],
    )
    for channel, titles in shown.items():
        expect(f"the number of messages by {channel}", of=len(titles), to_be=sent[channel])
    _show_reasons(stage, protocol, [one for one in lines if one["recipient"] == "customer"])


def _settled(protocol: str) -> list[Json] | None:
    async def look() -> Json:
        return await ask(ExplainTicket(request_id=uuid4(), protocol=protocol))

    lines: list[Json] = asyncio.run(look())
    return lines if all(one["state"] == "sent" for one in lines if one["decision"] == "send") else None


def _shown(stage: Stage, customer: Json, app: App, protocol: str, ways: Ways) -> dict[str, list[str]]:
    inbox = app.get("/v1/notifications?limit=100", show=False)["items"]
    shown = {"inbox": [one["title"] for one in reversed(inbox) if one["protocol"] == protocol]}
    if ways.browser:
        shown["push"] = [one["title"] for one in ways.browser.shown() if protocol in one["body"]]
    if ways.chat:
        shown["telegram"] = [title for title, body in ways.chat.notices() if protocol in body]
    mails = [one for one in stage.mails_about(protocol) if one["to"][0]["address"] == customer["email"]]
    return {**shown, "email": [one["subject"] for one in mails]}


def _show_reasons(stage: Stage, protocol: str, lines: list[Json]) -> None:
    """A row for each event; of each channel the decision and its reason."""
    events: dict[str, dict[str, str]] = {}
    for one in lines:
        events.setdefault(f"{one['event']} {one['type']}", {})[one["channel"]] = f"{one['decision']}: {one['reason']}"
    rows: list[list[object]] = [
        [event.split()[1].removesuffix(".v1"), *(channels.get(name) for name in CHANNELS)]
        for event, channels in events.items()
    ]
    stage.screen.table(f"Why (`atendo explain {protocol}` has every line of it)", ["event", *CHANNELS], rows)
