"""The `wanreel` command: puts the commands together. Importing it is cheap; commands import what they need."""

from __future__ import annotations

import sys

from cyclopts import App

from wanreel import __version__
from wanreel.cli.doctor import doctor
from wanreel.cli.emulator import emulator
from wanreel.cli.exits import Exit
from wanreel.cli.generate import batch, generate
from wanreel.cli.jobs import jobs
from wanreel.cli.models import models
from wanreel.cli.watch import watch, worker

app = App(
    name="wanreel",
    help="Wan videos that are paid for once, never lost, and kept for good.",
    version=__version__,
    result_action="return_value",
    help_format="plaintext",
)
app.command(generate)
app.command(batch)
app.command(jobs)
app.command(watch)
app.command(worker)
app.command(models)
app.command(doctor)
app.command(emulator)


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = app()
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    except SystemExit as stop:
        # cyclopts leaves with 1 after a usage error; our table says what that is
        code = Exit.INVALID if stop.code == 1 else stop.code
    sys.exit(int(code) if isinstance(code, int) else Exit.OK)
