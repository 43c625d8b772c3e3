"""Write docs/reference/*.md from the code, but for the emulator, the lint and the ledger: `python tools/reference.py`.

What the tables say is read from the commands, the settings and the error tables themselves; a test compares the pages.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from cyclopts import App
from docstring_parser import DocstringStyle, parse

from wanreel import telemetry
from wanreel.api import problems
from wanreel.cli import exits
from wanreel.cli.main import app
from wanreel.domain import errors, hook, policy
from wanreel.domain.event import EVENTS
from wanreel.domain.job import Fault
from wanreel.metrics.names import ALL
from wanreel.settings import LOG_VARIABLE, PREFIX, Settings
from wanreel.spans import FACTS, SPANS
from wanreel.vendor.errors import TABLE, Verdict

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "<!-- Made by tools/reference.py from the code: change it there. -->\n"

OWN_FAILURES = {
    "artifact_corrupt": "The clip was made (and billed), and what came never was a whole MP4 while its URL lived.",
    "artifact_expired": "The clip was made (and billed), and could not be fetched whole before its URL died.",
    "artifact_unsafe": "The clip was made (and billed), and its URL is no place results may be fetched from.",
    "given_up": "A person ended a doubtful job without knowing whether it was billed.",
    "horizon": "The vendor still called the task unfinished a day after it was accepted.",
    "input_changed": "A kept picture or sound is no longer what was ordered with. Nothing was paid.",
    "input_missing": "A kept picture or sound is gone from the home. Nothing was paid.",
    "input_too_large": "A local file is larger than the vendor's temporary storage takes. Nothing was paid.",
    "no_video_url": "The vendor said SUCCEEDED and never gave a clip: how a blocked output looks.",
    "task_unknown": "The vendor does not know the task (any more).",
    "over_budget": "There was no money for it: a budget, or the highest cost it was allowed. Nothing was sent.",
    "unsafe_base_url": "The key must not travel to the job's address. Nothing was sent.",
}
"""Codes of failed jobs that are ours; a test looks for others in the code."""

FIGURES = {
    "poll_first_s": "the first look at a running task comes after so long",
    "poll_factor": "and each next one so many times later",
    "poll_max_s": "but never later than this; once such tasks are known, when they are likely to end decides",
    "net_s": "a running task is asked after by itself so rarely: its account's watcher sees its end first",
    "watch_per_s": "requests a second the watcher of an account may make while work waits for a slot",
    "backoff_first_s": "what came to nothing is tried again after so long, doubling each time",
    "backoff_max_s": "but never later than this",
    "busy_max_s": "the longest such pause",
    "burst_s": "pause after a refusal for submitting too quickly",
    "quota_s": "pause after a refusal for an allocated quota",
    "account_s": "pause after a refused key or bill; a person mends it sooner",
}
"""Figures whose names say it to a programmer, in words for a user."""


HOW_COMMANDS_TALK = """\
`wanreel COMMAND --help` says the same. Answers go to stdout, everything else to stderr: progress as a live table
on a terminal and as plain lines in a pipe. Rows are fitted to a terminal; in a pipe a row is a line, whole, with
tabs between its cells, under a line that names them (`--no-header`: without). With `--json` every line of either
is a JSON object: one for one thing, JSON Lines for many, `{"error": {"code", "message", "problems"}}` for an
error, `{"note"}` for a remark.

