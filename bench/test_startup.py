"""How long the command line takes to answer, beside the interpreter alone in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import pytest

ROUNDS = 7


@pytest.mark.bench
def test_start_up_of_the_command_line() -> None:
    """Print the median time of `--help`, of a command that reads the catalog, and of a bare interpreter."""
    commands = {
        "python -c pass": ["-c", "pass"],
        "wanreel --help": ["-m", "wanreel", "--help"],
        "wanreel models list": ["-m", "wanreel", "models", "list"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, words in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
            taken[name].append(time.perf_counter() - started)
    bare = statistics.median(taken["python -c pass"])
    print()
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"{name:22} {middle * 1000:6.0f} ms  {middle / bare:5.1f} x the bare interpreter")
