"""A user's command gets the notice on its input; failing, hanging or shouting, it harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any, TextIO

import pytest

from wanreel.domain.errors import Invalid, Unavailable
from wanreel.domain.event import Notice
from wanreel.notify.command import CommandNotifier
from wanreel.ports.notices import Notifier

NOTICE = Notice("note_1", "job_1", "job.failed", 1790000000.0, "it's $HOME; `rm` 夏天")


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


async def test_the_command_reads_the_notice_as_json(tmp_path: Path) -> None:
    """Nothing of the notice is on the command line, and no shell looks at it."""
    out = tmp_path / "got.json"
    program = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    notifier: Notifier = CommandNotifier(python(program, str(out)))
    await notifier.tell(NOTICE)
    assert {
        "id": "note_1",
        "job": "job_1",
        "kind": "job.failed",
        "at": 1790000000.0,
        "text": "it's $HOME; `rm` 夏天",
    } == json.loads(out.read_bytes())


async def test_a_command_that_reads_nothing_is_fine() -> None:
    """Exit status 0 counts, even for a notice larger than a pipe."""
    await CommandNotifier(["true"]).tell(Notice("note_1", "job_1", "kind", 0.0, "x" * 1_000_000))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise SystemExit(3)", "exit status 3: it said nothing"),
        ("import sys; sys.exit('no such\\n channel')", "exit status 1: no such channel"),
        ("import os; os.kill(os.getpid(), 9)", "ended by signal 9: it said nothing"),
        ("import sys; sys.stderr.write('x' * 5_000_000 + ' the end'); sys.exit(1)", "x the end"),
    ],
)
async def test_a_command_that_fails_is_quoted(program: str, words: str) -> None:
    """The status and the end of its complaint, however much it shouts."""
    with pytest.raises(Unavailable) as error:
        await CommandNotifier(python(program)).tell(NOTICE)
    assert error.value.message.endswith(words)
    assert len(error.value.message) < 1200


@pytest.mark.parametrize("argv", [["/nonexistent/program"], [os.devnull], ["a\0b"]])
async def test_a_command_that_cannot_be_started_is_unavailable(argv: list[str]) -> None:
    """Missing, not a program, not even a name."""
    with pytest.raises(Unavailable, match="cannot be started"):
        await CommandNotifier(argv).tell(NOTICE)


@pytest.mark.parametrize("argv", [[], [""]])
def test_no_command_is_invalid(argv: list[str]) -> None:
    """Told at once, not at the first notice."""
    with pytest.raises(Invalid):
        CommandNotifier(argv)


# Parent and child hold a named pipe open: its end is the sign that both are gone.
HANGING = 'exec 3>"$0"; sleep 60 & echo $! >&3; test "$1" = leave || wait'


def hanging(pipe: Path, *arguments: str) -> list[str]:
    return ["sh", "-c", HANGING, str(pipe), *arguments]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def first_line(pipe: Path) -> tuple[TextIO, str]:
    """Wait for the other end, and for what it says first."""
    file = pipe.open()
    return file, file.readline()


async def all_gone(file: TextIO, child: str) -> bool:
    """Whether nobody holds the pipe any more; a child that stays is ended here."""
    try:
        async with asyncio.timeout(20):
            return await asyncio.to_thread(file.read) == ""
    except TimeoutError:
        os.kill(int(child), signal.SIGKILL)
        return False


async def test_a_command_that_hangs_is_ended_with_its_children(pipe: Path) -> None:
    """After its time it is ended, all of it, and the notice is owed again."""
    started = asyncio.create_task(asyncio.to_thread(first_line, pipe))
    with pytest.raises(Unavailable, match="did not end within 1 s"):
        await CommandNotifier(hanging(pipe), timeout_s=1).tell(NOTICE)
    file, child = await started
    with file:
        assert await all_gone(file, child)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_cancelled_delivery_ends_the_command(pipe: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """A runner that stops leaves no command behind, ended or not; nor does one that is told again meanwhile."""
    started: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def noted(*argv: str, **how: Any) -> Process:
        started.append(await start(*argv, **how))
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    telling = asyncio.create_task(CommandNotifier(hanging(pipe)).tell(NOTICE))
    file, child = await asyncio.to_thread(first_line, pipe)
    for _ in range(times):
        telling.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert started[0].returncode is not None
    with file:
        assert await all_gone(file, child)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_delivery_cancelled_while_its_command_starts_ends_it(
    pipe: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Cancelled before asyncio has told of the new process: what that has started by then is ended with it."""
    begun, told = asyncio.Event(), asyncio.Event()
    started: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def slow(*argv: str, **how: Any) -> Process:
        started.append(await start(*argv, **how))
        begun.set()
        await told.wait()
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    telling = asyncio.create_task(CommandNotifier(hanging(pipe)).tell(NOTICE))
    file, child = await asyncio.to_thread(first_line, pipe)
    await begun.wait()
    for _ in range(times):
        telling.cancel()
        await asyncio.sleep(0)
    told.set()
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert started[0].returncode is not None
    with file:
        assert await all_gone(file, child)


async def test_a_command_may_leave_something_running(pipe: Path) -> None:
    """A child that goes on, still holding our pipe, neither delays the delivery nor is ended by it."""
    started = asyncio.create_task(asyncio.to_thread(first_line, pipe))
    await CommandNotifier(hanging(pipe, "leave")).tell(NOTICE)
    file, child = await started
    with file:
        os.kill(int(child), signal.SIGTERM)  # it is there to be ended
        assert "" == await asyncio.to_thread(file.read)


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_nothing_stays_open() -> None:
    """Twenty deliveries, failing and not, leave no descriptor behind."""
    await CommandNotifier(["true"]).tell(NOTICE)  # whatever the loop keeps for itself
    before = descriptors()
    for argv in (["true"], ["false"], ["/nonexistent"]) * 7:
        with contextlib.suppress(Unavailable):
            await CommandNotifier(argv).tell(NOTICE)
    assert before == descriptors()
