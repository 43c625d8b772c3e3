"""Opens the store a home's settings name: the only place that knows which driver a database needs, and what to install.

Nothing of PostgreSQL is imported by a home that keeps its jobs in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wanreel.domain.errors import Unavailable
from wanreel.domain.policy import Policy
from wanreel.store.doors import Doors
from wanreel.store.sql.claims import Limits
from wanreel.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from wanreel.store.postgres.examining import Examined

FILE = "wanreel.sqlite3"


def store_of(
    url: str | None, home: Path, limits: Limits, policy: Policy, *, name: str = "", listen_url: str | None = None
) -> AbstractAsyncContextManager[Doors]:
    """The store, to be opened: in the database at `url`, else in a file of the home. `name` is this process's among
    those of a database, whose writes it hears of through `listen_url`. Raises Invalid (no such kind of URL),
    Unavailable (its driver is not installed).
    """
    if url is None:
        return SqliteStore(home / FILE, limits=limits, policy=policy)
    return postgres_room().PostgresStore(url, limits, policy, name, listen_url)


def examination() -> Callable[[str, str | None, Callable[[], float]], Coroutine[Any, Any, Examined]]:
    """What looks a PostgreSQL over. Raises Unavailable (its driver is not installed)."""
    postgres_room()
    from wanreel.store.postgres.examining import examine

    return examine


def postgres_room() -> ModuleType:
    """All of PostgreSQL, imported now. Raises Unavailable."""
    try:
        from wanreel.store.postgres import store
    except ModuleNotFoundError as error:
        words = f"jobs in PostgreSQL need {error.name}: pip install 'wanreel[postgres]'"
        raise Unavailable(words) from None
    return store
