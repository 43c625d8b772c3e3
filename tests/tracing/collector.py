"""A collector that speaks OTLP over HTTP: decodes what comes, keeps it; or is as bad as it is told to be."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

WIRE_TYPE = "application/x-protobuf"


@dataclass(frozen=True)
class Seen:
    """A span as it came: ids in digits, facts as plain values."""

    name: str
    kind: int
    trace: str
    span: str
    parent: str
    links: tuple[str, ...]
    facts: dict[str, Any]
    resource: dict[str, Any]
    began_ns: int


@dataclass
class Collector:
    """What came. `status` is what it answers; `hangs`: it never answers at all."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    raw: list[bytes] = field(default_factory=list[bytes])
    paths: set[str] = field(default_factory=set[str])
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def spans(self) -> list[Seen]:
        """All spans, in the order of their beginnings."""
        return sorted((seen for body in list(self.raw) for seen in decoded(body)), key=lambda seen: seen.began_ns)


@contextmanager
def collector(*, status: int = 200, hangs: bool = False) -> Generator[Collector]:
    """A collector on a free port of this machine."""
    made = Collector(status=status, hangs=hangs)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.paths.add(self.path)
            assert WIRE_TYPE == self.headers["content-type"]
            made.raw.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            if made.hangs:
                made.let_go.wait()
                return
            self.send_response(made.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base names it so
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield made
        finally:
            made.let_go.set()
            server.shutdown()
            serving.join()


def decoded(body: bytes) -> list[Seen]:
    """The spans of one request."""
    request: Any = ExportTraceServiceRequest.FromString(body)
    return [
        Seen(
            name=span.name,
            kind=span.kind,
            trace=span.trace_id.hex(),
            span=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            links=tuple(link.span_id.hex() for link in span.links),
            facts=_plain(span.attributes),
            resource=_plain(group.resource.attributes),
            began_ns=span.start_time_unix_nano,
        )
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _plain(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
