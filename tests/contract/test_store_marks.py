"""What every store keeps of what people say of jobs: favourites, and tags in the place of the ordered ones."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.stores import Bench
from tests.factories import make_change, make_job, make_state
from wanreel.domain.errors import Invalid, NotFound
from wanreel.domain.job import Succeeded
from wanreel.domain.labels import TAGS_MAX
from wanreel.domain.mark import Mark, Marking

STAR = Marking(favourite=True)


async def test_tags_go_as_they_come(bench: Bench) -> None:
    """Added, taken away, replaced; jobs are found by what they have now, and the job itself stays as ordered."""
    job, other = await bench.add(make_job(tags=("spring", "草稿")), make_job(tags=("spring",)))
    assert {} == await bench.store.marks([job.id, "job_none"])
    made = await bench.store.mark(job.id, Marking(add=("hero", "spring"), remove=("草稿",)), 5.0, "tok_1")
    assert Mark(job.id, tags=("spring", "hero"), at=5.0, by="tok_1") == made
    assert {job.id: made} == await bench.store.marks([job.id, other.id])
    assert [[job.id], [], {job.id, other.id}] == [
        await bench.ids(tag="hero"),
        await bench.ids(tag="草稿"),
        set(await bench.ids(tag="spring")),
    ]
    assert await bench.store.get(job.id) == job
    none = await bench.store.mark(job.id, Marking(tags=()), 6.0)
    assert () == none.tags
    assert [other.id] == await bench.ids(tag="spring")


async def test_favourites_are_found(bench: Bench) -> None:
    """Among all, and with other filters; until they are none any more. The tags stay as they were ordered."""
    first, second, _ = await bench.add(make_job(tags=("a",)), make_job(), make_job())
    for job in (first, second):
        assert Mark(job.id, favourite=True, at=1.0) == await bench.store.mark(job.id, STAR, 1.0)
    assert {first.id, second.id} == set(await bench.ids(favourites=True))
    assert [first.id] == await bench.ids(favourites=True, tag="a")
    await bench.store.mark(first.id, Marking(favourite=False), 2.0)
    assert [second.id] == await bench.ids(favourites=True)
    assert [first.id] == await bench.ids(tag="a")


async def test_what_changes_nothing_is_not_written(bench: Bench) -> None:
    """Who said it first, and when, stands."""
    (job,) = await bench.add(make_job(tags=("a",)))
    assert Mark(job.id) == await bench.store.mark(job.id, Marking(favourite=False, add=("a",)), 1.0, "x")
    assert {} == await bench.store.marks([job.id])
    first = await bench.store.mark(job.id, STAR, 1.0, "x")
    assert first == await bench.store.mark(job.id, STAR, 2.0, "y")


async def test_what_is_refused_leaves_all_as_it_was(bench: Bench) -> None:
    """Too many tags; a job that is not here."""
    (job,) = await bench.add(make_job(tags=("a",)))
    many = tuple(f"t{n}" for n in range(TAGS_MAX))
    with pytest.raises(Invalid):
        await bench.store.mark(job.id, Marking(favourite=True, add=many), 1.0)
    with pytest.raises(NotFound):
        await bench.store.mark("job_none", STAR, 1.0)
    assert ({}, [job.id]) == (await bench.store.marks([job.id]), await bench.ids(tag="a"))


async def test_several_at_a_time_lose_nothing(bench: Bench) -> None:
    """Tags that several people add at the same moment are all there afterwards."""
    (job,) = await bench.add(make_job())
    doors = [bench.store, await bench.second()]
    given = [f"t{n}" for n in range(8)]
    await asyncio.gather(*(doors[n % 2].mark(job.id, Marking(add=(tag,)), 1.0) for n, tag in enumerate(given)))
    assert set(given) == set((await bench.store.marks([job.id]))[job.id].tags or ())


async def test_marks_do_not_meet_the_work(bench: Bench) -> None:
    """A change that was read before is committed all the same."""
    (job,) = await bench.add(make_job())
    await bench.store.mark(job.id, STAR, 1.0)
    await bench.store.commit(make_change(job, make_state(Succeeded, bench.clock.now())))
    assert [job.id] == await bench.ids(favourites=True, states=("succeeded",))
