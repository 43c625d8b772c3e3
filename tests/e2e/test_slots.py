"""More jobs than slots: everything finishes, whichever way the vendor says "too many"."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.place import client, emulator, is_kept


@pytest.mark.parametrize("over_limit", ["reject", "queue"])
@pytest.mark.parametrize("known", [True, False], ids=["limit known", "limit unknown"])
async def test_twenty_jobs_where_two_run_at_a_time(over_limit: str, known: bool, tmp_path: Path) -> None:
    """Twenty of twenty are archived, paid once each; a known limit is never run into."""
    slots = {"*": 2} if known else {}
    async with (
        emulator(over_limit=over_limit, running=2, queued=1, speed=500) as emu,
        client(tmp_path / "home", emu.base_url, slots=slots) as wan,
    ):
        orders = await wan.submit("a paper boat", model="wan2.5-t2v-preview", variants=20)
        videos = await wan.wait_all([o.id for o in orders], timeout_s=120)

        counters = emu.counters()
        assert 20 == sum(is_kept(v) for v in videos)
        assert 20 == counters["tasks_accepted"]
        assert (0 if known else 2) >= counters["answers"].get("create.429", 0)
