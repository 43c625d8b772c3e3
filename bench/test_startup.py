"""What a process of ours takes until it is of use: processor time, modules, and time by the clock.

Processor time is what to compare by: it holds on a machine that has other things to do, too. The server counts until it
has printed its address, the others until they have ended.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

ROUNDS = 7
COMMANDS: dict[str, tuple[str, ...]] = {
    "python -c pass": ("-c", "pass"),
    "wanreel --version": ("-m", "wanreel", "--version"),
    "wanreel --help": ("-m", "wanreel", "--help"),
    "wanreel models list": ("-m", "wanreel", "models", "list"),
    "wanreel jobs list": ("-m", "wanreel", "jobs", "list"),
    "wanreel worker": ("-m", "wanreel", "worker", "--until-idle"),
    "wanreel api": ("-m", "wanreel", "api", "--port", "0"),
    "wanreel up": ("-m", "wanreel", "up", "--port", "0"),
}
COUNTED = "import atexit, runpy, sys; atexit.register(lambda: print(len(sys.modules), file=sys.stderr)); "


@pytest.mark.bench
def test_start_up(tmp_path: Path) -> None:
    """Print the least processor time, the middle of the time, and the modules of each command, in one home."""
    env = {**os.environ, "WANREEL_HOME": str(tmp_path), "DASHSCOPE_API_KEY": "sk-bench-0123456789"}
    print()
    for name, words in COMMANDS.items():
        serves = words[-1] == "0"
        _once(words, env, serves=serves)  # the home is made, and everything lies in the machine's memory
        taken = [_once(words, env, serves=serves) for _ in range(ROUNDS)]
        cpu_s, seconds = min(cpu for cpu, _ in taken), statistics.median(wall for _, wall in taken)
        modules = _modules(words, env)
        print(f"{name:20} {cpu_s:5.2f} s of a processor {seconds:6.2f} s by the clock {modules:>6} modules")


def _once(words: Sequence[str], env: dict[str, str], *, serves: bool) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen([sys.executable, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ran:
        assert ran.stdout is not None
        if not serves:
            ran.communicate()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            return used_s, time.perf_counter() - began
        ran.stdout.readline()
        seconds, used_s = time.perf_counter() - began, _used_s(ran.pid)
        ran.terminate()
        return used_s, seconds


def _used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _modules(words: Sequence[str], env: dict[str, str]) -> str:
    if words[0] == "-c":
        return ""
    code = f"{COUNTED}sys.argv[1:] = {[*words[2:]]!r}; runpy.run_module('wanreel', run_name='__main__')"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        if words[-1] == "0":
            ran.stdout.readline()
            ran.terminate()
        return ran.communicate()[1].split()[-1]
