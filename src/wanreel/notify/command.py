"""Notices handed to a command of the user's: the JSON on its standard input, no shell, bounded time.

The command runs in a session of its own, so that a timeout ends whatever it started as well. What it prints is dropped;
the end of what it complains about is quoted when it fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from typing import Self

from wanreel.cancels import wait_through
from wanreel.domain.errors import Invalid, Unavailable
from wanreel.domain.event import Notice
from wanreel.notify.payload import notice_line

TIMEOUT_S = 30.0
_COMPLAINT_BYTES_MAX = 1000
_PIPE_BYTES = 65536


class CommandNotifier:
    """`ports.Notifier` by running `argv` once a notice. Exit status 0 means delivered."""

    def __init__(self, argv: Sequence[str], timeout_s: float = TIMEOUT_S) -> None:
        if not argv or not argv[0]:
            raise Invalid("a notify command needs at least the name of a program")
        self._argv = tuple(argv)
        self._timeout_s = timeout_s

    async def tell(self, notice: Notice) -> None:
        """As `ports.Notifier.tell`."""
        name = self._argv[0]
        with _Complaint() as complaint:
            process = await self._started(notice, complaint)
            try:
                async with asyncio.timeout(self._timeout_s):
                    status = await process.wait()
            except TimeoutError:
                raise Unavailable(f"the notify command {name} did not end within {self._timeout_s:g} s") from None
            finally:
                await _gone(process)
        if status:
            how = f"was ended by signal {-status}" if status < 0 else f"failed with exit status {status}"
            raise Unavailable(f"the notify command {name} {how}: {complaint.text or 'it said nothing'}")

    async def _started(self, notice: Notice, complaint: _Complaint) -> Process:
        """Start it. A cancel waits until it is there: asyncio's own way out of a start ends the one process, not what
        it has started meanwhile.
        """
        starting = asyncio.get_running_loop().create_task(self._start(notice, complaint))
        try:
            await wait_through(lambda: asyncio.wait({starting}))
        except asyncio.CancelledError:
            with contextlib.suppress(Unavailable):
                await _gone(starting.result())
            raise
        return starting.result()

    async def _start(self, notice: Notice, complaint: _Complaint) -> Process:
        # A file and not a pipe: a command that does not read its input must not make us wait.
        with tempfile.TemporaryFile() as paper:
            paper.write(notice_line(notice) + b"\n")
            paper.seek(0)
            try:
                return await asyncio.create_subprocess_exec(
                    *self._argv,
                    stdin=paper,
                    stdout=DEVNULL,
                    stderr=complaint.write_fd,
                    start_new_session=True,
                    env={k: v for k, v in os.environ.items() if not k.endswith("API_KEY")},  # it has no use for ours
                )
            except (OSError, ValueError) as error:
                words = error.strerror if isinstance(error, OSError) else str(error)
                raise Unavailable(_never_starts(self._argv, str(words))) from error


def never_starts(argv: Sequence[str]) -> str:
    """Why a command cannot be started here, as far as can be told without doing so, and what to do; "": it can."""
    if not argv or shutil.which(argv[0]) is not None:
        return ""
    return _never_starts(argv, "there is no such program, or no right to run it")


def _never_starts(argv: Sequence[str], why: str) -> str:
    return f"the notify command {argv[0]} cannot be started ({why}): check its path and rights"


class _Complaint:
    """The end of a command's standard error, read as it comes so that neither side waits and little is held.

    A pipe of our own: asyncio's would make `wait` last until everything the command left running has closed it.
    """

    def __init__(self) -> None:
        self._tail = b""

    def __enter__(self) -> Self:
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        asyncio.get_running_loop().add_reader(self._read_fd, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._read_fd)
        os.close(self.write_fd)
        self._take()  # what was still in the pipe
        os.close(self._read_fd)

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._tail = (self._tail + os.read(self._read_fd, _PIPE_BYTES))[-_COMPLAINT_BYTES_MAX:]

    @property
    def text(self) -> str:
        """On one line, printable."""
        words = self._tail.decode("utf-8", "replace")
        return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


async def _gone(process: Process) -> None:
    """End the command and its children, if it still runs, and wait for it: else it is left to whoever collects garbage.
    A child it left behind on purpose may go on.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await wait_through(process.wait)
