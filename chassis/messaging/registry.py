"""Which handler takes which message or request, and what its errors mean."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from pydantic import ValidationError

from chassis.messaging.envelope import Delivery
from contracts.message import Message
from contracts.requests import FieldError, Problem, Request

Handle = Callable[[Any], Awaitable[object]]


class Unreadable(Exception):
    """A message that nobody can handle, ever; `reason` is `unreadable` or `unknown_type`."""

    def __init__(self, reason: str, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.reason = reason
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Patience:
    """A message may wait for what it refers to: on `error` it is retried for `limit`, and then `at_last` takes it."""

    error: type[Exception]
    limit: timedelta
    at_last: Handle


@dataclass(frozen=True, slots=True)
class Route:
    """One type of message or request and who takes it; `refuses` maps a refusal to its HTTP status.

    `given_up` is told of a message just before it goes to the dead letters.
    """

    model: type[Message] | type[Request[Any]]
    handle: Handle
    refuses: Mapping[type[Exception], int] = field(default_factory=dict)
    patience: Patience | None = None
    given_up: Handle | None = None

    @property
    def name(self) -> str:
        """The handler's name, for logs and metrics."""
        return getattr(self.handle, "__name__", type(self.handle).__name__)

    def problem(self, error: Exception) -> Problem | None:
        """How the customer is told of a refusal; None where it isn't one."""
        for refusal, status in self.refuses.items():
            if isinstance(error, refusal):
                words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
                name = getattr(error, "field", None)
                errors = (FieldError(field=name, message=str(error)),) if name else None
                return Problem(
                    status=status,
                    type=f"urn:atendo:problem:{words.replace(' ', '-')}",
                    title=words.capitalize(),
                    detail=str(error),
                    errors=errors,
                    # the members that a refusal adds (RFC 9457, 3.2)
                    **getattr(error, "members", {}),
                )
        return None


class Registry:
    """A service's table of handlers."""

    def __init__(self) -> None:
        self.messages: dict[str, Route] = {}
        self.requests: dict[str, Route] = {}
        self.ignored: set[str] = set()

    def add(self, route: Route) -> None:
        """Register a handler; a second one for the same type is a mistake in `app.py`."""
        if issubclass(route.model, Message):
            table, key = self.messages, route.model.routing_key()
        else:
            table, key = self.requests, route.model.name()
        if key in table:
            raise ValueError(f"{key} has a handler already")
        table[key] = route

    def find(self, letter: Delivery) -> tuple[Route, Message | Request[Any]]:
        """The handler of a letter, and what the letter says. Raises: Unreadable."""
        route = self._request(letter) if letter.kind in {"commands", "queries"} else self._message(letter)
        try:
            return route, route.model.model_validate_json(letter.body)
        except ValidationError as error:
            raise Unreadable("unreadable", *_explain(error)) from error

    def _message(self, letter: Delivery) -> Route:
        route = self.messages.get(letter.key)
        if route is None:
            raise Unreadable("unknown_type", f"no handler for {letter.key}")
        expected = route.model.type_name() if issubclass(route.model, Message) else ""
        if letter.type and letter.type != expected:
            raise Unreadable("unknown_type", f"{letter.type} came as {letter.key}")
        return route

    def _request(self, letter: Delivery) -> Route:
        try:
            body = orjson.loads(letter.body)
        except orjson.JSONDecodeError as error:
            raise Unreadable("unreadable", f"not JSON: {error}") from error
        kind = body.get("kind") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in self.requests:
            raise Unreadable("unknown_type", f"no handler for kind {kind!r:.100}")
        return self.requests[kind]


def _explain(error: ValidationError) -> tuple[str, tuple[FieldError, ...]]:
    # without the input: it may be personal data (R28)
    errors = tuple(
        FieldError(field=".".join(str(part) for part in one["loc"]), message=one["msg"])
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(f"{one.field}: {one.message}" for one in errors[:10]), errors