The first Ctrl-C (or SIGTERM) stops gracefully: paid calls in the air are waited for. The second stops at once.
Either way jobs go on with the next `wanreel watch` or `wanreel worker`.
"""

WHICH_SETTING_WINS = """\
An argument beats the environment, the environment beats `config.toml` in the home, and that beats the default. An
empty variable counts as not set. `wanreel doctor` names variables that begin with `WANREEL_` and mean nothing.
"""

HOW_FIGURES_ARE_SET = """\
Set as `WANREEL_POLICY__NAME` or under `[policy]`. Names in `_s` are seconds. The defaults are meant for the real
service; tests shrink them.
"""

HOW_CALLS_END = """\
The library raises these (all are `wanreel.WanreelError`, with a `code` and a `message`); the command line prints
them and ends with the exit code. `invalid` lists every problem found: `field`, `message`, `given`.
"""

HOW_CODES_ARE_JUDGED = """\
A job that fails at the vendor carries the vendor's own code and words. A code is looked up whole, then by its
beginnings up to a dot, whatever its capitals; a 429 is always "not now". Codes nobody has told us about are
judged by their HTTP status. Doubt (no usable answer to a paid call) is no code: see [how to settle
it](../how-to/settle-a-doubt.md).
"""


HOW_METRICS_ARE_READ = """\
`wanreel up` and `wanreel api` give them at `/metrics` (to a token with the scope `admin`, once there are tokens),
`wanreel worker --metrics HOST:PORT` at that address. A *gauge* is read from the store when it is asked for and is the
same from every process on it: take the `max`. A *counter* and a *histogram* count what one process has done since it
began, under the names its log lines have: take the `sum` of `rate`. What cannot be read just now (the database or the
spool is away) is left out. Alerts and a dashboard that use them are in [`deploy/`](../../deploy/README.md).
"""


TOLD = {
    "job.succeeded": "Its clip lies in your storage, checked.",
    "job.failed": "It has ended without a clip; `error` says why.",
    "job.cancelled": "It has ended before anything was paid, or its clip was not wanted any more.",
    "job.needs_attention": "It waits for a person: a doubt that nothing else can settle.",
    "job.held": "There is no money for it now; it waits.",
    "job.spare": "A paid task beyond the one it needed was found; its clip is kept as well.",
    "job.spooled": "The storage does not answer: its clip waits in the spool.",
    "job.at_risk": "Half, or four fifths, of its URL's life is over, and the clip lies in no place of yours.",
    "group.completed": "Every job of a group has ended.",
    "account.parked": "The vendor refuses an account or a model until somebody mends it; its jobs wait.",
    "account.outgrown": "A job has waited a day for its first slot: more is ordered than the slots make.",
    "account.key_refused": "A key was refused, and another one of the account is used.",
    "budget.warning": "A budget is used to a share that it warns at.",
    "money.overrun": "A clip has cost more than was reserved for it; nothing more of that model is sent.",
}
"""When each kind of notice is given."""

HOW_HISTORIES_ARE_READ = """\
`wanreel jobs show JOB` and the feed (`GET /v1/events`) tell what happened to a job by these names; metrics and log
lines use them as `event` and `what`. What may follow what: [the life of a job](../explanation/life-of-a-job.md).
"""

HOW_TOLD = """\
The kinds that a webhook can be made for (`wanreel webhooks add URL --kind KIND`), and that the journal `notices.jsonl`
and `notify_command` get.
"""

HOW_LOGGED = """\
One line for each, on stderr; with `--json` an object whose `event` is the name. Names are kept from release to release.
"""

HOW_PROBLEMS_ARE_TOLD = """\
Errors over HTTP are RFC 9457 problems: `type` is `/v1/problems/CODE`, which tells the same as this table.
"""

HOW_TRACES_ARE_MADE = """\
With `wanreel[otel]` and an address to send them to ([how](../how-to/see-a-job-as-a-trace.md)), every process sends
spans over OTLP/HTTP. A job's trace id follows from the job's id, so that every process that works on the job adds to
one trace, and nothing is stored for it: the first half of the SHA-256 of "wanreel trace", a blank and the id. Log lines
that speak of a job have it as `trace_id`, and the span they were written in as `span_id`.
"""


def pages() -> dict[Path, str]:
    """Each page with its text."""
    return {
        FOLDER / "command-line.md": _page(_command_line()),
        FOLDER / "settings.md": _page(_settings()),
        FOLDER / "errors.md": _page(_errors()),
        FOLDER / "events.md": _page(_events()),
        FOLDER / "metrics.md": _page(_metrics()),
        FOLDER / "traces.md": _page(_traces()),
    }


def _page(lines: Iterator[str]) -> str:
    return "\n".join([*lines, ""])


def _metrics() -> Iterator[str]:
    yield "# Metrics\n"
    yield MADE
    yield HOW_METRICS_ARE_READ
    yield "| metric | sort | labels | means |"
    yield "|---|---|---|---|"
    for metric in ALL:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {metric.sort} | {labels} | {metric.words} |"


def _events() -> Iterator[str]:
    yield "# Events\n"
    yield MADE
    yield "## What happens to a job\n"
    yield HOW_HISTORIES_ARE_READ
    yield "| event | means |"
    yield "|---|---|"
    yield from (f"| `{event.__name__}` | {_first_line(event)} |" for event in EVENTS)
    yield "\n## What webhooks and notices tell\n"
    yield HOW_TOLD
    yield "| kind | when |"
    yield "|---|---|"
    yield from (f"| `{kind}` | {_cell(TOLD[kind])} |" for kind in hook.KINDS)
    yield "\n## What the log says\n"
    yield HOW_LOGGED
    yield "| event | means, and what stands beside it |"
    yield "|---|---|"
    yield from (f"| `{name}` | {_cell(words)} |" for name, words in sorted(log_events().items()))


def log_events() -> dict[str, str]:
    """Every log event with the words that stand beside its name in the code."""
    names = {name: value for name, value in vars(telemetry).items() if name.isupper() and isinstance(value, str)}
    said = dict(re.findall(r'^([A-Z_]+) = "[^"]+"  # (.+)$', inspect.getsource(telemetry), re.MULTILINE))
    return {value: said.get(name, "") for name, value in names.items()}


def _traces() -> Iterator[str]:
    yield "# Traces\n"
    yield MADE
    yield HOW_TRACES_ARE_MADE
    yield "| span | kind | is |"
    yield "|---|---|---|"
    yield from (f"| `{name}` | {sort} | {_cell(words)} |" for name, sort, words in SPANS)
    yield "\nWhat stands on them:\n"
    yield "| attribute | says |"
    yield "|---|---|"
    yield from (f"| `{fact}` | {_cell(words)} |" for fact, words in FACTS.items())


# --- commands -------------------------------------------------------------------------------------------------------


def _command_line() -> Iterator[str]:
    yield "# The command line\n"
    yield MADE
    yield HOW_COMMANDS_TALK
    yield "## Exit codes\n"
    yield "| code | name | means |"
    yield "|---|---|---|"
    yield from (f"| {code} | {name} | {words} |" for code, name, words in _exit_codes())
    for words, command in _commands(app):
        yield f"\n## wanreel {' '.join(words)}\n"
        yield from _command(words, command)


def _exit_codes() -> Iterator[tuple[int, str, str]]:
    """The table of cli/exits, with the words that stand beside each code."""
    source = inspect.getsource(exits.Exit)
    said = dict(re.findall(r"^ +([A-Z_]+) = \d+ +# (.*)$", source, re.MULTILINE))
    for code in exits.Exit:
        yield code.value, code.name, said[code.name]


def _commands(parent: App, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    for name in parent:
        if name.startswith("-"):
            continue
        command = parent[name]
        if command.default_command is not None:
            yield (*words, name), command
        yield from _commands(command, (*words, name))


def _command(words: tuple[str, ...], command: App) -> Iterator[str]:
    doc = parse(inspect.getdoc(command.default_command) or "", DocstringStyle.NUMPYDOC)
    told = {p.arg_name.replace("_", "-"): p.description or "" for p in doc.params}
    arguments = [a for a in command.assemble_argument_collection() if a.show]
    places = " ".join(_place(a) for a in arguments if not a.names[0].startswith("-"))
    yield f"`wanreel {' '.join(words)}{' ' + places if places else ''} [OPTIONS]`\n"
    yield "\n\n".join(part for part in (doc.short_description, doc.long_description) if part)
    if not arguments:
        return
    yield "\n| option | takes | means |"
    yield "|---|---|---|"
    for argument in arguments:
        own = argument.names[0].lstrip("-").lower().replace("_", "-")
        means = " ".join((argument.parameter.help or told.get(own, "")).split())
        default = argument.field_info.default
        shown = "" if isinstance(default, bool) or not isinstance(default, (str, int, float)) else str(default)
        means += f" Default: {shown}." if shown else ""
        names = ", ".join(f"`{name}`" for name in argument.names)
        yield f"| {names} | {_takes(argument.hint)} | {_cell(means.strip())} |"


def _place(argument: Any) -> str:
    name = argument.names[0]
    many = str(argument.hint).startswith("tuple")
    shown = f"{name}…" if many else name
    return shown if argument.required else f"[{shown}]"


def _takes(hint: Any) -> str:
    """What an option takes, in a word; nothing for a switch."""
    text = getattr(hint, "__name__", "") if isinstance(hint, type) else str(hint)
    if text.startswith("typing.Literal"):
        return " or ".join(re.findall(r"'([^']+)'", text))
    several = ", may be repeated" if text.startswith(("tuple", "list")) else ""
    for word, said in (("bool", ""), ("Path", "path"), ("int", "whole number"), ("float", "number"), ("str", "text")):
        if word in text:
            return said + several
    return text


# --- settings -------------------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield "# Settings\n"
    yield MADE
    yield WHICH_SETTING_WINS
    yield "| setting | environment | default | means |"
    yield "|---|---|---|---|"
    for name, field in Settings.model_fields.items():
        alias: Any = field.validation_alias
        variables = [str(choice) for choice in alias.choices] if alias else [PREFIX + name.upper()]
        default = _default(field.get_default(call_default_factory=True, validated_data={}))
        yield f"| `{name}` | {', '.join(f'`{v}`' for v in variables)} | {default} | {_cell(field.description or '')} |"
    yield f"\n`{LOG_VARIABLE}` is the command line's alone: how much it logs on stderr (debug, info, warning, error,"
    yield "critical). A program that uses the library finds the same log as the standard library's logger `wanreel`."
    yield "\n```toml"
    yield "# ~/.wanreel/config.toml"
    yield 'region = "ap-southeast-1"'
    yield 'slots = { "*" = 3, "wan2.5-t2v-preview" = 5 }'
    yield 'notify_command = ["sh", "-c", "cat >> /tmp/notices"]'
    yield "[policy]"
    yield "poll_first_s = 3"
    yield "```"
    yield "\n## Figures of the life of a job\n"
    yield HOW_FIGURES_ARE_SET
    yield "| figure | default | means |"
    yield "|---|---|---|"
    said = dict(re.findall(r"^    (\w+): \w+ = [^#\n]+# (.*)$", inspect.getsource(policy.Policy), re.MULTILINE))
    defaults = policy.Policy()
    for figure in fields(policy.Policy):
        words = said.get(figure.name) or FIGURES[figure.name]
        yield f"| `{figure.name}` | {getattr(defaults, figure.name):g} | {_cell(words)} |"


def _default(value: object) -> str:
    if value is None or value in ((), {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# --- errors ---------------------------------------------------------------------------------------------------------


def _errors() -> Iterator[str]:
    yield "# Errors\n"
    yield MADE
    yield "## What a call or a command can end with\n"
    yield HOW_CALLS_END
    yield "| code | class | exit code | means |"
    yield "|---|---|---|---|"
    for kind in _kinds(errors.WanreelError):
        if "code" in vars(kind) and kind is not errors.WanreelError:
            exit_code = exits.OF_CODE[kind.code]
            yield f"| `{kind.code}` | `{kind.__name__}` | {exit_code.value} | {_first_line(kind)} |"
    yield f"| `timeout` | `TimeoutError` | {exits.Exit.TIMEOUT.value} | The patience given ran out; the jobs go on. |"
    yield "\n## What the HTTP API answers\n"
    yield HOW_PROBLEMS_ARE_TOLD
    yield "| code | status | means | do |"
    yield "|---|---|---|---|"
    yield from (
        f"| `{code}` | {kind.status} | {kind.title} | {_cell(kind.advice)} |" for code, kind in problems.TABLE.items()
    )
    yield "\n## Why a job failed: our own codes\n"
    yield "| code | means |"
    yield "|---|---|"
    yield from (f"| `{code}` | {_cell(words)} |" for code, words in sorted(OWN_FAILURES.items()))
    yield "\n## Why a job failed, or waits: the vendor's codes\n"
    yield HOW_CODES_ARE_JUDGED
    yield "| the vendor's code | whose fault | refused at the submit | a task that ended FAILED with it |"
    yield "|---|---|---|---|"
    for code, verdict in sorted(TABLE.items()):
        yield f"| `{code}` | {verdict.fault} | {_at_submit(verdict)} | {_as_task(verdict)} |"


def _kinds(parent: type[errors.WanreelError]) -> Iterator[type[errors.WanreelError]]:
    yield parent
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _kinds(child)


def _first_line(kind: type) -> str:
    return _cell(" ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split()))


def _at_submit(verdict: Verdict) -> str:
    waits = {"busy": "for seconds", "burst": "for seconds", "quota": "for minutes"}
    if verdict.pause.value in ("account", "model"):
        whole = "account" if verdict.pause.value == "account" else "model of this account"
        return f"the {whole} is held back until somebody mends it; the job waits"
    if verdict.pause.value in waits:
        return f"the model of this account is held back {waits[verdict.pause.value]}; the job waits"
    return "sent once more, then failed" if verdict.again else "failed"


def _as_task(verdict: Verdict) -> str:
    if verdict.without_extend:
        return "a new task with `prompt_extend` off"
    return "one new task (`task_retries`), then failed" if verdict.fault in (Fault.THEIRS, Fault.THROTTLE) else "failed"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def main() -> int:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
