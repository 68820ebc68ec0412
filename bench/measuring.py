"""The measurements, each on a running product and its mail sink."""

import json
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvloop

from bench import floor, mailing, provider
from bench.burst import Command, burst
from bench.figures import Spread
from bench.mailing import Mailing
from bench.mails import Unsound, handed_over, marker
from bench.posting import Answer, Post, open_loop
from bench.processes import resident_megabytes
from bench.product import Product
from bench.progress import Bar, Board
from bench.sink import Sink
from bench.startup import Start, start_again
from bench.waiting import TookTooLong, until
from contracts.requests import SubmitContact
from mk.tokens import issue
from ops.embedded.layout import SERVICES

PATH = ("contacts", "tickets", "notifier")
"""The services that a contact passes through on its way to its mails."""

_MAILS_WITHIN = timedelta(minutes=10)
_SILENCE = timedelta(seconds=40)
"""Without a mail for longer than the second rung of the retry ladder, what is missing is lost."""

_ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Latency:
    """The open loop: how long answers and mails took, and how late the generator itself was.

    `turned_away` counts the answers "unavailable", after which a post was sent again; `memory` is what each service
    held at the last post, in MB.
    """

    answers: Spread
    mails: Spread
    lateness: Spread
    turned_away: int
    memory: dict[str, float]


