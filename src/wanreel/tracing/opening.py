"""Whether this process is traced, by the environment's own variables of OpenTelemetry; and the end of it.

The SDK is imported only when they ask for it. Spans are sent by a thread beside the work: whoever takes them may be
slow, refuse them or be away, and nothing waits for that but the end of the process, for two seconds at the most.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from structlog.typing import Processor

from wanreel import spans
from wanreel.telemetry import TRACES_LOST, log
from wanreel.version import VERSION

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXPORTER = "OTEL_TRACES_EXPORTER"
DISABLED = "OTEL_SDK_DISABLED"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
END_S = 2.0


@dataclass(frozen=True, slots=True)
class Tracing:
    """What goes on. `line` marks log lines with their trace; `end` sends what is left and stops."""

    line: Processor
    end: Callable[[], None]


def wanted(env: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces: an address to send them to, or the exporter by name."""
    if env.get(DISABLED, "").strip().lower() == "true" or env.get(EXPORTER, "otlp").strip().lower() != "otlp":
        return False
    return any(env.get(name) for name in (*ENDPOINTS, EXPORTER))


def begin(env: Mapping[str, str], say: Callable[[str], None]) -> Tracing | None:
    """Begin to trace if the environment asks for it. What keeps us from it is said, and stops nothing."""
    if not wanted(env):
        return None
    protocol = next((env[name].strip().lower() for name in PROTOCOLS if env.get(name)), PROTOCOL)
    if protocol != PROTOCOL:
        say(f"no traces are sent: {PROTOCOLS[1]} is {protocol!r}, and only {PROTOCOL} is spoken here")
        return None
    try:
        return _begun()
    except ModuleNotFoundError as missing:
        say(f"no traces are sent: {missing.name} is not installed (pip install 'wanreel[otel]')")
    except Exception as why:  # noqa: BLE001 - a variable that its own reader cannot read must not stop a worker
        say(f"no traces are sent: OpenTelemetry cannot be set up by its variables ({type(why).__name__}: {why})")
    return None


def _begun() -> Tracing:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from wanreel.tracing.otel import JobIds, OtelTracer, on_line

    _hear()
    ours = Resource({"service.name": "wanreel", "service.version": VERSION})
    named = Resource.create()
    if str(named.attributes.get("service.name", "")).startswith("unknown_service"):
        named = named.merge(ours)
    else:
        named = ours.merge(named)
    provider = TracerProvider(resource=named, id_generator=JobIds(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    spans.trace_to(OtelTracer(provider))

    def end() -> None:
        spans.trace_to(None)
        last = threading.Thread(target=provider.shutdown, daemon=True)  # it would wait for half a minute
        last.start()
        last.join(END_S)

    return Tracing(on_line, end)


class _Heard(logging.Handler):
    """What the SDK complains of is a line of our log."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning(TRACES_LOST, why=record.getMessage()[:300])


def _hear() -> None:
    theirs = logging.getLogger("opentelemetry")
    theirs.handlers = [_Heard(logging.WARNING)]
    theirs.propagate = False
