"""`spans.Tracer` by OpenTelemetry's SDK: which span belongs under which, and what the log says of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import WrappedLogger

from wanreel.spans import ERROR, JOB, Fact, Sort, Span, Work
from wanreel.tracing.ids import ids_of, trace_id
from wanreel.version import VERSION

_KINDS = {
    Sort.SERVER: SpanKind.SERVER,
    Sort.PRODUCER: SpanKind.PRODUCER,
    Sort.CLIENT: SpanKind.CLIENT,
    Sort.INTERNAL: SpanKind.INTERNAL,
}
_W3C = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class _Now:
    """The work that is being done here, and the job it is done for."""

    job: str
    span: OtelSpan


_now: ContextVar[_Now | None] = ContextVar("wanreel_span", default=None)
_wanted: ContextVar[tuple[int, int] | None] = ContextVar("wanreel_ids", default=None)


class JobIds(RandomIdGenerator):
    """Draws ids, but for the first span of a job's trace: its ids follow from the job's."""

    def generate_trace_id(self) -> int:
        wanted = _wanted.get()
        return super().generate_trace_id() if wanted is None else wanted[0]

    def generate_span_id(self) -> int:
        wanted = _wanted.get()
        return super().generate_span_id() if wanted is None else wanted[1]


class OtelTracer:
    """Takes spans down with a provider whose ids are drawn by `JobIds`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("wanreel", VERSION)

    @contextmanager
    def open(self, work: Work, facts: Mapping[str, Fact]) -> Generator[Span]:
        """As `spans.Tracer.open`."""
        above = _live()
        if above is None and work.sort is Sort.CLIENT and not work.job:
            yield Span()
            return
        span = self._begun(work, facts, above)
        job = work.job or (above.job if above else "")
        token = _now.set(_Now(job, span))
        try:
            yield _Taken(span)
        except BaseException as error:
            span.set_attribute(ERROR, type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            _now.reset(token)
            span.end()

    def note(self, fact: str, value: Fact) -> None:
        """As `spans.Tracer.note`."""
        here = _live()
        if here is not None:
            here.span.set_attribute(fact, value)

    def _begun(self, work: Work, facts: Mapping[str, Fact], above: _Now | None) -> OtelSpan:
        job = work.job or (above.job if above else "")
        known = {**facts, **({JOB: job} if job else {})}
        kind = _KINDS[work.sort]
        if work.first:
            token = _wanted.set(ids_of(work.job))
            try:
                links = [Link(above.span.get_span_context())] if above else []
                return self._tracer.start_span(work.name, Context(), kind, known, links)
            finally:
                _wanted.reset(token)
        return self._tracer.start_span(work.name, self._parent(work, above), kind, known)

    def _parent(self, work: Work, above: _Now | None) -> Context:
        if above is not None and work.job in {"", above.job}:
            return set_span_in_context(above.span, Context())
        if work.job:
            return set_span_in_context(NonRecordingSpan(self._first(work.job)), Context())
        return _W3C.extract({"traceparent": work.caller}, Context()) if work.caller else Context()

    def _first(self, job: str) -> SpanContext:
        """The first span of a job's trace, whichever process took it down; kept or not as the sampler would have it."""
        trace, span = ids_of(job)
        kept = self._provider.sampler.should_sample(None, trace, "").decision.is_sampled()
        return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED if kept else 0))


class _Taken(Span):
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def note(self, fact: str, value: Fact) -> None:
        self._span.set_attribute(fact, value)
        if fact == ERROR:
            self._span.set_status(Status(StatusCode.ERROR))

    def call(self, name: str) -> None:
        self._span.update_name(name)

    @property
    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, set_span_in_context(self._span, Context()))
        return carrier.get("traceparent", "")


def on_line(logger: WrappedLogger, level: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: a line says which trace it belongs to, and in which span it was written."""
    now, job = _live(), line.get("job")
    context = now.span.get_span_context() if now else None
    if context is not None and (not job or now is None or now.job == job):
        line["trace_id"] = f"{context.trace_id:032x}"
        line["span_id"] = f"{context.span_id:016x}"
    elif isinstance(job, str) and job:
        line["trace_id"] = trace_id(job)
    return line


def _live() -> _Now | None:
    """The span of here; none that has ended: what was begun in it and outlives it stands for itself. One that is not
    kept counts as well, so that what is done in it is not kept either.
    """
    now = _now.get()
    if now is None:
        return None
    ended = getattr(now.span, "end_time", None) is not None
    return None if ended else now
