"""Where a program that uses the library finds its log: the standard library's logger `wanreel`."""

from __future__ import annotations

import logging

import structlog
from structlog.typing import EventDict, WrappedLogger


def log_like_a_library() -> None:
    """Hand log lines to `logging.getLogger("wanreel")`, unless the program has set structlog up for itself.

    Without this, structlog prints every line on stdout, which belongs to the program.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),  # the standard library filters
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


_render = structlog.processors.LogfmtRenderer(bool_as_flag=False)


def _line(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """The event's name, then what belongs to it."""
    name = str(event.pop("event", ""))
    return f"{name} {_render(logger, method, event)}".rstrip()
