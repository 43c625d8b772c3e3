"""One job, one trace: a real server, the emulator, a real receiver of spans and a webhook; collectors that fail."""

from __future__ import annotations

import json
import re
import signal
import threading
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import PATIENCE_S, Terminal, until
from tests.client.small_world import environment, small_vendor
from tests.tracing.collector import Collector, Seen, collector
from wanreel import spans
from wanreel.cli.exits import Exit
from wanreel.emulator.server import Emulator
from wanreel.tracing.ids import trace_id

PROMPT = "A very secret fox in snow"
WISH = {"prompt": PROMPT, "model": "wan2.5-t2v-preview", "resolution": "480P"}
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SERVER, CLIENT, PRODUCER, INTERNAL = 2, 3, 4, 1


@pytest.fixture
def vendor() -> Generator[Emulator]:
    """The vendor, two thousand times as quick."""
    with small_vendor(quirks={"foreign_media": "assume"}) as emulator:
        yield emulator


@pytest.fixture
def terminal(
    vendor: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    """A terminal of somebody with a key."""
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys, environment(tmp_path / "home", vendor), tmp_path)


@contextmanager
def receiver() -> Generator[tuple[str, list[dict[str, str]]]]:
    """Somebody who takes webhooks: where, and the headers of what came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            came.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base names it so
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/path-that-is-a-secret", came
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def served(terminal: Terminal, url: str) -> Generator[tuple[Any, str]]:
    """A real `wanreel up` that is to send its traces somewhere: its process, and where it is."""
    otel = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_SERVICE_NAME": "films"}
    more = {"WANREEL_WEBHOOK_PRIVATE": "true", "WANREEL_LOG": "debug"}
    with terminal.process("up", "--port", "0", "--json", **otel, **more) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["url"]


def ordered(url: str, **headers: str) -> str:
    """Order a clip over HTTP; the job."""
    headers |= {"content-type": "application/json"}
    asked = urllib.request.Request(url + "/v1/jobs", json.dumps(WISH).encode(), headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.loads(answer.read())["jobs"][0]["id"]


def state(url: str, job: str) -> str:
    """Where a job is."""
    with urllib.request.urlopen(f"{url}/v1/jobs/{job}", timeout=30) as answer:
        return json.loads(answer.read())["state"]


def ended(process: Any) -> str:
    """Stop a server as an operator would; what it has logged."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert Exit.INTERRUPTED == process.returncode, said
    assert "Traceback" not in said, said
    return said


def by_name(found: list[Seen], name: str) -> Seen:
    """The first span of a name."""
    return next(seen for seen in found if seen.name == name)


def test_one_job_is_one_trace_from_the_order_to_the_webhook(terminal: Terminal) -> None:
    """API, steps, calls, archive and webhook, in whatever order they came, hang together by the job's id alone."""
    with collector() as sink, receiver() as (hook, came):
        made = terminal("webhooks", "add", hook, "--kind", "job.succeeded", "--json", WANREEL_WEBHOOK_PRIVATE="true")
        assert 0 == made.code, made.err
        with served(terminal, sink.url) as (process, url):
            job = ordered(url, traceparent=CALLER)
            until(lambda: bool(came), "the webhook came")
            said = ended(process)
    assert {"/v1/traces"} == sink.paths
    _one_trace(sink, job)
    _headed(sink, job, came)
    _logged(said, job)
    _silent(sink, terminal, made.objects[0])


