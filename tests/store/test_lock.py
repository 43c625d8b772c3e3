"""The runner's lock: one process at a time, gone with it however it dies, and never handed down to children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wanreel.domain.errors import Unavailable
from wanreel.store.lock import RunnerLock


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-m", "tests.store.children", "hold_lock", str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert "True\n" == child.stdout.readline()
        yield child
        child.kill()


def test_one_at_a_time(tmp_path: Path) -> None:
    """While one holds the lock another is told no at once; after its release the other may have it."""
    first, second = RunnerLock(tmp_path / "home" / "lock"), RunnerLock(tmp_path / "home" / "lock")

    assert first.try_lock()
    assert first.try_lock()
    assert not second.try_lock()
    first.release()
    first.release()
    assert not first.held
    assert second.try_lock()
    second.release()


def test_another_process_is_seen_and_named(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """Who meets a held lock can say which process holds it."""
    lock = RunnerLock(tmp_path / "lock")

    assert not lock.try_lock()
    assert f"process {holder.pid}: a child" == lock.holder()


def test_a_killed_process_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """After kill -9 the lock is free at once, though its file still stands there."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock = RunnerLock(tmp_path / "lock")

    assert (tmp_path / "lock").exists()
    assert lock.try_lock("a new runner")
    assert f"process {os.getpid()}: a new runner" == lock.holder()
    lock.release()


def test_a_started_program_does_not_inherit_it(tmp_path: Path) -> None:
    """A program that outlives the runner which started it does not keep the lock."""
    lock = RunnerLock(tmp_path / "lock")
    lock.try_lock()
    command = [sys.executable, "-c", "print('here', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        assert b"here\n" == child.stdout.readline()
        lock.release()
        assert RunnerLock(tmp_path / "lock").try_lock()
        child.kill()


def test_a_fork_drops_its_copy(tmp_path: Path) -> None:
    """A forked child neither holds the lock, nor keeps it, nor takes it away from its parent."""
    command = [sys.executable, "-m", "tests.store.children", "fork_under_lock", str(tmp_path / "lock")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=30, check=True)

    assert ["child holds it: False", "child gets it: False", "parent kept it: True", "free after release: True"] == (
        done.stdout.splitlines()
    )


def test_nobody_is_named_where_nothing_is_known(tmp_path: Path) -> None:
    """Without a file there is no holder to name."""
    assert "" == RunnerLock(tmp_path / "lock").holder()


def test_a_home_that_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    """Where the lock file cannot be made, the error names it and asks the right question."""
    (tmp_path / "home").write_text("a file")

    with pytest.raises(Unavailable, match="writable"):
        RunnerLock(tmp_path / "home" / "lock").try_lock()
