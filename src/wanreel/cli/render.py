"""Printing: progress while waiting, tables, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from wanreel.cli.report import LOG_VARIABLE, plain, put, say

if TYPE_CHECKING:
    from rich.live import Live

    from wanreel.client.video import Video

MARKS = {"succeeded": "✓", "failed": "✗", "cancelled": "–", "unconfirmed": "?"}


def print_json(value: Any) -> None:
    """One value as one line of JSON on stdout."""
    put(json.dumps(value, ensure_ascii=False, default=str))


class Progress(AbstractContextManager["Progress"]):
    """Follows jobs on stderr: a live table on a terminal, a line per change in a pipe, nothing when `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._states: dict[str, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin."""
        if not self._quiet and sys.stderr.isatty() and not os.environ.get(LOG_VARIABLE):  # logs would tear it apart
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), refresh_per_second=8, transient=False)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, leaving the last picture."""
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def show(self, videos: Sequence[Video]) -> None:
        """Take in how the jobs stand now."""
        if self._quiet:
            return
        if self._live is not None:
            self._live.update(_table(videos))
            return
        for video in videos:
            words = describe(video)
            if self._states.get(video.id) != words:
                self._states[video.id] = words
                say(f"{label(video)}  {words}")


def _table(videos: Sequence[Video]) -> Any:
    from rich.spinner import Spinner
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    done = sum(v.done for v in videos)
    shown = [v for v in videos if not v.done][:20] or list(videos)[-20:]
    for video in shown:
        mark: Any = Text(MARKS[video.state]) if video.state in MARKS else Spinner("dots")
        table.add_row(mark, Text(plain(label(video))), Text(plain(describe(video))))
    if len(videos) > len(shown) or done:
        table.add_row("", Text(f"{done} of {len(videos)} done"), "")
    return table


def label(video: Video) -> str:
    """How a job is called in a list: its name or id, and its seed."""
    seed = "" if video.seed is None else f" seed {video.seed}"
    return f"{video.job.name or video.id}{seed}"


def describe(video: Video) -> str:
    """A job's standing in a few words."""
    from wanreel.domain.job import Archiving, Generating, Queued
    from wanreel.service.view import iso

    state = video.job.state
    if video.attention:
        return f"{video.state}: needs a person. {video.attention}"
    if video.error:
        return f"failed  {video.error}"
    if isinstance(state, Queued) and state.why:
        return f"queued ({state.why})"
    if isinstance(state, Generating):
        tail = f" ({state.trouble})" if state.trouble else ""
        return f"generating, {state.status.lower()} at the vendor{tail}"
    if isinstance(state, Archiving) and state.spooled is not None:
        why = f" ({state.trouble})" if state.trouble else ""
        return f"lies in the spool since {iso(state.spooled.at)}, goes to your storage when it answers{why}"
    if isinstance(state, Archiving) and state.trouble:
        return f"archiving ({state.trouble})"
    return video.state


def plain_words(value: Any) -> str:
    """A nested value on one line, for a person."""
    if isinstance(value, (list, tuple)):
        return "; ".join(plain_words(v) for v in cast("list[Any]", value))
    if isinstance(value, dict):
        said = {k: v for k, v in cast("dict[str, Any]", value).items() if v not in (None, "", False)}
        return ", ".join(f"{k} {plain_words(v)}" for k, v in said.items())
    return str(value)