def _one_trace(sink: Collector, job: str) -> None:
    mine = [seen for seen in sink.spans if seen.trace == trace_id(job)]
    order = by_name(mine, spans.ORDER)
    assert (PRODUCER, "", WISH["model"]) == (order.kind, order.parent, order.facts[spans.MODEL])
    assert {job} == {seen.facts[spans.JOB] for seen in mine}
    assert {"films"} == {seen.resource["service.name"] for seen in mine}
    for action in ("submit", "poll", "archive"):
        step = by_name(mine, f"{spans.STEP} {action}")
        assert (INTERNAL, order.span) == (step.kind, step.parent)
    submit = by_name(mine, "step submit")
    assert ("Accepted", "generating") == (submit.facts[spans.EVENT], submit.facts[spans.STATE])
    paid = by_name(mine, "POST /services/aigc/video-generation/video-synthesis")
    assert (CLIENT, submit.span, 200) == (paid.kind, paid.parent, paid.facts[spans.STATUS])
    looks = [seen for seen in mine if seen.name == "GET /tasks/{task_id}"]
    assert {seen.parent for seen in looks} <= {seen.span for seen in mine if seen.name in {"step poll", spans.LOOK}}
    assert looks
    clip = by_name(mine, spans.ARCHIVE)
    assert by_name(mine, "step archive").span == clip.parent
    assert 0 < clip.facts[spans.BYTES]
    told = by_name(mine, "POST")
    assert (CLIENT, order.span, "job.succeeded") == (told.kind, told.parent, told.facts[spans.NOTICE])
    assert ("127.0.0.1", 1, 200) == (told.facts[spans.HOST], told.facts[spans.TRIES], told.facts[spans.STATUS])


def _headed(sink: Collector, job: str, came: list[dict[str, str]]) -> None:
    """The request goes on in its caller's trace, the job's first span is linked to it; receivers are handed theirs."""
    request = by_name(sink.spans, "POST /v1/jobs")
    _, trace, parent, _ = CALLER.split("-")
    assert (SERVER, trace, parent) == (request.kind, request.trace, request.parent)
    assert ("/v1/jobs", 202) == (request.facts[spans.ROUTE], request.facts[spans.STATUS])
    assert (request.span,) == by_name(sink.spans, spans.ORDER).links
    told = next(seen for seen in sink.spans if spans.HOOK in seen.facts)
    assert f"00-{trace_id(job)}-{told.span}-01" == came[0]["traceparent"]


def _logged(said: str, job: str) -> None:
    """Log lines say the same trace, and those inside a span which."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    steps = [line for line in lines if line.get("job") == job]
    assert steps
    assert {trace_id(job)} == {line["trace_id"] for line in steps}
    assert all("span_id" in line for line in steps if line["event"] == "job.step" and line["what"] == "Accepted")
    (request,) = [line for line in lines if line.get("event") == "http.request" and line["path"] == "/v1/jobs"]
    assert CALLER.split("-")[1] == request["trace_id"]


def _silent(sink: Collector, terminal: Terminal, hook: dict[str, Any]) -> None:
    """Nothing that was sent holds a prompt, a key, a signature or a secret path; every fact is a known one."""
    whole = b"".join(sink.raw)
    for secret in (PROMPT, terminal.env["DASHSCOPE_API_KEY"], hook["secret"], "Signature", "path-that-is-a-secret"):
        assert secret.encode() not in whole
    assert set() == {fact for seen in sink.spans for fact in seen.facts} - set(spans.FACTS)
    known = {"ACTION": "[a-z]+", "METHOD": "[A-Z]+", "ROUTE": "/.*", "TEMPLATE": "/.*"}
    named = "|".join(" ".join(known.get(word, word) for word in name.split()) for name, _, _ in spans.SPANS)
    assert [] == [seen.name for seen in sink.spans if not re.fullmatch(named, seen.name)]


@pytest.mark.parametrize(
    "bad",
    [pytest.param({"status": 503}, marks=pytest.mark.long, id="refuses"), pytest.param({"hangs": True}, id="hangs")],
)
def test_a_collector_that_fails_holds_nothing_up(terminal: Terminal, bad: dict[str, Any]) -> None:
    """The clip is archived while the spans go nowhere, and the process ends when it is told to."""
    with collector(**bad) as sink, served(terminal, sink.url) as (process, url):
        job = ordered(url)
        until(lambda: "succeeded" == state(url, job), "the clip is archived")
        until(lambda: bool(sink.raw), "spans were sent")
        ended(process)
