"""Gauges: how a store stands, as Prometheus reads it."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.factories import DAY_S, MODEL, NOW, FakeClock, make_change, make_job
from wanreel.archive.spool import LocalSpool
from wanreel.domain.errors import Unavailable
from wanreel.domain.event import Park, Pause, SlotKey
from wanreel.domain.job import Archiving, Cancelled, Generating, Queued, Succeeded, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.metrics import names
from wanreel.metrics.gauges import Gauges
from wanreel.ports.census import Census
from wanreel.store.memory import MemoryStore

KEY = SlotKey("main", MODEL)


async def read(store: MemoryStore, tmp_path: Path) -> dict[tuple[str, tuple[str, ...]], float]:
    """What the gauges say at NOW, by metric and label values."""
    clock = FakeClock()
    spool = LocalSpool(tmp_path / "spool", 1000, clock)
    gauges = Gauges(clock, store, store, store, spool, lambda _: 5)
    families = text_string_to_metric_families((await gauges.text()).decode())
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


async def test_the_figures_are_those_of_the_store(tmp_path: Path) -> None:
    """Jobs, ages, slots, what is held back, the nearest loss and the spool's room."""
    store = MemoryStore(lambda _: 5, Policy())
    await store.add([make_job(kind, at=NOW - 9) for kind in (Generating, Unconfirmed, Succeeded, Archiving)])
    await store.add([make_job(Queued, at=NOW - age) for age in (1, 60)])
    done = make_job(Generating, model="elsewhere")
    await store.add([done])
    park = Park(KEY, Pause.QUOTA, NOW + 60, "quota")
    await store.commit(make_change(done, Cancelled(NOW), park=park))

    found = await read(store, tmp_path)

    at = ("main", MODEL)
    assert {
        ("wanreel_jobs", ("queued",)): 2,
        ("wanreel_jobs", ("generating",)): 1,
        ("wanreel_jobs", ("unconfirmed",)): 1,
        ("wanreel_jobs", ("archiving",)): 1,
        ("wanreel_oldest_job_age_seconds", ("queued",)): 60,
        ("wanreel_jobs_waiting", at): 2,
        ("wanreel_slots_in_use", at): 2,
        ("wanreel_slots_limit", at): 5,
        ("wanreel_parked", (*at, "quota")): 1,
        ("wanreel_nearest_loss_seconds", ()): DAY_S - 9,
        ("wanreel_spool_bytes", ()): 0,
        ("wanreel_spool_left_bytes", ()): 1000,
    }.items() <= found.items()
    assert ("wanreel_jobs", ("succeeded",)) not in found


async def test_what_is_away_is_left_out_and_silences_nothing_else(tmp_path: Path) -> None:
    """Where the spool or the store cannot be read, the rest is told: above all the counters behind it."""
    store = Away(lambda _: 5, Policy())
    (tmp_path / "spool").write_text("in the way")
    assert ("wanreel_spool_bytes", ()) not in await read(store, tmp_path)
    await store.add([make_job(Queued)])
    assert 1 == (await read(store, tmp_path))["wanreel_jobs", ("queued",)]
    store.is_away = True
    (tmp_path / "spool").unlink()
    assert {"wanreel_spool_bytes", "wanreel_spool_left_bytes"} == {name for name, _ in await read(store, tmp_path)}


class Away(MemoryStore):
    """A store that cannot be read for a while."""

    is_away = False

    async def census(self) -> Census:
        if self.is_away:
            raise Unavailable("the database is away")
        return await super().census()


async def test_two_projects_held_back_are_one_line(tmp_path: Path) -> None:
    """Prometheus refuses a page that has the same line twice."""
    store = MemoryStore(lambda _: 5, Policy())
    for project in ("a", "b"):
        await store.hold(Park(KEY, Pause.HAND, NOW + 60, "by hand", project), NOW)

    assert 1 == (await read(store, tmp_path))["wanreel_parked", ("main", MODEL, "hand")]


async def test_every_gauge_of_the_reference_is_there(tmp_path: Path) -> None:
    """Named on the page even while there is nothing to say, so that a query never meets an unknown name."""
    clock = FakeClock()
    store = MemoryStore(lambda _: 5, Policy())
    text = await Gauges(clock, store, store, store, LocalSpool(tmp_path / "spool", 0, clock), lambda _: 5).text()

    gauges = {m.name for m in names.ALL if m.sort is names.Sort.GAUGE} - {names.BUILD.name}
    assert gauges == {family.name for family in text_string_to_metric_families(text.decode())}
