"""Threads for disk work keep nothing of what was done in them."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from wanreel.archive.threads import Threads


class Part:
    """Stands for megabytes of a clip."""


class Dawdling(Executor):
    """Runs steps and never forgets what it ran: a thread that goes to sleep right after its step."""

    def __init__(self, *_: object, **__: object) -> None:
        self._ran: list[Callable[..., Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._ran.append(fn)
        answer: Future[Any] = Future()
        answer.set_result(fn(*args, **kwargs))
        return answer


async def test_a_thread_lets_go_of_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the step has ended nobody but its caller holds the argument, however long the thread takes to move on."""
    monkeypatch.setattr("wanreel.archive.threads.ThreadPoolExecutor", Dawdling)
    threads, part = Threads(1, "test"), Part()
    seen = weakref.ref(part)
    assert await threads.run(lambda given: given is seen(), part)
    del part
    assert seen() is None
