"""What bringing one gigabyte home takes: memory, time beside a plain copy by the same client, CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.archive.seaweed import seaweed

ROOT = Path(__file__).resolve().parent.parent
PACE = 125_000_000
MEMORY_MB, RATIO = 64, 0.95


@contextmanager
def source(bytes_s: int) -> Generator[int]:
    """A process that serves the clip; its port."""
    command = [sys.executable, "-m", "bench.large_clip", str(bytes_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def brought(what: str, port: int, folder: Path, s3: str) -> dict[str, Any]:
    """One run in a process of its own."""
    folder = folder / f"{what}-{port}"
    folder.mkdir()
    command = [sys.executable, "-m", "bench.archiver", what, str(port), str(folder), s3]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600)
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.bench
def test_one_gigabyte(tmp_path: Path) -> None:
    """Print extra memory, seconds and CPU per gigabyte, to a folder and to S3, paced and as fast as it goes.

    A plain copy goes to the same place by the same client: without hash, check, comparison or sync.
    """
    print(f"\n1 GiB, bars: {MEMORY_MB} MB of extra memory, {RATIO} of a plain copy's speed at {PACE / 1e6:.0f} MB/s")
    (tmp_path / "s3").mkdir()
    with seaweed(tmp_path / "s3") as s3:
        for bytes_s in (PACE, 0):
            with source(bytes_s) as port:
                for copying, what in (("copy", "local"), ("copy-s3", "s3")):
                    plain, run = brought(copying, port, tmp_path, s3), brought(what, port, tmp_path, s3)
                    ratio, pace = plain["took_s"] / run["took_s"], "paced" if bytes_s else "free"
                    print(
                        f"{what:5} {pace:5}: {run['extra_mb']:5.1f} MB extra, {run['took_s']:5.1f} s (plain copy there "
                        f"{plain['took_s']:.1f} s, ratio {ratio:.2f}), {run['cpu_s']:.1f} s of CPU (plain copy "
                        f"{plain['cpu_s']:.1f} s), load {os.getloadavg()[0]:.1f}",
                        flush=True,
                    )
