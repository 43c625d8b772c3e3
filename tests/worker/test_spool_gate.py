"""No more is sent than the spool could save; what has ended leaves the spool, what belongs to nobody stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.archive.clips import bare_clip, pieces
from tests.factories import make_job
from tests.worker.fakes import Bench
from wanreel.archive.spool import LocalSpool
from wanreel.domain.job import Archiving, Cancelled, Failed, Generating, Queued, Succeeded
from wanreel.domain.spooling import SpoolRoom
from wanreel.worker.spool_gate import AGAIN_S, SpoolGate, holdups

CLIP_BYTES = 10_000_000  # what 5 s of 720P may take


def gate_of(bench: Bench, folder: Path, clips: float) -> tuple[SpoolGate, LocalSpool]:
    """A gate before a spool that so many clips fit in."""
    spool = LocalSpool(folder / "spool", int(clips * CLIP_BYTES), bench.clock)
    return SpoolGate(spool, bench.store, bench.clock, bench.policy), spool


async def test_what_is_under_way_and_what_lies_there_leave_less_for_new_work(tmp_path: Path) -> None:
    """Room for five, two run, one is being archived: two more may go, and then nobody for a while."""
    bench = Bench()
    gate, _ = gate_of(bench, tmp_path, 5)
    await bench.store.add([make_job(Generating), make_job(Generating), make_job(Archiving), make_job(Succeeded)])
    assert 2 == await gate.admit([make_job(Queued) for _ in range(4)])
    assert gate.closed()
    bench.clock.advance(AGAIN_S)
    assert not gate.closed()


async def test_what_was_let_through_counts_until_its_step_is_over(tmp_path: Path) -> None:
    """Two that come one after the other do not both get the last place; a step that ends opens the gate."""
    bench = Bench()
    gate, _ = gate_of(bench, tmp_path, 1)
    first, second = make_job(Queued), make_job(Queued)
    assert 1 == await gate.admit([first])
    assert 0 == await gate.admit([second])
    assert gate.closed()
    gate.over(first)
    assert not gate.closed()
    assert 1 == await gate.admit([second])


class Moving:
    """A spool with room for one clip, and a store: after the first answer of either, something moves on."""

    def __init__(self, moves: Callable[[], None], stake: int = 0) -> None:
        self.moves, self.stake, self.used = moves, stake, 0

    async def stake_bytes(self) -> int:
        stake = self.stake
        self._move()
        return stake

    async def room(self) -> SpoolRoom:
        room = SpoolRoom(CLIP_BYTES, 1, self.used, 10 * CLIP_BYTES)
        self._move()
        return room

    def _move(self) -> None:
        self.moves()
        self.used, self.stake = self.used + self.stake, 0


async def test_a_clip_that_is_spooled_while_the_gate_asks_is_counted() -> None:
    """It is at stake at first, and in the spool a moment later."""
    bench, moving = Bench(), Moving(lambda: None, stake=CLIP_BYTES)
    gate = SpoolGate(moving, moving, bench.clock, bench.policy)  # type: ignore[arg-type]
    assert 0 == await gate.admit([make_job(Queued)])


async def test_a_submit_that_ends_while_the_gate_asks_is_counted() -> None:
    """What is at stake was reckoned before it was written down; its step is over before the answer is here."""
    bench, first = Bench(), make_job(Queued)
    moving = Moving(lambda: None)
    gate = SpoolGate(moving, moving, bench.clock, bench.policy)  # type: ignore[arg-type]
    assert 1 == await gate.admit([first])
    moving.moves = lambda: gate.over(first)
    assert 0 == await gate.admit([make_job(Queued)])


async def test_whoever_is_held_is_told_why_in_figures(tmp_path: Path) -> None:
    """Nothing where there is room or no spool; else what lies there, what is left and what this clip may take."""
    bench = Bench()
    _, spool = gate_of(bench, tmp_path, 2.5)
    job = make_job(Queued)
    await bench.store.add([make_job(Generating)])
    assert "" == (await holdups(spool, bench.store, bench.policy))(job)
    await bench.store.add([make_job(Generating)])
    words = (await holdups(spool, bench.store, bench.policy))(job)
    assert "under way may need all" in words
    assert "5 MB of it are free, this clip may take 10 MB; raise WANREEL_SPOOL_BYTES" in words
    await spool.take("job_x", pieces(bare_clip()), 1000)
    words = (await holdups(spool, bench.store, bench.policy))(job)
    assert "1 clips lie in the spool" in words
    assert "mend the storage" in words
    assert "" == (await holdups(gate_of(bench, tmp_path, 0)[1], bench.store, bench.policy))(job)
    (tmp_path / "none").write_bytes(b"no folder")
    lost = LocalSpool(tmp_path / "none", 10, bench.clock)
    assert "cannot be looked at" in (await holdups(lost, bench.store, bench.policy))(job)


async def test_without_a_spool_nobody_is_held(tmp_path: Path) -> None:
    """Whoever sets its size to 0 has decided."""
    bench = Bench()
    gate, _ = gate_of(bench, tmp_path, 0)
    await bench.store.add([make_job(Generating) for _ in range(3)])
    assert 2 == await gate.admit([make_job(Queued), make_job(Queued)])
    assert 0 == await gate.admit([])


async def test_a_spool_that_cannot_be_looked_at_lets_nobody_through(tmp_path: Path) -> None:
    """What could not be saved is not bought."""
    bench = Bench()
    gate, _ = gate_of(bench, tmp_path, 5)
    (tmp_path / "spool").write_bytes(b"no folder")
    assert 0 == await gate.admit([make_job(Queued)])


async def test_clips_of_jobs_that_ended_well_leave_the_spool_and_others_stay(tmp_path: Path) -> None:
    """Stored by a process that died before it let go; discarded; still waiting; failed all the same; of no job here."""
    bench = Bench()
    gate, spool = gate_of(bench, tmp_path, 5)
    jobs = [make_job(kind) for kind in (Succeeded, Cancelled, Archiving, Failed)]
    await bench.store.add(jobs)
    for job_id in (*(job.id for job in jobs), "job_of_another_home"):
        await spool.take(job_id, pieces(bare_clip()), 1000)
    assert 2 == await gate.sweep(bench.store)
    assert sorted([jobs[2].id, jobs[3].id, "job_of_another_home"]) == await spool.held()
    assert 0 == await gate.sweep(bench.store)
