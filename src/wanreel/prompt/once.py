"""What is made once and then known by who it is: two threads that ask at the same moment get the same one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """The same as `make`, whose first result is everybody's.

    Two threads may make it side by side; who comes second takes the first one's. `functools.cache` would hand each its
    own: for words that does no harm, but gates are told apart by identity, and those of the one are strangers to the
    other.
    """
    made: dict[None, T] = {}

    @wraps(make)
    def get() -> T:
        return made[None] if made else made.setdefault(None, make())  # `setdefault` is one step for all threads

    return get
