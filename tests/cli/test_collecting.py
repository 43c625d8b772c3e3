"""The collector: out of the way while a command imports, and as it was in a process that is not the command's."""

from __future__ import annotations

import gc
import subprocess
import sys

from tests.cli.terminal import Terminal

ASK = """
import atexit, gc, sys
sys.argv = ["wanreel", "jobs", "list", "--home", sys.argv[1]]
usual = gc.get_threshold()
atexit.register(lambda: print(gc.get_threshold()[0] > usual[0], gc.get_freeze_count() > 50_000))
from wanreel.cli.main import main
main()
"""


def test_a_command_of_its_own_puts_what_it_imports_out_of_sight(terminal: Terminal) -> None:
    """It is looked through neither while it is made nor later, and the collector goes on at a pace for work."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK, str(terminal.home)],
        capture_output=True,
        text=True,
        check=True,
        env=terminal.whole_env(),
    )
    assert "True True" == ran.stdout.splitlines()[-1]


def test_a_command_within_another_program_leaves_its_collector_alone(terminal: Terminal) -> None:
    """Nothing of a program that calls the command line is frozen, and its collector keeps its pace."""
    before = gc.get_threshold(), gc.get_freeze_count()
    assert 0 == terminal("jobs", "list").code
    assert before == (gc.get_threshold(), gc.get_freeze_count())
