"""A real worker process that hears completion events: only an event can bring the end here, and only a true one does.

Nobody would look for 3,000 s, so every question after a task that the vendor counts was asked because of an event.
"""

from __future__ import annotations

import http.client
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.archive.seaweed import free_ports
from tests.cli.terminal import Terminal, finish, until
from tests.client.small_world import bought, environment
from tests.e2e.place import KEY, client, emulator, is_kept
from tests.watch.signing import Letter, event, rsa_key
from wanreel.cli.exits import Exit
from wanreel.client import Video
from wanreel.client.blocking import BlockingClient
from wanreel.clock import SystemClock
from wanreel.emulator.events import EventOptions
from wanreel.emulator.server import Emulator
from wanreel.emulator.signing import CERTIFICATE_PATH
from wanreel.watch.hook import BODY_BYTES_MAX, PATH

MODEL = "wan2.5-t2v-preview"
SELDOM = {"poll_first_s": 3000.0, "poll_max_s": 3000.0}
AT_ONCE_S = 5.0  # between the event and the question, on a machine that is busy otherwise
SPEED = 100.0
REFUSED = (403, "not an event that was signed for this address just now")
THANKED = (200, "thank you")
KNOWN = (200, "known already")


class Scene:
    """A home that one process works and one client orders in, and the vendor behind them."""

    def __init__(self, terminal: Terminal, emu: Emulator, port: int) -> None:
        self.emu = emu
        self.url = f"http://127.0.0.1:{port}{PATH}"
        self.wan = BlockingClient(client(terminal.home, emu.base_url, policy=SELDOM))
        self._terminal = terminal
        self._port = port

    @contextmanager
    def working(self) -> Generator[None]:
        """A `wanreel worker --hooks` from the moment it hears until its graceful end."""
        with self._terminal.process("worker", "--hooks", f"127.0.0.1:{self._port}") as worker:
            assert worker.stderr is not None
            assert any(f"received at {self.url}" in line for line in worker.stderr), worker.poll()
            yield
            self._end(worker)

    def _end(self, worker: subprocess.Popen[str]) -> None:
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        assert Exit.INTERRUPTED == finish(worker).code

    def generating(self, prompt: str) -> Video:
        """A job whose task the vendor has taken, and that nobody will ask after."""
        job_id = self.wan.submit(prompt, model=MODEL)[0].id
        until(lambda: "generating" == self.wan.get(job_id).state, "its task is known")
        return self.wan.get(job_id)

    def asked(self) -> int:
        """How often the vendor was asked after a task, by its own books; nobody may read its list instead."""
        requests = self.emu.counters()["requests"]
        assert 0 == requests.get("list", 0)
        return requests.get("query", 0)

    def letter(self, task_id: str) -> Letter:
        """An event of a task as somebody else signs it, who names the vendor's certificate."""
        named = f"{self.emu.host_url}{CERTIFICATE_PATH}"
        return Letter(event(task_id), self.url, SystemClock().now(), named, key=rsa_key(2))

    def signed(self, letter: Letter) -> dict[str, str]:
        """The headers of a letter, signed with the vendor's own key."""
        assert self.emu.sender is not None
        signer = self.emu.sender.signer
        return signer.headers(letter.url, letter.body, letter.at, letter.certificate_url, letter.token)

    def post(self, body: bytes, headers: dict[str, str], method: str = "POST", path: str = PATH) -> tuple[int, str]:
        """Deliver to the process, and its answer."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode().strip()
        finally:
            line.close()


@contextmanager
def scene(tmp_path: Path, capsys: pytest.CaptureFixture[str], **sending: Any) -> Generator[Scene]:
    """A vendor that sends events, with its certificates believed, and nobody who works yet."""
    port = free_ports(1)[0]
    options = EventOptions(f"http://127.0.0.1:{port}{PATH}", **sending)
    with emulator(speed=SPEED, events=options) as emu:
        env = environment(tmp_path / "home", emu, KEY)
        env |= {f"WANREEL_POLICY__{name.upper()}": str(value) for name, value in SELDOM.items()}
        env["WANREEL_HOOKS_CERTIFICATE_HOSTS"] = urlsplit(emu.base_url).netloc
        yield Scene(Terminal(capsys, env, tmp_path), emu, port)


def test_a_true_event_is_one_question_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The vendor's event, delivered twice, makes the process ask once, at once, and the clip is archived."""
    late_s = 2.0
    sending = {"delay_min_s": late_s * SPEED, "delay_max_s": late_s * SPEED, "duplicate_rate": 1.0}
    with scene(tmp_path, capsys, **sending) as here:
        with here.working(), here.wan as wan:
            job = here.generating("a paper boat")
            until(lambda: here.emu.tasks()[0]["end_at"] is not None, "the task ends")
            ended_at = here.emu.tasks()[0]["end_at"]
            assert is_kept(wan.wait(job.id, timeout_s=60))
            until(lambda: here.emu.sender is not None and here.emu.sender.sent == 2, "the second delivery is answered")
        assert (1, 1) == (here.asked(), bought(here.emu))
        (asked_at,) = (line["at"] for line in here.emu.desk.log if line["operation"] == "query")
        assert 0 <= asked_at - (ended_at + late_s) < AT_ONCE_S


