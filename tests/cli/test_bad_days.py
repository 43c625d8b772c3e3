"""Bad days: refused keys, lost answers, rubbish for clips, sick databases and disks; nothing lost, nothing twice."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import COMMAND, Terminal
from tests.client.small_world import LOST, bought, environment, small_vendor
from wanreel.emulator.server import Emulator

FOX = ("generate", "A red fox in snow", "--model", "wan2.5-t2v-preview", "--resolution", "480P")


def told(terminal: Terminal, job_id: str) -> dict[str, Any]:
    """A job as `jobs show` has it."""
    return terminal("jobs", "show", job_id, "--json").objects[0]


def test_a_refused_key_holds_the_job_until_it_is_mended(terminal: Terminal, vendor: Emulator) -> None:
    """Exit 3 with the vendor's words; after setting the right key a worker finishes the same job, paid once."""
    ran = terminal(*FOX, "--json", DASHSCOPE_API_KEY="not-a-key-of-theirs")
    assert 3 == ran.code
    (job,) = ran.objects
    assert "queued" == job["state"]
    assert "InvalidApiKey" in job["attention"]
    assert "not lost" in job["attention"]
    assert 3 == terminal("worker", "--until-idle", DASHSCOPE_API_KEY="not-a-key-of-theirs").code
    assert 0 == terminal("worker", "--until-idle").code
    assert "succeeded" == told(terminal, job["id"])["state"]
    assert 1 == bought(vendor)


@pytest.mark.parametrize(
    ("fault", "said", "paid"),
    [
        ({"fault": "html"}, "HTTP 502", 0),
        ({"fault": "half_body"}, "cut short", 1),
        ({"fault": "empty"}, "200", 1),
        ({"fault": "blank"}, "200", 1),
        ({"fault": "drop_after"}, "closed without an answer", 1),
        ({"fault": "error_after", "status": 500}, "HTTP 500", 1),
    ],
)
def test_an_answer_that_says_nothing_is_a_doubt(
    terminal: Terminal, vendor: Emulator, fault: dict[str, Any], said: str, paid: int
) -> None:
    """HTML, half a JSON, an empty 200, a dropped line, and a list that tells nothing: held, told with what came, and
    never sent again by itself.
    """
    vendor.script(LOST | {"create": [fault]}, account="*")
    ran = terminal(*FOX)
    assert 3 == ran.code
    assert "unconfirmed: needs a person" in ran.err
    assert said in ran.err
    assert 3 == terminal("worker", "--until-idle").code
    assert paid == bought(vendor)
    assert 1 == vendor.counters()["requests"]["create"]


def test_an_error_inside_a_200_is_the_vendors_verdict(terminal: Terminal, vendor: Emulator) -> None:
    """A 200 with a code and no task bought nothing and says why, in the vendor's words."""
    code = {
        "fault": "top_code",
        "code": "DataInspectionFailed",
        "message": "Input text data may contain inappropriate content.",
    }
    vendor.script({"create": [code]}, account="*")
    ran = terminal(*FOX)
    assert 1 == ran.code
    assert "DataInspectionFailed: Input text data may contain inappropriate content." in ran.err
    assert 0 == bought(vendor)


def test_answers_to_looks_that_say_nothing_are_looked_past(terminal: Terminal, vendor: Emulator) -> None:
    """A query may fail in any way and as often as it likes: the paid task is asked after again."""
    faults = [
        {"fault": "html"},
        {"fault": "half_body"},
        {"fault": "status", "status": 429},
        {"fault": "empty"},
        {"fault": "unknown"},
    ]
    vendor.script({"query": faults}, account="*")
    assert 0 == terminal(*FOX).code
    assert 1 == bought(vendor)


def test_throttled_submits_wait_their_turn(terminal: Terminal, vendor: Emulator) -> None:
    """A 429 is "not now", never the user's problem."""
    vendor.script({"create": [{"fault": "status", "status": 429, "times": 3}]}, account="*")
    assert 0 == terminal(*FOX).code
    assert 1 == bought(vendor)


def test_a_success_without_a_clip_ends_in_words(terminal: Terminal, vendor: Emulator) -> None:
    """SUCCEEDED that never shows a URL is asked again, then ends as a failure that says so."""
    vendor.script({"create": [{"fate": {"outcome": "no_url"}}]}, account="*")
    ran = terminal(*FOX, "--json")
    assert 1 == ran.code
    (job,) = ran.objects
    assert "SUCCEEDED and gives no video" in job["error"]["message"]
    assert 1 == bought(vendor)


def test_rubbish_for_a_clip_is_not_kept(terminal: Terminal, vendor: Emulator) -> None:
    """No bytes, an XML error served as a video, a cut and an error are tried again until the whole clip is there."""
    faults = [{"fault": "zero"}, {"fault": "xml"}, {"fault": "cut"}, {"fault": "status", "status": 500}]
    vendor.script({"download": faults}, account="*")
    ran = terminal(*FOX)
    assert 0 == ran.code, ran.err
    assert b"ftyp" == Path(ran.lines[0]).read_bytes()[4:8]
    assert "archiving (" in ran.err


def test_a_clip_that_cannot_be_had_before_its_url_dies(terminal: Terminal, vendor: Emulator) -> None:
    """Told while it lasts, and at the end a failure that says the clip was made and billed."""
    vendor.script(
        {
            "create": [{"fate": {"url_life_s": 1, "queue_s": 0, "run_s": 0}}],
            "download": [{"fault": "zero", "times": "always"}],
        },
        account="*",
    )
    ran = terminal(*FOX, "--json", WANREEL_POLICY__EXPIRY_GRACE_S="0")
    assert 1 == ran.code
    (job,) = ran.objects
    assert "artifact_expired" == job["error"]["code"]
    assert job["billed_s"]
    assert [] == list((terminal.home / "archive").rglob("*.mp4"))


