"""A large result costs no more memory than a small one: it is streamed from the vendor to the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.place import KEY, QUICK, emulator

MEGABYTE = 1_000_000


def test_a_result_of_200_mb_costs_at_most_64_mb_more_than_one_of_1_mb(tmp_path: Path) -> None:
    """Peak resident memory of the whole `wanreel generate` process, as the operating system counts it."""
    small, large = (_peak_bytes(tmp_path / f"{size}", size * MEGABYTE) for size in (1, 200))
    print(f"\npeak memory: {small / MEGABYTE:.0f} MB with 1 MB, {large / MEGABYTE:.0f} MB with 200 MB")

    assert large - small <= 64 * MEGABYTE


def _peak_bytes(home: Path, clip_bytes: int) -> int:
    with emulator(clip_bytes=clip_bytes) as emu:
        env = os.environ | {"DASHSCOPE_API_KEY": KEY, "WANREEL_VENDOR_URL": emu.base_url}
        env |= {f"WANREEL_POLICY__{name.upper()}": str(value) for name, value in QUICK.items()}
        command = [sys.executable, "-m", "wanreel", "generate", "a paper boat", "--home", str(home), "--json"]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert clip_bytes <= json.loads(said)["artifact"]["size_bytes"]
    return usage.ru_maxrss * 1024
