"""One trace from the app's request to the mail, where `OTEL_EXPORTER_OTLP_ENDPOINT` says where traces go.

Without it nothing of OpenTelemetry is loaded: it costs 40 % of a message's processor time. Never personal data (R28).
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

from aio_pika.abc import HeadersType
from structlog.stdlib import BoundLogger as Log

Kind = Literal["server", "consumer", "client"]
Attributes = Mapping[str, str | int]

TRACEPARENT = "traceparent"
"""The header by which a trace goes on (W3C Trace Context)."""


class Span(Protocol):
    """A piece of work that is under way."""

    def name(self, name: str) -> None:
        """Call it so, now that it is known what it is."""
        ...

    def tell(self, attributes: Attributes, *, failed: bool = False) -> None:
        """Say more of it, and whether it came to nothing."""
        ...


class Tracing(Protocol):
    """How spans are made and followed up."""

    def span(
        self, kind: Kind, name: str, attributes: Attributes, *, parent: str | None
    ) -> AbstractContextManager[Span]:
        """A span while the context lasts; without a parent it belongs to what is under way."""
        ...

    def headers(self) -> HeadersType:
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

    def tell(self, attributes: Attributes, *, failed: bool = False) -> None: ...


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

    def headers(self) -> HeadersType:
        """None."""
        return {}

    def trace_id(self) -> str:
        """None."""
        return ""

    def stop(self) -> None:
        """Nothing is to be sent."""


class _Process:
    tracing: Tracing = Untraced()


def begin(service: str, endpoint: str, *, log: Log) -> None:
    """Trace this process from now on, if `endpoint` names a receiver; where the packages are missing, say so."""
    if not endpoint:
        return
    try:
        from chassis.observability.otel import OpenTelemetry  # noqa: PLC0415 - never loaded where nobody asked for it
    except ImportError as error:
        name, cure = error.name, "pip install 'atendo[tracing]'"
        log.error("traces are asked for, but not installed", missing=name, do=cure)  # noqa: TRY400 - one clear line
        return
    _Process.tracing = OpenTelemetry(service, endpoint)
    log.info("traces are on")


async def end() -> None:
    """Send what is left, and trace no more."""
    ended, _Process.tracing = _Process.tracing, Untraced()
    await asyncio.to_thread(ended.stop)


def consuming(queue: str, headers: HeadersType) -> AbstractContextManager[Span]:
    """The handling of a message, as part of the trace that its publisher was in."""
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
    }
    told = headers.get(TRACEPARENT)
    parent = told if isinstance(told, str) else ""
    return _Process.tracing.span("consumer", f"process {queue}", attributes, parent=parent)


def serving(method: str, traceparent: str) -> AbstractContextManager[Span]:
    """The answer to an HTTP request, as part of the trace that the caller may be in."""
    return _Process.tracing.span("server", method, {"http.request.method": method}, parent=traceparent)


def calling(name: str, attributes: Attributes) -> AbstractContextManager[Span]:
    """A call to a system that isn't ours, as part of what is under way."""
    return _Process.tracing.span("client", name, attributes, parent=None)


def carried() -> HeadersType:
    """The headers of a message that is said by what is under way."""
    return _Process.tracing.headers()


def trace_id() -> str:
    """The trace that what is under way belongs to, if it is recorded; else empty."""
    return _Process.tracing.trace_id()


def exemplar() -> dict[str, str] | None:
    """What leads from a number to its trace."""
    found = trace_id()
    return {"trace_id": found} if found else None
