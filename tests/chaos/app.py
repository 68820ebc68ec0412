"""The app in customers' hands: it sends again by itself until it is told yes or no."""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from contracts.rpc import contact_id, request_id
from tests.chaos.history import History, Rated, Unsure, Wrote, now

GIVES_UP_AFTER = timedelta(minutes=3)
_QUEUED = 202
_DECIDED = {409, 410}
"""Another answer came first, or the question was withdrawn or expired: refused for good."""

_COME_AGAIN = {429, 502, 503, 504}


@dataclass(slots=True)
class App:
    """Speaks with the edge for every customer; `tokens` holds the bearer token of each."""

    client: httpx2.AsyncClient
    tokens: dict[str, str]
    history: History

    async def write(self, customer_id: str, sector_id: str, *, key: str, text: str, taps: int = 1) -> Wrote:
        """Write to a sector, `taps` times at once, until it is acknowledged, refused, or given up."""
        body = {"sector_id": sector_id, "text": text}
        asked = [self._insist("POST", "/v1/contacts", customer_id, body, key=key) for _ in range(taps)]
        answers = await asyncio.gather(*asked)
        request = request_id(customer_id, key)
        taken = [one for one in answers if one is not None and one.status_code == httpx2.codes.ACCEPTED]
        refused = next((one.status_code for one in answers if one is not None and one not in taken), None)
        ids = {one.json()["contact_id"] for one in taken} or {str(contact_id(request))}
        for found in sorted(ids):
            wrote = Wrote(now(), str(request), found, customer_id, sector_id, text, bool(taken), refused)
            self.history.note(wrote)
        return wrote

    async def is_received(self, customer_id: str, contact: str) -> bool:
        """Whether a contact was handled, so that a ticket can be ahead; asks until somebody answers."""
        answer = await self._insist("GET", f"/v1/contacts/{contact}", customer_id)
        return answer is not None and answer.is_success and answer.json()["state"] != "queued"

    async def register(self, customer_id: str, device: dict[str, Any]) -> None:
        """Have a device pushed to."""
        answer = await self._insist("POST", "/v1/devices", customer_id, device)
        if answer is None or not answer.is_success:
            raise ValueError(f"no device: {answer and answer.status_code}")

    async def invite(self, customer_id: str) -> str:
        """The bot's start link for the customer."""
        answer = await self._insist("POST", "/v1/telegram/link", customer_id)
        if answer is None or not answer.is_success:
            raise ValueError(f"no link: {answer and answer.status_code}")
        return str(answer.json()["url"])

    async def is_linked(self, customer_id: str) -> bool:
        """Whether the customer's chat is linked."""
        answer = await self._insist("GET", "/v1/telegram/link", customer_id)
        return answer is not None and answer.is_success and bool(answer.json()["linked"])

    async def pending(self, customer_id: str) -> list[str]:
        """The evaluations that the customer may still answer."""
        answer = await self._insist("GET", "/v1/evaluations", customer_id)
        if answer is None or not answer.is_success:
            return []
        return [one["evaluation_id"] for one in answer.json()]

    async def rate(self, customer_id: str, evaluation: str, score: int, comment: str | None) -> None:
        """Answer an evaluation until that is acknowledged, refused for good, or given up."""
        body = {"score": score, "comment": comment}
        answer = await self._insist("POST", f"/v1/evaluations/{UUID(evaluation)}", customer_id, body)
        # what is queued will be recorded or refused, and nobody is told which
        taken = answer is not None and answer.is_success and answer.status_code != _QUEUED
        if answer is not None and not taken and answer.status_code not in _DECIDED:
            self.history.note(Unsure(now(), "rating", f"refused with {answer.status_code}"))
        self.history.note(Rated(now(), evaluation, customer_id, score, comment, taken))

    async def tickets(self, customer_id: str, status: str) -> list[dict[str, Any]]:
        """All that the customer is shown, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            path = f"/v1/tickets?status={status}&limit=100" + (f"&cursor={cursor}" if cursor else "")
            answer = await self._insist("GET", path, customer_id)
            page = answer.raise_for_status().json() if answer is not None else {"items": [], "next_cursor": None}
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return found

    async def _insist(
        self, method: str, path: str, customer_id: str, body: dict[str, Any] | None = None, *, key: str = ""
    ) -> httpx2.Response | None:
        headers = {"Authorization": f"Bearer {self.tokens[customer_id]}"} | ({"Idempotency-Key": key} if key else {})
        deadline = now() + GIVES_UP_AFTER.total_seconds()
        while now() < deadline:
            why = "cut off"
            try:
                answer = await self.client.request(method, path, headers=headers, json=body)
                if answer.status_code not in _COME_AGAIN:
                    return answer
                why = str(answer.status_code)
            except httpx2.HTTPError as error:
                why = type(error).__name__
            self.history.note(Unsure(now(), f"{method} {path.partition('?')[0].split('/')[2]}", why))
            await asyncio.sleep(random.uniform(0.3, 1.0))
        return None
