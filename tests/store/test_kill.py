"""Kill -9 of a process that writes: every commit it was told of is there, whole, when the file is opened again."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.children import store_at

ROUNDS = (1, 37, 150, 400)  # kill after so many acknowledged commits


def written_before_the_kill(path: Path, name: str, acknowledged: int) -> dict[str, int]:
    """Let a process commit, kill it after so many acknowledgements, and return the last version told of each job."""
    command = [sys.executable, "-m", "tests.store.children", "commit_for_ever", str(path), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdout is not None
        heard = b""
        while heard.count(b"\n") < acknowledged:
            heard += os.read(child.stdout.fileno(), 65536)
        child.kill()
        heard += child.stdout.read() or b""
    whole, _, _cut = heard.decode().rpartition("\n")
    return {job_id: int(version) for job_id, version in (line.split() for line in whole.splitlines())}


@pytest.mark.parametrize("acknowledged", ROUNDS)
async def test_no_acknowledged_commit_is_lost(tmp_path: Path, acknowledged: int) -> None:
    """Killed twice in the midst of writing, a file holds every change that was acknowledged, and its whole history."""
    path = tmp_path / "w.sqlite3"
    told = written_before_the_kill(path, "first", acknowledged)
    told |= written_before_the_kill(path, "second", acknowledged)

    async with store_at(str(path)) as store:
        for job_id, version in told.items():
            job = await store.get(job_id)
            assert job.version >= version
            assert list(range(2, job.version + 1)) == [entry.version for entry in await store.history(job_id)]
    with closing(sqlite3.connect(path)) as driver:
        assert [("ok",)] == driver.execute("PRAGMA integrity_check").fetchall()
