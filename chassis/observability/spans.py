"""What a trace is made of, whoever makes it: `tracing` chooses, `otel` is OpenTelemetry, `Untraced` is nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, Protocol

Headers = dict[str, Any]
"""What a message carries beside its body and its properties."""

Kind = Literal["server", "consumer", "client"]
Attributes = Mapping[str, str | int]

TRACEPARENT = "traceparent"
"""The header by which a trace goes on (W3C Trace Context)."""


class Span(Protocol):
    """A piece of work that is under way."""

    def name(self, name: str) -> None:
        """Call it so, now that it is known what it is."""
        ...

    def annotate(self, attributes: Attributes, *, failed: bool = False) -> None:
        """Say more of it, and whether it came to nothing."""
        ...


class Tracing(Protocol):
    """How spans are made and followed up."""

    def span(
        self, kind: Kind, name: str, attributes: Attributes, *, parent: str | None
    ) -> AbstractContextManager[Span]:
        """A span while the context lasts; without a parent it belongs to what is under way."""
        ...

    def headers(self) -> Headers:
        """The headers by which others go on with what is under way."""
        ...

    def trace_id(self) -> str:
        """The trace of what is under way, where it is recorded; else empty."""
        ...

    def stop(self) -> None:
        """Send what is left."""
        ...


class _Nothing:
    """A span that nobody sees."""

    def name(self, name: str) -> None: ...

    def annotate(self, attributes: Attributes, *, failed: bool = False) -> None: ...


class Untraced:
    """Makes no spans, at no cost."""

    _nothing = nullcontext[Span](_Nothing())

    def span(
        self,
        _kind: Kind,
        _name: str,
        _attributes: Attributes,
        *,
        parent: str | None,  # noqa: ARG002 - nothing goes on
    ) -> AbstractContextManager[Span]:
        """One and the same nothing."""
        return self._nothing

    def headers(self) -> Headers:
        """None."""
        return {}

    def trace_id(self) -> str:
        """None."""
        return ""

    def stop(self) -> None:
        """Nothing is to be sent."""
