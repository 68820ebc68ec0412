"""Measures push and Telegram alone: what a message costs the notifier, and how many go out a second.

    python -m bench.reaching                    # 1,000 messages on each channel
    python -m bench.reaching --messages 200

It starts the whole product as the bench does, with the stand-ins for the push service and the Bot API, which share the
machine and are slower than what they stand for: the rate is theirs as much as the notifier's, the processor time isn't.
"""

import argparse
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2

from bench import provider
from bench.burst import Command, burst
from bench.figures import median
from bench.mails import Unsound
from bench.product import Product, running
from bench.sink import sink
from bench.waiting import until
from contracts.notifier import About, PushDue, TelegramDue
from contracts.tickets import PhaseChanged
from mk.tokens import issue

PEOPLE = 100
"""Customers with one browser and one chat each; messages go to them in turn."""

_KINDS = {"push": PushDue, "telegram": TelegramDue}
_WITHIN = timedelta(minutes=10)
_FACTS = {"protocol": "20260105000001", "phase": "Em análise", "occurred_at": "2026-01-05T12:00:00+00:00"}


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the customers of the bench are reached: the stand-ins, and each customer's subscription and chat."""

    http: httpx2.Client
    push_url: str
    chat_url: str
    subscriptions: tuple[str, ...]

    def arrived(self, channel: str) -> int:
        """How many messages came on a channel so far."""
        if channel == "push":
            found = [
                self.http.get(f"{self.push_url}/subscriptions/{one}/messages").json() for one in self.subscriptions
            ]
            return sum(len(one) for one in found)
        chats = self.http.get(f"{self.chat_url}/chats").json()
        return sum(message["by"] == "bot" for chat in chats for message in chat["messages"])


@dataclass(frozen=True, slots=True)
class Reached:
    """Messages a second until the last was handled, and the notifier's processor milliseconds for each."""

    per_second: float
    cpu_ms: float


def introduce(product: Product, http: httpx2.Client) -> Reach:
    """Give every customer of the bench a browser and a chat. Raises: Unsound."""
    found = product.addresses
    subscriptions = []
    for number in range(PEOPLE):
        token = issue(provider.customer_id(number), folder=product.secrets, issuer=found["MK_URL"])
        head = {"Authorization": f"Bearer {token}"}
        made = http.post(f"{found['PUSH_URL']}/subscriptions").json()
        device = {"kind": "web_push", "endpoint": made["endpoint"], "keys": made["keys"], "label": "Bench"}
        _expect(http.post(f"{found['EDGE_URL']}/v1/devices", json=device, headers=head), 201)
        link = _expect(http.post(f"{found['EDGE_URL']}/v1/telegram/link", json={}, headers=head), 201).json()["url"]
        start = parse_qs(urlsplit(link).query)["start"][0]
        _expect(http.post(f"{found['CHAT_URL']}/chat", data={"name": f"Cliente {number}", "token": start}), 303)
        subscriptions.append(made["id"])
    reach = Reach(http, found["PUSH_URL"], found["CHAT_URL"], tuple(subscriptions))
    # the bot answers each start
    until(lambda: reach.arrived("telegram") >= PEOPLE, within=_WITHIN, what="every chat is linked")
    return reach


def _expect(answer: httpx2.Response, status: int) -> httpx2.Response:
    if answer.status_code != status:
        raise Unsound(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:200]}")
    return answer


def measure(product: Product, reach: Reach, *, channel: str, count: int) -> Reached:
    """Have so many messages sent on a channel. Raises: Unsound, BurstFailed, TookTooLong."""
    commands = [_command(channel, number) for number in range(count)]
    product.settle()
    arrived, before = reach.arrived(channel), product.cpu()["notifier"]
    with burst(product.addresses["AMQP_URL"], f"notifier.{channel}", commands) as began:
        until(lambda: reach.arrived(channel) - arrived >= count, within=_WITHIN, what=f"{count} messages on {channel}")
        ended = time.monotonic()
    product.settle()
    used = product.cpu()["notifier"] - before
    if (came := reach.arrived(channel) - arrived) != count:
        raise Unsound(f"{came} messages came on {channel} for {count}")
    return Reached(count / (ended - began), used * 1000 / count)


def _command(channel: str, number: int) -> Command:
    due = _KINDS[channel](
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        correlation_id="bench",
        notification_id=uuid4(),
        about=About(event_id=uuid4(), type=PhaseChanged.type_name()),
        ticket_id=f"bench-{number}",
        customer_id=provider.customer_id(number % PEOPLE),
        template="phase_changed",
        facts=_FACTS,
    )
    origin = (("x-atendo-exchange", due.exchange()), ("x-atendo-key", due.routing_key()))
    return Command(due.model_dump_json().encode(), due.type_name(), due.correlation_id, origin)


def main() -> None:
    """Measure on a product of its own, each channel three times, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=1_000, help="how many messages on each channel")
    parser.add_argument("--rounds", type=int, default=3, help="how often")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with sink() as mails, running(mails.url) as product, httpx2.Client(timeout=30) as http:
        provider.publish(product.addresses["AMQP_URL"])
        product.settle()
        reach = introduce(product, http)
        for channel in _KINDS:
            measure(product, reach, channel=channel, count=PEOPLE)
            rounds = [measure(product, reach, channel=channel, count=options.messages) for _ in range(options.rounds)]
            per_second, cpu = median([one.per_second for one in rounds]), median([one.cpu_ms for one in rounds])
            print(f"{channel}: {per_second:.0f} messages/s, {cpu:.2f} ms of the notifier's processor time each")
    print(f"load average before the start: {load:.2f}")


if __name__ == "__main__":
    main()
