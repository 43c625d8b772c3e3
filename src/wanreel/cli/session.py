"""Running a command's asynchronous part: signals, logs, and errors as exit codes."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from wanreel.cli.exits import OF_CODE, Exit

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def run(work: Callable[[], Coroutine[Any, Any, int]], *, as_json: bool, log: str = "critical") -> int:
    """Run `work` to its exit code. The first Ctrl-C (or SIGTERM) stops gracefully, the second at once, safely."""
    _log_to_stderr(os.environ.get("WANREEL_LOG", log), as_json=as_json)
    try:
        return asyncio.run(_guarded(work))
    except asyncio.CancelledError:
        return Exit.INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - the one place where every error becomes words and a code
        return report(error, as_json=as_json)


async def _guarded(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    loop = asyncio.get_running_loop()
    main = loop.create_task(work())
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            os._exit(Exit.INTERRUPTED)  # safe: everything that matters is committed before it is acted on
        asked = True
        say("stopping: calls in the air are being finished (again: stop at once)")
        main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return await main


def say(words: str) -> None:
    """A line for the person at the terminal, on stderr."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def put(words: str) -> None:
    """A line of the command's answer, on stdout."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def report(error: BaseException, *, as_json: bool) -> int:
    """Print an error in words (or as one JSON object on stderr) and give its exit code."""
    from wanreel.domain.errors import Internal, Invalid, WanreelError

    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, TimeoutError):
        body: dict[str, Any] = {"code": "timeout", "message": str(error)}
        code = Exit.TIMEOUT
    elif isinstance(error, WanreelError):
        body = {"code": error.code, "message": error.message}
        if isinstance(error, Invalid):
            body["problems"] = [{"field": p.field, "message": p.message, "given": p.given} for p in error.problems]
        code = OF_CODE[error.code]
    else:
        logging.getLogger("wanreel").debug("a bug", exc_info=error)
        body = {"code": Internal.code, "message": f"a bug in wanreel: {type(error).__name__}: {error}"}
        code = Exit.INTERNAL
        if os.environ.get("WANREEL_LOG") == "debug":
            raise error
    if as_json:
        say(json.dumps({"error": body}, ensure_ascii=False))
    else:
        say(_plain(body))
    return code


def _plain(body: dict[str, Any]) -> str:
    problems = body.get("problems") or []
    if not problems:
        return f"error: {body['message']}"
    lines = [f"  {p['field']}: {p['message']}" + (f" (given: {p['given']})" if p["given"] else "") for p in problems]
    return "\n".join(["error: this cannot be done as asked; nothing was sent or paid", *lines])


def _log_to_stderr(level: str, *, as_json: bool) -> None:
    import structlog

    number = LEVELS.get(level.lower(), 30)
    render: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
