"""OpenTelemetry as we use it: a provider of our own, W3C headers, OTLP over HTTP. Loaded by `tracing` alone.

Not the process's global provider: FastAPI and others would add spans to it, with paths that hold customers' secrets.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.observability.spans import TRACEPARENT, Attributes, Headers, Kind, Span

_KINDS = {"server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER, "client": SpanKind.CLIENT}
_SEND_WITHIN_SECONDS = 3


class _Seen:
    """A span of OpenTelemetry's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def name(self, name: str) -> None:
        """Call it so."""
        self._span.update_name(name)

    def annotate(self, attributes: Attributes, *, failed: bool = False) -> None:
        """Say more of it."""
        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(StatusCode.ERROR)


class OpenTelemetry:
    """Spans of one service; how many are kept, `OTEL_TRACES_SAMPLER` says, and else the caller's `traceparent`."""

    def __init__(self, service: str, endpoint: str) -> None:
        resource = Resource.create({"service.name": service, "service.namespace": "atendo"})
        # the process's end is ours to arrange
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_SEND_WITHIN_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("atendo")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, kind: Kind, name: str, attributes: Attributes, *, parent: str | None) -> Iterator[Span]:
        """A span while the context lasts; without a parent it belongs to what is under way.

        Of an error that leaves it, the type is shown: its text may be personal.
        """
        context = None if parent is None else self._propagator.extract({TRACEPARENT: parent})
        with self._tracer.start_as_current_span(
            name,
            context,
            kind=_KINDS[kind],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _Seen(span)
            except BaseException as error:
                _Seen(span).annotate({"error.type": type(error).__name__}, failed=True)
                raise

    def headers(self) -> Headers:
        """The `traceparent` of what is under way."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return {TRACEPARENT: carrier[TRACEPARENT]} if TRACEPARENT in carrier else {}

    def trace_id(self) -> str:
        """The trace of what is under way, where it is recorded."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid and context.trace_flags.sampled else ""

    def stop(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