@dataclass(frozen=True, slots=True)
class Capacity:
    """A burst: contacts a second until the last mail, and processor milliseconds a contact of each process."""

    per_second: float
    cpu_ms: dict[str, float]

    @property
    def path_cpu_ms(self) -> float:
        """What the three services on the path used."""
        return sum(self.cpu_ms[name] for name in PATH)


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that is measured, in the order in which it is asked for."""

    product: Product
    sink: Sink
    board: Board

    def introduce(self) -> None:
        """Tell the product of the provider, and send one contact of each customer: all are known afterwards.

        Raises: Unsound, TookTooLong.
        """
        provider.publish(self.product.addresses["AMQP_URL"])
        self.product.settle()
        self.account_for(self._burst(provider.CUSTOMERS, "Warm-up")[0])

    def latency(self, per_second: int, seconds: int) -> Latency:
        """Post contacts at a fixed rate. Raises: Unsound, TookTooLong."""
        marked = markers(per_second * seconds)
        posts = [self._post(number, one) for number, one in enumerate(marked)]
        url = f"{self.product.addresses['EDGE_URL']}/v1/contacts"
        with self.board.phase(f"POST /v1/contacts, {per_second}/s for {seconds} s", len(posts)) as bar:
            answers = uvloop.run(open_loop(url, posts, per_second=per_second, advance=bar.advance))
        memory = self.memory()
        _check_answers(answers)
        with self.board.phase("Their mails", 2 * len(posts)) as bar:
            self.await_mails(2 * len(posts), bar)
        self.product.settle()
        done = self.account_for(marked)
        return Latency(
            answers=Spread.of([answer.answered - answer.due for answer in answers]),
            mails=Spread.of([done[one] - answer.due for one, answer in zip(marked, answers, strict=True)]),
            lateness=Spread.of([answer.sent - answer.due for answer in answers]),
            turned_away=sum(answer.turned_away for answer in answers),
            memory=memory,
        )

    def _post(self, number: int, one: str) -> Post:
        token = issue(
            provider.customer_id(number), folder=self.product.secrets, issuer=self.product.addresses["MK_URL"]
        )
        body = {"sector_id": provider.SECTOR_ID, "text": provider.text(one)}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": one, "Content-Type": "application/json"}
        return Post(headers, json.dumps(body).encode())

    def capacity(self, contacts: int) -> Capacity:
        """Send a burst of contacts straight to the queue of commands. Raises: Unsound, TookTooLong."""
        self.product.settle()
        before = self.product.cpu()
        marked, began = self._burst(contacts, f"Burst of {contacts} contacts, their mails")
        used = self._used_since(before, contacts)
        return Capacity(contacts / (max(self.account_for(marked).values()) - began), used)

    def floor(self, contacts: int) -> Capacity:
        """Have the floor handle as many. Raises: Unsound, FloorFailed."""
        places = floor.Places(self.product.addresses["AMQP_URL"], self.product.addresses["MONGO_URL"], self.sink.port)
        self.product.settle()
        before = self.product.cpu()
        with self.board.phase(f"The floor, {contacts} contacts"):
            measured = floor.measure(places, contacts)
        mails = len(self.sink.take())
        if mails != 2 * contacts:
            raise Unsound(f"the floor sent {mails} mails for {contacts} contacts")
        around = {name: ms for name, ms in self._used_since(before, contacts).items() if name in {"rabbitmq", "mongod"}}
        roles = {role: seconds * 1000 / contacts for role, seconds in measured.cpu_seconds.items()}
        return Capacity(contacts / measured.seconds, {**roles, **around})

    def mailing(self, mails: int) -> dict[str, Mailing]:
        """Have so many mails of each kind sent, without the contacts around them. Raises: Unsound, BurstFailed."""
        found = {}
        for kind in mailing.KINDS:
            with self.board.phase(f"{mails} mails alone, {kind}"):
                found[kind] = mailing.measure(self.product, self.sink, kind=kind, count=mails)
        return found

    def memory(self) -> dict[str, float]:
        """Return the resident memory of every service, in MB; the largest replica's."""
        pids = self.product.pids()
        services = {name: of_one for name, of_one in pids.items() if name not in {"rabbitmq", "mongod"}}
        return {name: max(resident_megabytes(pid) for pid in of_one) for name, of_one in services.items()}

    def starts(self, times: int) -> dict[str, list[Start]]:
        """Start a copy of every service so often. MK's stand-in is left out: it would load its provider again."""
        found: dict[str, list[Start]] = {}
        first = {name: pids[0] for name, pids in self.product.pids().items() if name in SERVICES}
        with self.board.phase("Starts", len(first) * times) as bar:
            for name, pid in first.items():
                for _ in range(times):
                    found.setdefault(name, []).append(start_again(pid, self._log))
                    bar.advance()
        return found

    @property
    def _log(self) -> Path:
        return self.product.folder.path / "log" / "bench.log"

    def _burst(self, contacts: int, title: str) -> tuple[list[str], float]:
        """Return the contacts' markers and when the burst began, once the product has come to rest."""
        marked = markers(contacts)
        commands = [_message(provider.command(number, one)) for number, one in enumerate(marked)]
        amqp_url, queue = self.product.addresses["AMQP_URL"], SubmitContact.queue()
        with self.board.phase(title, 2 * contacts) as bar, burst(amqp_url, queue, commands) as began:
            self.await_mails(2 * contacts, bar)
        # what follows a mail belongs to its contact, and a doubled mail may come after all the others
        self.product.settle()
        return marked, began

    def await_mails(self, mails: int, bar: Bar) -> None:
        """Return once so many mails came, or once none has come for long."""
        came, last_at = 0, time.monotonic()

        def no_more_come() -> bool:
            nonlocal came, last_at
            if self.sink.waiting != came:
                came, last_at = self.sink.waiting, time.monotonic()
            bar.show(came)
            return came >= mails or time.monotonic() - last_at > _SILENCE.total_seconds()

        # what is missing after that is counted by whoever takes the mails
        with suppress(TookTooLong):
            until(no_more_come, within=_MAILS_WITHIN, what="all mails")

    def account_for(self, markers: list[str]) -> dict[str, float]:
        """Return when each contact's second mail came. Raises: Unsound."""
        return handed_over(self.sink.take(), markers, sector=provider.SECTOR_EMAIL)

    def _used_since(self, before: dict[str, float], contacts: int) -> dict[str, float]:
        return {name: (used - before[name]) * 1000 / contacts for name, used in self.product.cpu().items()}


def markers(contacts: int) -> list[str]:
    """Markers of the contacts of a new run."""
    run = secrets.token_hex(4)
    return [marker(run, number) for number in range(contacts)]


def _message(command: SubmitContact) -> Command:
    return Command(command.model_dump_json().encode(), "SubmitContact.v1", str(command.request_id))


def _check_answers(answers: list[Answer]) -> None:
    others = sorted({answer.status for answer in answers} - {_ACCEPTED})
    if others:
        count = sum(answer.status != _ACCEPTED for answer in answers)
        raise Unsound(f"{count} of {len(answers)} posts were not accepted (status {others}; 0 is no answer)")
