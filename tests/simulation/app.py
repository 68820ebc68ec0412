"""The app in customers' hands: it asks an edge's gateway, and sends again by itself until it gets yes or no."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from chassis.clock import utc_now
from chassis.messaging.rpc import NoReply
from contracts.channels import (
    ChannelSwitches,
    GetTelegramLink,
    InviteToTelegram,
    Preferences,
    QuietHours,
    RegisterDevice,
    SavePreferences,
    WebPushKeys,
)
from contracts.replies import TicketLine
from contracts.requests import (
    GetContact,
    GetTicket,
    ListEvaluations,
    ListTickets,
    SubmitContact,
    SubmitEvaluation,
    SubmitEvaluationByLink,
)
from contracts.rpc import Request, contact_id, request_id
from services.edge.errors.problems import Refused
from services.edge.gateway import Caller
from tests.chaos.history import History, Rated, Unsure, Wrote, now
from tests.simulation.door import CutOff, Door
from tests.simulation.seen import Seen, Sleep, Visit

A = TypeVar("A")

_COME_AGAIN = frozenset({429, 502, 503, 504})
_PAUSE = (0.3, 1.0)


class Queued(Exception):
    """It is with the broker, and nobody answered yet: what the app shows as accepted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it in the end: what was answered, or the status of a refusal; neither where it is queued."""

    answered: Any = None
    refused: int | None = None


@dataclass(slots=True)
class App:
    """Speaks for every customer; what it is shown is kept in `seen`."""

    door: Door
    history: History
    seen: Seen
    rng: Random

    async def write(self, customer_id: str, sector_id: str, *, key: str, text: str, taps: int = 1) -> Wrote:
        """Write to a sector, `taps` times at once, until it is accepted or refused."""
        request = request_id(customer_id, key)

        def command(caller: Caller) -> SubmitContact:
            return caller.makes(SubmitContact, request_id=request, sector_id=sector_id, text=text)

        asked = [self._insist("write", customer_id, command) for _ in range(taps)]
        answers = await asyncio.gather(*asked)
        refused = next((one.refused for one in answers if one.refused), None)
        found = str(contact_id(request))
        taken = any(one.refused is None for one in answers)
        wrote = Wrote(now(), str(request), found, customer_id, sector_id, text, taken, refused)
        self.history.note(wrote)
        return wrote

    async def is_received(self, customer_id: str, contact: str) -> bool:
        """Whether a contact was handled, so that a ticket can be ahead."""
        answer = await self._insist(
            "look", customer_id, lambda caller: caller.makes(GetContact, contact_id=UUID(contact))
        )
        return answer.answered is not None and answer.answered.state != "queued"

    async def register(self, customer_id: str, endpoint: str, keys: WebPushKeys) -> None:
        """Have a device pushed to."""
        request = request_id(customer_id, f"device\nweb_push\n{endpoint}")
        answer = await self._insist(
            "device",
            customer_id,
            lambda caller: caller.makes(
                RegisterDevice, request_id=request, device="web_push", endpoint=endpoint, keys=keys
            ),
        )
        if answer.answered is None:
            raise ValueError(f"no device: {answer}")

    async def invite(self, customer_id: str) -> str:
        """The token of the bot's start link for the customer."""
        answer = await self._insist("link", customer_id, lambda caller: caller.makes(InviteToTelegram))
        if answer.answered is None:
            raise ValueError(f"no link: {answer}")
        return str(answer.answered.url).partition("?start=")[2]

    async def is_linked(self, customer_id: str) -> bool:
        """Whether the customer's chat is linked."""
        answer = await self._insist("link", customer_id, lambda caller: caller.makes(GetTelegramLink))
        return bool(answer.answered and answer.answered.linked)

    async def prefer(self, customer_id: str, begins: str, ends: str) -> None:
        """Want to sleep between these hours, in the provider's zone."""
        chosen = Preferences(quiet_hours=QuietHours(begins=begins, ends=ends))
        at = utc_now()
        await self._insist(
            "preferences", customer_id, lambda caller: caller.makes(SavePreferences, preferences=chosen, saved_at=at)
        )
        self.seen.sleeps.append(Sleep(now(), customer_id, begins, ends))

    async def switch_off(self, customer_id: str, channel: str) -> None:
        """Want nothing by a channel any more: `push` or `telegram`."""
        chosen, at = Preferences(channels=ChannelSwitches.model_validate({channel: False})), utc_now()
        await self._insist(
            "preferences", customer_id, lambda caller: caller.makes(SavePreferences, preferences=chosen, saved_at=at)
        )

    async def pending(self, customer_id: str) -> list[str]:
        """The evaluations that the customer may still answer."""
        answer = await self._insist("pending", customer_id, lambda caller: caller.makes(ListEvaluations))
        return [str(one.evaluation_id) for one in answer.answered or ()]

    async def rate(self, customer_id: str, evaluation: str, score: int, comment: str | None) -> None:
        """Answer an evaluation until that is accepted or refused for good."""
        request = request_id(customer_id, f"{evaluation}\n{score}\n{comment or ''}")
        answer = await self._insist(
            "rate",
            customer_id,
            lambda caller: caller.makes(
                SubmitEvaluation, request_id=request, evaluation_id=UUID(evaluation), score=score, comment=comment
            ),
        )
        # what is queued will be recorded or refused, and nobody learns which
        taken = answer.answered is not None
        self.history.note(Rated(now(), evaluation, customer_id, score, comment, taken))

    async def rate_by_link(self, evaluation: str, token: str, score: int) -> None:
        """Answer by the signed link of a mail, with no login."""
        comment = None if score == _BEST else f"Por carta: {score}"
        request = request_id("", f"{token}\n{score}\n{comment or ''}")
        answer = await self._insist(
            "rate by link",
            "",
            lambda caller: caller.makes(
                SubmitEvaluationByLink, request_id=request, token=token, score=score, comment=comment
            ),
        )
        self.history.note(Rated(now(), evaluation, "", score, comment, answer.answered is not None))

    async def tickets(self, customer_id: str, status: str) -> list[TicketLine]:
        """All that the customer is shown, page by page."""
        found: list[TicketLine] = []
        cursor: str | None = None
        while True:
            at, after = now(), cursor
            answer = await self._insist(
                "list",
                customer_id,
                partial(_listing, status, after),
            )
            found += answer.answered.items
            self.seen.listed(Visit(customer_id, at, now()), answer.answered.items)
            cursor = answer.answered.next_cursor
            if not cursor:
                return found

    async def ticket(self, customer_id: str, protocol: str) -> None:
        """Look at one ticket with its timeline."""
        at = now()
        answer = await self._insist("read", customer_id, lambda caller: caller.makes(GetTicket, protocol=protocol))
        visit = Visit(customer_id, at, now())
        if answer.answered is None:
            self.seen.refused(visit, protocol)
        else:
            self.seen.read(visit, answer.answered)

    async def _insist(self, what: str, customer_id: str, request: Callable[[Caller], Request[A]]) -> Answer:
        while True:
            try:
                return Answer(await self.door.through(customer_id, _asking(request)))
            except Queued:
                return Answer()
            except Refused as error:
                if error.problem.status not in _COME_AGAIN:
                    return Answer(refused=error.problem.status)
                why = str(error.problem.status)
            except CutOff as error:
                why = str(error)
            self.history.note(Unsure(now(), what, why))
            await asyncio.sleep(self.rng.uniform(*_PAUSE))


_BEST = 5


def _asking(request: Callable[[Caller], Request[A]]) -> Callable[[Caller], Awaitable[A]]:
    async def ask(caller: Caller) -> A:
        made = request(caller)
        try:
            return await caller.ask(made)
        except NoReply as error:
            if made.durable and made.kind in _KEPT:
                raise Queued from error
            raise CutOff("no reply") from error

    return ask


def _listing(status: str, after: str | None, caller: Caller) -> ListTickets:
    return caller.makes(ListTickets, status=status, limit=100, cursor=after)


_KEPT = frozenset({"submit_contact", "submit_evaluation", "submit_evaluation_by_link"})
"""What the edge answers with 202 where nobody answered it in time: the broker has it (R13)."""
