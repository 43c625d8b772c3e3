"""The `wanreel` command: puts the commands together. Importing it is cheap; commands import what they need."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from wanreel.cli.accounts import accounts
from wanreel.cli.agents import mcp
from wanreel.cli.batch import batch
from wanreel.cli.catalog import models
from wanreel.cli.collecting import stand_aside
from wanreel.cli.db import db
from wanreel.cli.doctor import doctor
from wanreel.cli.emulator import emulator
from wanreel.cli.exits import Exit
from wanreel.cli.generate import generate
from wanreel.cli.get import embed, get
from wanreel.cli.groups import groups
from wanreel.cli.keys import projects, tokens, webhooks
from wanreel.cli.lint import lint
from wanreel.cli.looking import jobs
from wanreel.cli.prompt import prompt
from wanreel.cli.report import report
from wanreel.cli.serve import api, up
from wanreel.cli.storage import storage
from wanreel.cli.usage import budgets, estimate, usage
from wanreel.cli.watch import watch, worker
from wanreel.version import VERSION

app = App(
    name="wanreel",
    help="Wan videos that are paid for once, never lost, and kept for good.",
    version=VERSION,
    result_action="return_value",
    help_format="plaintext",
)
app.command(generate)
app.command(batch)
app.command(estimate)
app.command(usage)
app.command(budgets)
app.command(jobs)
app.command(get)
app.command(embed)
app.command(storage)
app.command(db)
app.command(groups)
app.command(watch)
app.command(worker)
app.command(up)
app.command(api)
app.command(mcp)
app.command(projects)
app.command(tokens)
app.command(webhooks)
app.command(accounts)
app.command(models)
app.command(lint)
app.command(prompt)
app.command(doctor)
app.command(emulator)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code. Without `arguments` they are this process's own."""
    if arguments is None:
        stand_aside()
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        code = _misused(error, tokens)
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    except BrokenPipeError as error:
        code = report(error, as_json=False)
    sys.exit(int(code) if isinstance(code, int) else Exit.OK)


def _misused(error: CycloptsError, tokens: Sequence[str]) -> int:
    from wanreel.domain.errors import Invalid, Problem

    words = [token for token in tokens[:2] if not token.startswith("-")]
    command = next((" ".join(words[:n]) for n in (2, 1) if len(words) >= n and _is_command(words[:n])), "")
    hint = f"see: wanreel {command + ' ' if command else ''}--help"
    return report(Invalid("", (Problem("command line", f"{error}; {hint}"),)), as_json="--json" in tokens)


def _is_command(words: Sequence[str]) -> bool:
    known = app
    for word in words:
        if word not in known:
            return False
        known = known[word]
    return True
