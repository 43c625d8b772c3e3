"""What is made once and then known by who it is: two threads that ask at the same moment get the same one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from threading import RLock
from typing import TypeVar

T = TypeVar("T")

_MAKING = RLock()  # one for all, and the same thread may pass again: what is made asks for other things


def once(make: Callable[[], T]) -> Callable[[], T]:
    """The same as `make`, made by the first who asks; whoever asks meanwhile waits.

    `functools.cache` alone lets two threads make it twice and hands each its own. For words that does no harm; gates
    are told apart by identity, and those of the one are strangers to the other.
    """
    made = cache(make)

    @wraps(make)
    def get() -> T:
        if made.cache_info().currsize:
            return made()
        with _MAKING:
            return made()

    return get