def test_a_full_disk_keeps_the_clip_at_the_vendor_until_there_is_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes no more is told; with room again the same paid clip is kept."""
    monkeypatch.chdir(tmp_path)
    with small_vendor(clip_bytes=8_000_000) as vendor:
        terminal = Terminal(capsys, environment(tmp_path / "home", vendor), tmp_path)
        limited = ["bash", "-c", 'ulimit -f 4096; exec "$@"', "-", *COMMAND, *FOX, "--timeout", "3"]
        full = subprocess.run(limited, env=terminal.whole_env(), capture_output=True, text=True, check=False)
        assert 10 == full.returncode, full.stderr
        assert "archiving (" in full.stderr
        watched = terminal("watch")
        assert 0 == watched.code, watched.err
        assert Path(watched.lines[0]).stat().st_size >= 8_000_000
        assert 1 == bought(vendor)


def test_a_corrupt_database_is_left_alone(terminal: Terminal, vendor: Emulator) -> None:
    """Exit 8, what to do, and not a byte of it changed."""
    terminal("jobs", "list")
    file = terminal.home / "wanreel.sqlite3"
    rubbish = b"\x00rubbish" * 4096
    file.write_bytes(rubbish)
    for words in (FOX, ("jobs", "list"), ("worker", "--until-idle")):
        ran = terminal(*words)
        assert 8 == ran.code
        assert "is damaged, or no database at all" in ran.err
    assert rubbish == file.read_bytes()
    assert 0 == bought(vendor)


def test_a_newer_database_is_left_alone(terminal: Terminal) -> None:
    """A home of a newer wanreel says so and is not touched."""
    terminal("jobs", "list")
    with closing(sqlite3.connect(terminal.home / "wanreel.sqlite3")) as driver:
        driver.execute("UPDATE alembic_version SET version_num = '9999'")
        driver.commit()
    ran = terminal(*FOX, "--json")
    assert (8, "unavailable") == (ran.code, ran.error["code"])
    assert "newer wanreel" in ran.error["message"]


AS_NOBODY = """
import os, sys, wanreel.wiring, wanreel.library, wanreel.service.view, structlog.dev, sqlalchemy.dialects.sqlite
from wanreel.cli.main import main
wanreel.wiring.load_catalog()  # whatever lies where only root may read is read before
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
main(sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter there")
def test_a_home_that_may_not_be_written(terminal: Terminal) -> None:
    """A read-only home: exit 8 and what to look at, for a user who is not root."""
    assert 0 == terminal("jobs", "list").code
    for path in (terminal.home, *terminal.home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with _open_way(terminal.home):
        command = [sys.executable, "-c", AS_NOBODY, *FOX]
        ran = subprocess.run(command, env=terminal.whole_env(), capture_output=True, text=True, check=False)
    terminal.home.chmod(0o755)
    assert 8 == ran.returncode, ran.stderr
    assert str(terminal.home) in ran.stderr
    assert "Traceback" not in ran.stderr


@contextmanager
def _open_way(folder: Path) -> Generator[None, None, None]:
    """Let anybody walk to a folder, for a while: pytest's own are for one user."""
    closed = [(path, path.stat().st_mode) for path in folder.parents if not path.stat().st_mode & stat.S_IXOTH]
    for path, mode in closed:
        path.chmod(mode | stat.S_IXOTH)
    try:
        yield
    finally:
        for path, mode in closed:
            path.chmod(mode)


def test_a_kept_picture_that_is_gone_ends_in_words(terminal: Terminal, vendor: Emulator) -> None:
    """A home whose inputs were deleted fails the job before anything is paid, and says to order it again."""
    from tests.client.small_world import picture

    Path("cat.png").write_bytes(picture())
    words = ("generate", "It blinks", "--image", "cat.png", "--model", "wan2.5-i2v-preview", "--no-wait", "--json")
    job_id = terminal(*words).objects[0]["id"]
    shutil.rmtree(terminal.home / "inputs")
    assert 0 == terminal("worker", "--until-idle").code
    assert "submit it again" in told(terminal, job_id)["error"]["message"]
    assert 0 == bought(vendor)


def test_a_proxy_that_is_not_there_sends_nothing(terminal: Terminal, vendor: Emulator) -> None:
    """No connection, no doubt: the job waits in the queue with the reason, and goes once the way is free."""
    ran = terminal(*FOX, "--timeout", "5", "--base-url", "http://127.0.0.1:9/api/v1")
    assert 10 == ran.code
    assert "queued (" in ran.err
    assert 0 == bought(vendor)


def test_jobs_of_another_address_do_not_keep_a_worker_waiting(terminal: Terminal, vendor: Emulator) -> None:
    """A home used for two addresses: the worker of one returns, naming what the other must do."""
    vendor.script({"create": [{"fate": {"queue_s": 0, "run_s": 3600}}]}, account="*")
    assert 10 == terminal(*FOX, "--timeout", "0.5").code
    idle = terminal("worker", "--until-idle", "--base-url", "http://127.0.0.1:9/api/v1")
    assert 3 == idle.code
    assert f"It was ordered from {vendor.base_url}" in idle.err
    vendor.advance(4000)
    assert 0 == terminal("worker", "--until-idle").code
    assert 1 == bought(vendor)
