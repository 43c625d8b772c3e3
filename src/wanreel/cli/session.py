"""Running a command's asynchronous part: signals, logs, and its end as an exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wanreel.cli.collecting import settle
from wanreel.cli.exits import Exit
from wanreel.cli.report import LOG_VARIABLE, report, say, speaks_json

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

    from wanreel.cli.options import HomeOptions
    from wanreel.client import Home
    from wanreel.tracing.opening import Tracing

_PLAIN = frozenset({"WANREEL_HOME", LOG_VARIABLE})
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def run(
    work: Callable[[], Coroutine[Any, Any, int]],
    *,
    as_json: bool,
    log: str = "critical",
    counting: Processor | None = None,
) -> int:
    """Run `work` to its exit code. The first Ctrl-C (or SIGTERM) stops gracefully, the second at once, safely.
    `counting` sees every log line, also those that are not printed.
    """
    speaks_json.set(as_json)
    if not as_json:
        _warn_of_strays()
    tracing = _tracing()
    marking = () if tracing is None else (tracing.line,)
    _log_to_stderr(os.environ.get(LOG_VARIABLE) or log, as_json=as_json, counting=counting, marking=marking)
    try:
        return asyncio.run(_guarded(work))
    except asyncio.CancelledError:
        return Exit.INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - the one place where every error becomes words and a code
        return report(error, as_json=as_json)
    finally:
        if tracing is not None:
            tracing.end()


def _tracing() -> Tracing | None:
    """Begin to trace, where the environment asks for it by OpenTelemetry's own variables."""
    if not any(name.startswith("OTEL_") for name in os.environ):
        return None
    from wanreel.tracing.opening import begin

    return begin(os.environ, say)


def _warn_of_strays() -> None:
    """A variable that begins like ours and means nothing is said, not refused: somebody's script may use it."""
    if all(name in _PLAIN or not name.startswith("WANREEL_") for name in os.environ):
        return  # nothing heavy is loaded to say nothing
    from wanreel.settings import stray_variables

    strays = stray_variables()
    if strays:
        say(f"nothing reads {', '.join(strays)}: misspelt? See the reference of settings")


async def who_works(opened: Home) -> str:
    """Whether somebody works the jobs of a home now, in words that say what would. Raises Unavailable."""
    if opened.alive is not None:
        count = len(await opened.alive())
        if not count:
            return "nobody works the jobs of this database now: `wanreel worker`, on any machine, will"
        return f"{count} worker{'s' * (count > 1)}, here or on other machines, work{'s' * (count == 1)} these jobs"
    if is_idle(opened):
        return "nobody works this home's jobs now: `wanreel worker`, `watch` or `generate` will"
    return "another process works this home's jobs"


def warn_of_notices(opened: Home) -> None:
    """Whoever is about to work the jobs is told that nobody will be told of them."""
    from wanreel.notify.command import never_starts

    amiss = never_starts(opened.settings.notify_command)
    if amiss:
        say(f"note: {amiss}. Until then nobody is told of what happens; notices.jsonl in the home has it all")


def is_idle(opened: Home) -> bool:
    """Whether no process works the jobs of a home of this machine's; a look takes its lock for a moment."""
    idle = opened.lock.try_lock()
    if idle:
        opened.lock.release()
    return idle


def in_home(
    work: Callable[[Home], Coroutine[Any, Any, int]],
    home: HomeOptions,
    *,
    log: str = "critical",
    counting: Processor | None = None,
    **given: Any,
) -> int:
    """Open a home, do something with it that needs no client, close it."""

    async def opened() -> int:
        from wanreel.settings import load
        from wanreel.wiring import open_home

        async with open_home(load(**home.given(), **given)) as it:
            return await work(it)

    return run(opened, as_json=home.json, log=log, counting=counting)


async def _guarded(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    loop = asyncio.get_running_loop()
    main = loop.create_task(work())
    loop.call_soon(settle)  # after the first piece of work, which is what imports
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            os._exit(Exit.INTERRUPTED)  # safe: everything that matters is committed before it is acted on
        asked = True
        say("stopping: calls in the air are being finished (again: stop at once)")
        main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # where loops know no signals, Ctrl-C is a KeyboardInterrupt
            loop.add_signal_handler(number, stop)
    return await main


def _log_to_stderr(level: str, *, as_json: bool, counting: Processor | None, marking: Sequence[Processor]) -> None:
    import structlog

    number = LEVELS.get(level.lower(), LEVELS["warning"])
    last: list[Any] = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    if as_json:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    structlog.configure(
        processors=[
            *(() if counting is None else (counting, _from(number))),
            *marking,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number if counting is None else LEVELS["debug"]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _from(number: int) -> Processor:
    """Lets pass what is to be printed: lines of at least a level."""
    import structlog

    def check(logger: WrappedLogger, level: str, line: EventDict) -> EventDict:
        if LEVELS.get("error" if level == "exception" else level, number) < number:
            raise structlog.DropEvent
        return line

    return check
