"""Old data: the database that each release left behind opens for ever, and means the same.

`make_old_data.py` writes such a file, once a release. The files are never written again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.store.children import store_at
from tests.store.make_old_data import told_of
from wanreel.domain.event import SlotKey
from wanreel.ports.jobs import Claim, Filter, Lane

DATA = Path(__file__).parent / "data"
RELEASES = sorted(DATA.glob("*.sqlite3"))


def test_there_is_old_data() -> None:
    """At least the first release has left a database here, and every database its story."""
    assert "v1" in [path.stem for path in RELEASES]
    assert [] == [path for path in RELEASES if not path.with_suffix(".json").exists()]


def differences(then: Any, now: Any, at: str = "") -> list[str]:
    """Where what is told now differs from what was told then; a field that was added since is no difference."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [line for name in then for line in differences(then[name], now.get(name, "gone"), f"{at}/{name}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [line for place, (a, b) in pairs for line in differences(a, b, f"{at}/{place}")]
    return [] if then == now else [f"{at}: {then!r} has become {now!r}"]


@pytest.mark.parametrize("saved", RELEASES, ids=lambda path: path.stem)
async def test_an_old_database_opens_and_means_the_same(tmp_path: Path, saved: Path) -> None:
    """All jobs, histories, notices and parks of an old database read as they were when it was saved."""
    path = tmp_path / "old.sqlite3"
    shutil.copyfile(saved, path)
    story = json.loads(saved.with_suffix(".json").read_text(encoding="utf-8"))

    async with store_at(str(path)) as store:
        told = json.loads(json.dumps(await told_of(store, story["now"])))
    assert [] == differences(story, told)


@pytest.mark.parametrize("saved", RELEASES, ids=lambda path: path.stem)
async def test_work_goes_on_in_an_old_database(tmp_path: Path, saved: Path) -> None:
    """Claims, slots and parks of an old database hold for today's statements."""
    path = tmp_path / "old.sqlite3"
    shutil.copyfile(saved, path)
    now = json.loads(saved.with_suffix(".json").read_text(encoding="utf-8"))["now"] + 5000.0

    async with store_at(str(path), limit=100) as store:
        await store.release(None)
        for lane in Lane:
            assert await store.claim(Claim(lane, "w", now, now + 60, 10, now + 5000)), lane
        assert await store.lost_submits(now, "w")
        assert SlotKey("main", "wan2.5-t2v-preview") in await store.in_use(now)
        assert await store.find(Filter(states=("succeeded",)))