def test_whatever_is_not_true_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forged, altered, stale and replayed events are refused or known, nobody asks the vendor, and the job waits on."""
    with scene(tmp_path, capsys, lost_rate=1.0) as here, here.wan as wan:
        with here.working():
            waits, other = here.generating("a paper boat"), here.generating("a paper kite")
            until(lambda: 2 == here.emu.counters()["tasks_succeeded"], "both have ended, and nobody was told")
            before = (waits.job, wan.history(waits.id))

            for what, body, headers in lies(here, task_of(waits)):
                assert REFUSED == here.post(body, headers), what
            true = here.letter(task_of(waits))
            assert 404 == here.post(true.body, here.signed(true), path=f"{PATH}/other")[0]
            assert 405 == here.post(true.body, here.signed(true), method="PUT")[0]
            assert 413 == here.post(b" " * (BODY_BYTES_MAX + 1), here.signed(true))[0]
            assert 0 == here.asked()

            # Whatever a lie had set going would be over by the time another job's true event has had its whole effect.
            letter = here.letter(task_of(other))
            headers = here.signed(letter)
            assert [THANKED, KNOWN, KNOWN] == [here.post(letter.body, headers) for _ in range(3)]
            assert REFUSED == here.post(true.body, headers)
            assert is_kept(wan.wait(other.id, timeout_s=60))
        assert (1, before) == (here.asked(), (wan.get(waits.id).job, wan.history(waits.id)))

        with here.working():  # a process that does not know what the first one knew
            assert here.post(letter.body, headers) in (THANKED, REFUSED)  # refused, should a minute have gone by
            anew = here.letter(task_of(waits))
            assert THANKED == here.post(anew.body, here.signed(anew))
            assert is_kept(wan.wait(waits.id, timeout_s=60))
        assert (2, 2) == (here.asked(), bought(here.emu))


def task_of(video: Video) -> str:
    """The id of its task."""
    assert video.task_id is not None
    return video.task_id


def lies(here: Scene, task_id: str) -> Generator[tuple[str, bytes, dict[str, str]]]:
    """Deliveries about a task that are not what the vendor signed for this address just now."""
    letter = here.letter(task_id)
    true, elsewhere = here.signed(letter), event("another-task")
    yield "forged: another key", letter.body, letter.headers()
    yield "forged: nothing signed", letter.body, {}
    yield "forged: no signature", letter.body, true | {"x-eventbridge-signature-v2": ""}
    with_its_own = replace(letter, certificate_url="https://evil.example/a.pem")
    yield "forged: its own certificate", letter.body, with_its_own.headers()
    yield "forged: signed for another address", letter.body, here.signed(replace(letter, url=f"{here.url}/"))
    yield "altered: one byte more", letter.body + b" ", true
    yield "altered: another task was signed", letter.body, here.signed(replace(letter, body=elsewhere))
    yield "altered: another token", letter.body, true | {"x-eventbridge-signature-token": "other"}
    old = replace(letter, at=letter.at - 70)
    yield "stale", letter.body, here.signed(old)
    yield "from the future", letter.body, here.signed(replace(letter, at=letter.at + 3600))
    now = {"x-eventbridge-signature-timestamp": str(round(letter.at * 1000))}
    yield "replayed under a new time", letter.body, here.signed(old) | now
