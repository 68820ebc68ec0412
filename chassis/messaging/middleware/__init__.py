"""What stands around the handling of every message, one concern a file; `chassis.service` shows their order."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, Literal, Protocol

from chassis.messaging.envelope import Delivery

End = Literal["done", "ignored", "refused", "failed", "retried", "dead", "returned"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the handling of one delivery ended, and whose it was; `handler` is `none` where there is none."""

    end: End
    handler: str = "none"


Proceed = Callable[[Delivery], Coroutine[Any, Any, Outcome]]


class Middleware(Protocol):
    """One concern around the handling: does its part, and lets the rest proceed."""

    def __call__(self, delivery: Delivery, proceed: Proceed) -> Coroutine[Any, Any, Outcome]:
        """Handle one delivery to its end."""
        ...


def around(innermost: Proceed, *layers: Middleware) -> Proceed:
    """The handling with these layers around it, the outermost first."""
    return reduce(lambda inner, layer: partial(layer, proceed=inner), reversed(layers), innermost)
