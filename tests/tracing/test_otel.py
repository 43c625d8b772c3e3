"""Which span stands under which; ids that follow from a job's; and that nothing is done where nobody asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler

from wanreel import spans
from wanreel.spans import Sort, opened
from wanreel.tracing.ids import ids_of, trace_id
from wanreel.tracing.opening import begin, wanted
from wanreel.tracing.otel import JobIds, OtelTracer, on_line

JOB = "job_01"


@pytest.fixture
def kept() -> Generator[InMemorySpanExporter]:
    """Every span is kept here."""
    with _tracing(ParentBased(ALWAYS_ON)) as exporter:
        yield exporter


class _tracing:  # noqa: N801 - used as a function is
    def __init__(self, sampler: Sampler) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=sampler, id_generator=JobIds(), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._tracer = OtelTracer(provider)

    def __enter__(self) -> InMemorySpanExporter:
        spans.trace_to(self._tracer)
        return self._exporter

    def __exit__(self, *_: object) -> None:
        spans.trace_to(None)


def named(kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """The spans by their names."""
    return {span.name: span for span in kept.get_finished_spans()}


def ids(span: ReadableSpan) -> tuple[int, int]:
    """Trace and span."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def test_the_first_span_has_the_ids_that_others_look_for(kept: InMemorySpanExporter) -> None:
    """A step taken elsewhere, before or after, hangs on it; only the first span's ids are not drawn."""
    with opened("step", Sort.INTERNAL, {}, job=JOB), opened("call", Sort.CLIENT, {}):
        pass
    with opened("order", Sort.PRODUCER, {}, job=JOB, first=True):
        pass
    found = named(kept)
    assert ids_of(JOB) == ids(found["order"])
    assert found["order"].parent is None
    assert found["step"].parent is not None
    assert ids_of(JOB) == (found["step"].parent.trace_id, found["step"].parent.span_id)
    assert ids(found["step"]) != ids_of(JOB)
    assert found["call"].parent is not None
    assert ids(found["step"])[1] == found["call"].parent.span_id
    assert [JOB] * 3 == [span.attributes[spans.JOB] for span in found.values() if span.attributes]


def test_a_jobs_first_span_is_linked_to_what_asked_for_it(kept: InMemorySpanExporter) -> None:
    """The request goes on in its caller's trace; a header that is none is left alone."""
    with opened("ask", Sort.SERVER, {}, caller="nonsense"), opened("order", Sort.PRODUCER, {}, job=JOB, first=True):
        pass
    found = named(kept)
    assert ids(found["ask"])[0] != ids(found["order"])[0]
    assert [ids(found["ask"])[1]] == [link.context.span_id for link in found["order"].links]


def test_a_call_that_no_job_makes_is_not_taken_down(kept: InMemorySpanExporter) -> None:
    """A watcher's lists belong to nobody; neither do calls of what outlives the request it was begun in."""
    with opened("list", Sort.CLIENT, {}):
        pass
    with opened("ask", Sort.SERVER, {}):
        import contextvars

        inherited = contextvars.copy_context()

    def later() -> None:
        with opened("list", Sort.CLIENT, {}):
            pass

    inherited.run(later)
    assert ["ask"] == [span.name for span in kept.get_finished_spans()]


def test_what_goes_wrong_is_named_without_its_words(kept: InMemorySpanExporter) -> None:
    """An error's words can hold a prompt; its name cannot."""
    with pytest.raises(ValueError, match="secret"), opened("step", Sort.INTERNAL, {}, job=JOB):
        raise ValueError("secret")
    (span,) = kept.get_finished_spans()
    assert span.attributes is not None
    assert "ValueError" == span.attributes[spans.ERROR]
    assert not span.events
    assert "secret" not in span.to_json()


def test_who_keeps_no_traces_keeps_none_of_a_job() -> None:
    """What the sampler says of a job's trace holds for every process's part of it."""
    with _tracing(ParentBased(ALWAYS_OFF)) as exporter:
        with opened("order", Sort.PRODUCER, {}, job=JOB, first=True):
            pass
        with opened("step", Sort.INTERNAL, {}, job=JOB) as span, opened("call", Sort.CLIENT, {}):
            assert span.traceparent.endswith("-00")
    assert () == exporter.get_finished_spans()


def test_a_line_says_which_trace_it_belongs_to(kept: InMemorySpanExporter) -> None:
    """Inside a span that span; of a job elsewhere, that job's trace; of nothing, none."""
    with opened("step", Sort.INTERNAL, {}, job=JOB):
        inside = on_line(None, "info", {"event": "x"})
        other = on_line(None, "info", {"event": "x", "job": "job_02"})
    (span,) = kept.get_finished_spans()
    assert (f"{ids(span)[0]:032x}", f"{ids(span)[1]:016x}") == (inside["trace_id"], inside["span_id"])
    assert {"event": "x", "job": "job_02", "trace_id": trace_id("job_02")} == other
    assert {"event": "x"} == on_line(None, "info", {"event": "x"})


@pytest.mark.parametrize(
    ("env", "asks"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "True"}, False),
    ],
)
def test_the_environments_own_variables_say_whether(env: dict[str, str], *, asks: bool) -> None:
    """As every program that speaks OpenTelemetry is told."""
    assert asks == wanted(env)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the work goes on, and somebody is told what to install."""
    said: list[str] = []
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    assert begin({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, said.append) is None
    assert ["wanreel[otel]" in words for words in said] == [True]


def test_what_cannot_be_spoken_is_said() -> None:
    """Only one of OTLP's ways is spoken; who asks for another is told, and nothing is sent in a wrong one."""
    said: list[str] = []
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert begin(env, said.append) is None
    assert ["only http/protobuf is spoken here" in words for words in said] == [True]


def test_nothing_is_imported_where_nobody_asks() -> None:
    """Off, it costs no import of the SDK and no object: the same do-nothing span for everybody."""
    program = (
        "import sys, wanreel.worker.step, wanreel.vendor.client, wanreel.cli.session, wanreel.tracing.opening\n"
        "print([n for n in sys.modules if n.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == ran.stdout.strip()
    first: Any = opened("a", Sort.INTERNAL, {})
    assert first is opened("b", Sort.CLIENT, {}, job=JOB)
