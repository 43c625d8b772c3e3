"""Here it is the migrations themselves that are looked at."""

from __future__ import annotations

import pytest

from tests.blank import migrate
from wanreel.store import opening


@pytest.fixture(autouse=True)
def _every_file_is_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "migrate", migrate)
