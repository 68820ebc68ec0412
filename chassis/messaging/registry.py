"""Which handler takes which message or request, and what its errors mean."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import orjson
from pydantic import ValidationError

from chassis.http import problems
from chassis.messaging.envelope import Delivery
from contracts.message import Message
from contracts.problems import FieldError, Problem
from contracts.rpc import Request

Handle = Callable[[Any], Awaitable[object]]


class Unreadable(Exception):
    """A message that nobody can handle, ever; `reason` is `unreadable` or `unknown_type`."""

    def __init__(self, reason: str, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.reason = reason
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Patience:
    """A message may wait for what it refers to: on `error` it is retried for `limit`, and then `at_last` takes it.

    `until` is the moment that an error names before which it is in vain to try again, where errors name one.
    """

    error: type[Exception]
    limit: timedelta
    at_last: Handle
    until: Callable[[Any], datetime] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One type of message or request and who takes it; `refuses` maps a refusal to its HTTP status.

    `given_up` takes a message just before it goes to the dead letters.
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
        """How a refusal is answered; None where the error isn't one."""
        for refusal, status in self.refuses.items():
            if isinstance(error, refusal):
                return problems.of(error, status)
        return None

    def handler(self, waited: timedelta) -> Handle:
        """Who takes a message that has waited so long for what it refers to."""
        return self.handle if self.has_patience(waited) or self.patience is None else self.patience.at_last

    def has_patience(self, waited: timedelta) -> bool:
        """Whether such a message may wait on."""
        return self.patience is not None and waited < self.patience.limit


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

    def precede(self, message: type[Message], handle: Handle) -> None:
        """Have `handle` take messages of this type before the handler that they have, if they have one."""
        route = self.messages.get(message.routing_key())
        if route is None:
            self.add(Route(message, handle))
            return
        then = route.handle

        @wraps(then)
        async def both(received: Any) -> object:  # noqa: ANN401 - the type's own message
            await handle(received)
            return await then(received)

        self.messages[message.routing_key()] = replace(route, handle=both)

    def ignore(self, message: type[Message]) -> None:
        """Take messages of this type for done: the last release asked for them, and nobody needs them any more."""
        self.ignored.add(message.routing_key())

    def ignores(self, delivery: Delivery) -> bool:
        """Whether a message is of an ignored type."""
        return delivery.kind in {"events", "deliveries"} and delivery.key in self.ignored

    def find(self, delivery: Delivery) -> tuple[Route, Message | Request[Any]]:
        """The route of a message or request, and what it holds. Raises: Unreadable."""
        route = self._request(delivery) if delivery.kind in {"commands", "queries"} else self._message(delivery)
        try:
            return route, route.model.model_validate_json(delivery.body)
        except ValidationError as error:
            raise Unreadable("unreadable", *_explain(error)) from error

    def _message(self, delivery: Delivery) -> Route:
        route = self.messages.get(delivery.key)
        if route is None:
            raise Unreadable("unknown_type", f"no handler for {delivery.key}")
        expected = route.model.type_name() if issubclass(route.model, Message) else ""
        if delivery.type and delivery.type != expected:
            raise Unreadable("unknown_type", f"{delivery.type} came as {delivery.key}")
        return route

    def _request(self, delivery: Delivery) -> Route:
        try:
            body = orjson.loads(delivery.body)
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
