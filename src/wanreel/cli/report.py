"""Errors as words, as JSON and as exit codes; and the two ways a command talks: its answer, and notes to a person."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from contextvars import ContextVar
from typing import Any

from wanreel.cli.exits import OF_CODE, Exit

LOG_VARIABLE = "WANREEL_LOG"
GIVEN_CHARS_MAX = 200  # of what somebody gave, in an error for a person

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

speaks_json: ContextVar[bool] = ContextVar("speaks_json", default=False)
"""Whether this run was asked for JSON: then every line of stderr is an object, too."""


def put(words: str) -> None:
    """A line of the command's answer, on stdout."""
    sys.stdout.write(_printable(words, sys.stdout.encoding) + "\n")
    sys.stdout.flush()


def say(words: str) -> None:
    """A note for the person at the terminal, on stderr."""
    _err(json.dumps({"note": words.removeprefix("note: ")}, ensure_ascii=False) if speaks_json.get() else words)


def report(error: BaseException, *, as_json: bool) -> int:
    """Print an error in words (or as one JSON object on stderr) and give its exit code."""
    if isinstance(error, BrokenPipeError):
        return _pipe_closed()
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    code, body = _told(error)
    if code == Exit.INTERNAL and os.environ.get(LOG_VARIABLE, "").lower() == "debug":
        traceback.print_exception(error)
    _err(json.dumps({"error": body}, ensure_ascii=False) if as_json else _plain(body))
    return code


def _told(error: BaseException) -> tuple[int, dict[str, Any]]:
    from wanreel.domain.errors import Internal, Invalid, WanreelError

    if isinstance(error, TimeoutError):
        return Exit.TIMEOUT, {"code": "timeout", "message": str(error)}
    if not isinstance(error, WanreelError) or isinstance(error, Internal):
        words = f"a bug in wanreel: {type(error).__name__}: {error}"
        hint = f"; {LOG_VARIABLE}=debug shows where. Jobs are safe: what was ordered is stored"
        return Exit.INTERNAL, {"code": Internal.code, "message": words + hint}
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if isinstance(error, Invalid):
        body["problems"] = [{"field": p.field, "message": p.message, "given": p.given} for p in error.problems]
    return OF_CODE[error.code], body


def _plain(body: dict[str, Any]) -> str:
    problems: list[dict[str, str]] = body.get("problems") or []
    if not problems:
        return f"error: {body['message']}"
    lines = [f"  {p['field']}: {p['message']}" + _given(p["given"]) for p in problems]
    return "\n".join(["error: this cannot be done as asked; nothing was sent or paid", *lines])


def _given(value: str) -> str:
    if len(value) > GIVEN_CHARS_MAX:
        value = f"{value[:GIVEN_CHARS_MAX]}… and {len(value) - GIVEN_CHARS_MAX} characters more"
    return f" (given: {value})" if value else ""


def _err(words: str) -> None:
    try:
        sys.stderr.write(_printable(words, sys.stderr.encoding) + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        return  # nobody listens to notes any more: no reason to stop


def plain(words: str) -> str:
    """The words as text and nothing else: what would steer a terminal (escape sequences, turns of the writing
    direction) in a prompt or in the vendor's words, and half of a pair that stands for one letter, is shown by its
    number. JSON stays the same JSON.
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", words)


def _printable(words: str, encoding: str | None) -> str:
    """What the stream can show: a terminal in an old locale gets question marks, not a crash."""
    return plain(words).encode(encoding or "utf-8", "replace").decode(encoding or "utf-8", "replace")


def _pipe_closed() -> int:
    """Whoever read our answer went away (`| head`): that is its right. Python must not complain at exit, though."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.PIPE_CLOSED
