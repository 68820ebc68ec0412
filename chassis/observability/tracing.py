"""One trace from the app's request to the mail, where `OTEL_EXPORTER_OTLP_ENDPOINT` says where traces go.

Without it nothing of OpenTelemetry is loaded: it costs 40 % of a message's processor time. Never personal data (R28).
"""

import asyncio
from contextlib import AbstractContextManager

from structlog.stdlib import BoundLogger as Log

from chassis.observability.spans import TRACEPARENT, Attributes, Headers, Span, Tracing, Untraced

__all__ = ["Attributes", "begin", "calling", "carried", "consuming", "end", "exemplar", "is_on", "serving", "trace_id"]


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


def is_on() -> bool:
    """Whether spans are made at all."""
    return not isinstance(_Process.tracing, Untraced)


def consuming(queue: str, headers: Headers) -> AbstractContextManager[Span]:
    """The handling of a message, as part of the trace that its publisher was in."""
    attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
    }
    carried_on = headers.get(TRACEPARENT)
    parent = carried_on if isinstance(carried_on, str) else ""
    return _Process.tracing.span("consumer", f"process {queue}", attributes, parent=parent)


def serving(method: str, traceparent: str) -> AbstractContextManager[Span]:
    """The answer to an HTTP request, as part of the trace that the caller may be in."""
    return _Process.tracing.span("server", method, {"http.request.method": method}, parent=traceparent)


def calling(name: str, attributes: Attributes) -> AbstractContextManager[Span]:
    """A call to a system that isn't ours, as part of what is under way."""
    return _Process.tracing.span("client", name, attributes, parent=None)


def carried() -> Headers:
    """The headers of a message that what is under way sends."""
    return _Process.tracing.headers()


def trace_id() -> str:
    """The trace that what is under way belongs to, if it is recorded; else empty."""
    return _Process.tracing.trace_id()


def exemplar() -> dict[str, str] | None:
    """What leads from a number to its trace."""
    found = trace_id()
    return {"trace_id": found} if found else None
