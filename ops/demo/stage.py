"""Who and what the story plays with: the customer's app, the operator's MK and everyone's mailbox, over plain HTTP."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx2
import yaml
from httpx2 import Response

from ops.addresses import ROOT, NotRunningError, address
from ops.demo.screen import Screen

PROVIDER = ROOT / "mk" / "scenarios" / "provider.yaml"
PATIENCE = timedelta(seconds=60)
_TOO_BUSY = 503

T = TypeVar("T")
Json = Any
"""What JSON can hold."""


class PlotHoleError(Exception):
    """The product did something else than the story says; the words say what."""


def eventually(what: str, look: Callable[[], T | None]) -> T:
    """Look again until there is something to see. Raises: PlotHoleError after a minute."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.1)
    raise PlotHoleError(f"waited {PATIENCE.total_seconds():.0f} s in vain for {what}")


def expect(what: str, *, of: object, to_be: object) -> None:
    """Hold the product to the story. Raises: PlotHoleError."""
    if of != to_be:
        raise PlotHoleError(f"{what} should be {to_be!r}, and is {of!r}")


def stand_in(name: str) -> str:
    """Where a stand-in of the run on this machine is; empty where there is none, as in containers."""
    try:
        return address(name)
    except NotRunningError:
        return ""


class Stage:
    """The addresses of the running product, and the demo provider's registers."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.http = httpx2.Client(timeout=PATIENCE.total_seconds())
        self.edge, self.mk, self.mail = address("EDGE_URL"), address("MK_URL"), address("MAIL_URL")
        self.chat, self.push = stand_in("CHAT_URL"), stand_in("PUSH_URL")
        self.provider: Json = yaml.safe_load(Path(PROVIDER).read_text())

    def customer(self, *, connections: int, group: set[str]) -> Json:
        """A customer with so many active connections, in a group that defines exactly these values."""
        groups = {
            one["person_group_id"]: {name for name in ("process", "classification") if one.get(name)}
            for one in self.provider["person_groups"]
        }
        for one in self.provider["customers"]:
            active = [each for each in one["connections"] if each["active"]]
            if (
                len(active) == connections
                and groups.get(one.get("person_group_id"), set()) == group
                and one.get("email")
            ):
                return one
        raise PlotHoleError(f"no customer with {connections} connections in a group with {group or 'nothing'}")

    def operator_does(self, kind: str, **fields: object) -> None:
        """An operator does something in MK, which publishes it."""
        self.screen.sent(f"MK publishes {kind}", fields)
        answer = self.http.post(f"{self.mk}/events/{kind}", json=fields)
        expect(f"MK's answer to {kind}", of=answer.status_code, to_be=202)

    def mails_about(self, protocol: str) -> list[Json]:
        """The mails that name a protocol."""
        found = self.http.get(f"{self.mail}/email").json()
        return [mail for mail in found if protocol in json.dumps(mail, ensure_ascii=False)]


class App:
    """SAC Plus in the hand of one customer."""

    def __init__(self, stage: Stage, customer: Json) -> None:
        self._stage = stage
        self._customer = customer
        self._token = ""

    def log_in(self) -> None:
        """Get a token from MK with CPF and password."""
        form = {"username": self._customer["login"], "password": self._customer["password"]}
        answer = self._stage.http.post(f"{self._stage.mk}/token", data=form)
        expect("the login's answer", of=answer.status_code, to_be=200)
        self._token = answer.json()["access_token"]
        self._stage.screen.describe(f"{self._customer['name']} logs in as {self._customer['login']}.")

    def get(self, path: str, *, show: bool = True) -> Json:
        """Read something."""
        answer = self._answer("GET", path)
        expect(f"the answer to GET {path}", of=answer.status_code, to_be=200)
        if show:
            self._stage.screen.got(f"GET {path}", answer.status_code, answer.json())
        return answer.json()

    def post(self, path: str, body: Json, *, status: int, key: str | None = None) -> Json:
        """Send something and be answered with `status`."""
        headers = {"Prefer": "wait=5", "Idempotency-Key": key or str(uuid4())}
        self._stage.screen.sent(f"POST {path}", body)
        answer = self._answer("POST", path, headers=headers, body=body)
        self._stage.screen.got("", answer.status_code, answer.json())
        expect(f"the answer to POST {path}", of=answer.status_code, to_be=status)
        return answer.json()

    def _answer(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: Json = None) -> Response:
        """The product's answer; where it is too busy for one, the app asks again, as the customer's does."""
        address = f"{self._stage.edge}{path}"
        sent = {"Authorization": f"Bearer {self._token}"} | (headers or {})

        def ask() -> Response | None:
            answer = self._stage.http.request(method, address, headers=sent, json=body)
            return None if answer.status_code == _TOO_BUSY else answer

        return eventually(f"an answer to {method} {path}", ask)
