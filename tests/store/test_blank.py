"""What the other rooms' tests begin with is what migrating makes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.blank import repeat
from wanreel.domain.policy import Policy
from wanreel.store import opening
from wanreel.store.sqlite import SqliteStore


def _made(path: Path) -> list[str]:
    """Everything that stands in a new database, as statements."""
    store = SqliteStore(path, lambda _key: 1, Policy())
    store.open()
    store.close()
    with closing(sqlite3.connect(path)) as driver:
        return [*driver.iterdump(), str(driver.execute("PRAGMA journal_mode").fetchone())]


def test_a_repeated_beginning_is_the_migrated_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, indexes, rows and revision, statement by statement."""
    migrated = _made(tmp_path / "migrated.sqlite3")
    monkeypatch.setattr(opening, "migrate", repeat)
    assert migrated == _made(tmp_path / "repeated.sqlite3")
    assert 20 < len(migrated)
