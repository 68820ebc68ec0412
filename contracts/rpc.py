"""A question or an order to a service, and its answer.

A body is `{request_id, kind, …}`; the answer is `{"ok": …}` or `{"problem": {status, type, title, detail, errors?}}`.
"""

import re
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID, uuid5

from pydantic import JsonValue, TypeAdapter, computed_field

from contracts.message import Frozen
from contracts.problems import Problem

A = TypeVar("A")

_REQUESTS = UUID("8f0c6f1e-5a0b-4f8e-9b70-0d6b1a3f2c11")


def request_id(customer_id: str, key: str) -> UUID:
    """The id of the request that `customer_id` made with the idempotency key `key`: always the same one."""
    return uuid5(_REQUESTS, f"{customer_id}\n{key}")


def contact_id(request: UUID) -> UUID:
    """The id of the contact that a `SubmitContact` leads to, known before it is handled (R13)."""
    return uuid5(request, "contact")


class Request(Frozen, Generic[A]):
    """One question or order of the edge to `service`."""

    service: ClassVar[str]
    durable: ClassVar[bool] = False

    request_id: UUID
    correlation_id: str = ""

    @classmethod
    @cache
    def name(cls) -> str:
        """The class name in snake case; `kind` on the wire."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def kind(self) -> str:
        """What tells the requests of one queue apart."""
        return self.name()

    @property
    def event_id(self) -> UUID:
        """A request as the cause of events."""
        return self.request_id

    @classmethod
    @cache
    def answer(cls) -> TypeAdapter[A]:
        """Reads and writes what answers a request of this kind."""
        named: Any = next(
            arguments[0]
            for one in cls.__mro__
            if (arguments := getattr(one, "__pydantic_generic_metadata__", {"args": ()})["args"])
        )
        return TypeAdapter(named)

    @classmethod
    def queue(cls) -> str:
        """Where requests of this kind wait."""
        return f"{cls.service}.{'commands' if cls.durable else 'queries'}"


class Reply(Frozen):
    """The answer to a request: exactly one of the two."""

    ok: JsonValue = None
    problem: Problem | None = None
