"""A receiver of traces on a real port: OTLP over HTTP, as a collector would."""

import gzip
import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it arrived."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, str | int]
    failed: bool


class Collector:
    """What arrived, by trace."""

    def __init__(self) -> None:
        self.traces: dict[str, list[Seen]] = defaultdict(list)
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                zipped = self.headers.get("Content-Encoding") == "gzip"
                collector.take(gzip.decompress(body) if zipped else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes) -> None:
        """Read one delivery."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.traces[span.trace_id.hex()].append(
                        Seen(
                            service=service,
                            name=span.name,
                            kind=span.kind,
                            trace=span.trace_id.hex(),
                            id=span.span_id.hex(),
                            parent=span.parent_span_id.hex(),
                            attributes={
                                one.key: one.value.string_value or one.value.int_value for one in span.attributes
                            },
                            failed=span.status.code == span.status.STATUS_CODE_ERROR,
                        )
                    )

    @property
    def spans(self) -> list[Seen]:
        """All of them."""
        return [span for trace in list(self.traces.values()) for span in list(trace)]

    def close(self) -> None:
        """Leave the port."""
        self._server.shutdown()
        self._server.server_close()
