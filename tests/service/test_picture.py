"""Groups, takes made anew, ranking, a person's pick: over a store in memory and a panel that says what it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from tests.domain.catalog_file import CATALOG
from tests.factories import make_change, make_state
from tests.service.shops import Counter, make_counter
from wanreel.domain.errors import Conflict, Invalid, NotFound
from wanreel.domain.group import Kind, Seeds
from wanreel.domain.job import Failed, Job, Succeeded
from wanreel.domain.verdict import Opinion, Review
from wanreel.ports.reviews import Reviewed
from wanreel.service.batch import Row
from wanreel.service.order import Order
from wanreel.service.picture import LOOKED_AT_MAX, Picture, Pieces


@dataclass
class Panel:
    """`ports.Panel` with scores by seed."""

    scores: dict[int, float] = field(default_factory=dict[int, float])
    asked: list[str] = field(default_factory=list[str])
    gate: asyncio.Event | None = None  # what it waits for before it says anything

    async def review(self, job: Job, now: float) -> Reviewed:
        self.asked.append(job.id)
        if self.gate is not None:
            await self.gate.wait()
        score = self.scores.get(job.request.seed or 0, 0.5)
        return Reviewed(Review(job.id, now, score, (Opinion("local", score),)), again=False)


@dataclass
class World:
    """What a test works with."""

    counter: Counter
    panel: Panel
    picture: Picture

    async def order(self, **fields: object) -> list[Job]:
        """Jobs of an order."""
        wish = {"prompt": "Wide shot, a red kite, slow pan", "model": "wan2.5-t2v-preview", **fields}
        return await self.counter.service.submit(Order(**wish))  # pyright: ignore[reportArgumentType]

    async def end(self, job: Job, kind: type[Succeeded | Failed]) -> Job:
        """A job's end."""
        now = await self.counter.store.get(job.id)
        return await self.counter.store.commit(make_change(now, make_state(kind, self.counter.clock.now())))


@pytest.fixture
def world() -> World:
    """A service with a picture over it."""
    counter, panel = make_counter(), Panel()
    store = counter.store
    gallery = Pieces(counter.clock, store, store, store, panel, CATALOG)
    return World(counter, panel, Picture(counter.service, gallery))


@pytest.mark.parametrize(
    ("fields", "how", "seeds"),
    [
        ({"variants": 3, "seed": 40}, Seeds.DERIVED, [40, 41, 42]),
        ({"seed": "7, 3, 11"}, Seeds.GIVEN, [7, 3, 11]),
        ({"seed": [5, 6], "variants": 2}, Seeds.GIVEN, [5, 6]),
        ({"variants": "3"}, Seeds.DRAWN, None),
    ],
)
async def test_a_group_is_recorded_with_its_seeds(
    world: World, fields: dict[str, object], how: Seeds, seeds: list[int] | None
) -> None:
    """Given one by one, derived from one, or drawn: distinct, on record, and said how."""
    jobs = await world.order(**fields)
    view = await world.picture.group(jobs[0].group or "")
    got = [take.job.request.seed for take in view.takes]
    assert (Kind.VARIANTS, how, len(jobs)) == (view.group.kind, view.group.seeds, view.group.wanted)
    assert len(set(got)) == len(jobs)
    assert seeds in (None, got)


@pytest.mark.parametrize("fields", [{"seed": "4,4"}, {"seed": "1,2", "variants": 3}, {"seed": "1,x"}, {"seed": "1,-2"}])
async def test_seeds_that_cannot_be_are_refused(world: World, fields: dict[str, object]) -> None:
    """One twice, another number of variants, no number, out of range: before anything is stored."""
    with pytest.raises(Invalid):
        await world.order(**fields)
    assert [] == await world.picture.groups()


async def test_a_failed_take_is_replaced_and_the_others_stay(world: World) -> None:
    """Partial success is kept; the new take has the old one's place and a seed the group has not had."""
    one, two, three = await world.order(variants=3, seed=40)
    for job in (one, three):
        await world.end(job, Succeeded)
    await world.end(two, Failed)
    fresh = await world.picture.replace(two.id)
    view = await world.picture.group(one.group or "")
    assert [one.id, fresh.id, three.id] == [take.job.id for take in view.takes]
    assert [two.id] == [job.id for job in view.takes[1].replaced]
    assert fresh.request.seed not in (40, 41, 42)
    assert (3, 2, False) == (view.tally.wanted, view.tally.succeeded, view.tally.done)
    with pytest.raises(Conflict, match="replaced already"):
        await world.picture.replace(two.id)


async def test_what_has_not_ended_is_not_replaced(world: World) -> None:
    """Nor is what was picked, nor with a seed that was tried."""
    one, two = await world.order(variants=2, seed=40)
    with pytest.raises(Conflict, match="still queued"):
        await world.picture.replace(one.id)
    await world.end(one, Succeeded)
    await world.end(two, Failed)
    with pytest.raises(Invalid, match="has been tried"):
        await world.picture.replace(two.id, 40)
    await world.picture.pick(one.id)
    with pytest.raises(Conflict, match="has been picked"):
        await world.picture.replace(one.id)


async def test_a_pick_is_final_and_wins_over_scores(world: World) -> None:
    """Scores order the clips until a person speaks; then it is that clip, whatever is judged afterwards."""
    jobs = await world.order(variants=3, seed=40)
    for job in jobs:
        await world.end(job, Succeeded)
    world.panel.scores = {40: 0.2, 41: 0.9, 42: 0.6}
    group = jobs[0].group or ""
    assert [jobs[1].id, jobs[2].id, jobs[0].id] == [one.job_id for one in await world.picture.rank(group)]
    await world.picture.pick(jobs[0].id, by="mei", note="the smile")
    await world.picture.review(jobs[2].id, again=True)
    ranking = await world.picture.rank(group)
    assert [jobs[0].id, jobs[1].id, jobs[2].id] == [one.job_id for one in ranking]
    assert (True, 0.2) == (ranking[0].picked, ranking[0].score), "the score stays what it was"
    with pytest.raises(Conflict, match="--change"):
        await world.picture.pick(jobs[2].id)
    assert jobs[0].id == (await world.picture.pick(jobs[0].id)).job_id, "the same again is harmless"
    await world.picture.pick(jobs[2].id, change=True)
    assert {jobs[2].id} == set(await world.picture.picked(jobs))


async def test_rows_of_a_batch_are_picked_one_by_one(world: World) -> None:
    """A batch holds several wishes: accepting one row's clip says nothing of another's."""
    rows = [Row(n, str(n), Order(prompt=f"a kite number {n}", model="wan2.5-t2v-preview")) for n in (1, 2)]
    done = await world.counter.service.submit_batch(await world.counter.service.plan_batch(rows, "x.csv"))
    for job in done.jobs:
        await world.end(job, Succeeded)
        await world.picture.pick(job.id)
    assert {job.id for job in done.jobs} == set(await world.picture.picked(done.jobs))


async def test_only_a_clip_can_be_picked(world: World) -> None:
    """A job that is on its way, or failed, is no choice."""
    (job,) = await world.order()
    with pytest.raises(Conflict, match="no clip to pick"):
        await world.picture.pick(job.id)


async def test_a_clip_is_judged_once_until_somebody_asks_again(world: World) -> None:
    """What was found is kept; looking twice costs nothing."""
    (job,) = await world.order()
    await world.end(job, Succeeded)
    await world.picture.review(job.id)
    await world.picture.review(job.id)
    assert [job.id] == world.panel.asked
    await world.picture.review(job.id, again=True)
    assert 2 == len(world.panel.asked)


async def test_another_projects_group_is_not_there(world: World) -> None:
    """In the same words as one that never was."""
    jobs = await world.order(variants=2, project="shoes")
    assert "shoes" == (await world.picture.group(jobs[0].group or "", "shoes")).group.project
    with pytest.raises(NotFound):
        await world.picture.group(jobs[0].group or "", "hats")
    assert [] == await world.picture.groups("hats")
    assert 1 == len(await world.picture.groups("shoes"))


async def test_diagnosis_knows_the_siblings(world: World) -> None:
    """A better clip of the same words with another seed is luck, and the command picks it."""
    jobs = await world.order(
        variants=2,
        seed=40,
        prompt="Medium shot, an old fisherman, mends a net, misty harbour at dawn, soft light, slow push in, "
        "watercolour style, high detail",
    )
    world.panel.scores = {40: 0.3, 41: 0.95}
    for job in jobs:
        await world.end(job, Succeeded)
        await world.picture.review(job.id)
    found = await world.picture.diagnose(jobs[0].id)
    assert "seed" == found.causes[0].code
    assert f"wanreel jobs pick {jobs[1].id}" == found.command
    (late,) = await world.order()
    with pytest.raises(Conflict, match="nothing to look at yet"):
        await world.picture.diagnose(late.id)


async def test_a_replaced_take_that_failed_too_leaves_the_good_one(world: World) -> None:
    """A take that succeeded keeps its place when the one made to replace it fails."""
    (one, _two) = await world.order(variants=2, seed=40)
    await world.end(one, Succeeded)
    fresh = await world.picture.replace(one.id)
    await world.end(fresh, Failed)
    view = await world.picture.group(one.group or "")
    assert one.id == view.takes[0].job.id
    assert replace(fresh.request, seed=0) == replace(one.request, seed=0)


async def turns() -> None:
    """Let everybody go as far as they can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_clip_is_looked_at_once_for_all_who_ask(world: World) -> None:
    """Judges may cost money: who asks meanwhile hears the same, and who stops waiting stops nobody."""
    (job,) = await world.order()
    await world.end(job, Succeeded)
    world.panel.gate = asyncio.Event()
    first = asyncio.create_task(world.picture.review(job.id))
    others = [asyncio.create_task(world.picture.review(job.id, again=again)) for again in (False, True)]
    await turns()
    assert [job.id] == world.panel.asked
    first.cancel()
    assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], asyncio.CancelledError)
    world.panel.gate.set()
    one, other = await asyncio.gather(*others)
    assert (one, [job.id]) == (other, world.panel.asked)
    assert await world.picture.review(job.id) == one, "kept"
    assert 0 == world.picture.looking


async def test_two_clips_are_looked_at_at_once(world: World) -> None:
    """The others wait their turn."""
    jobs = await world.order(variants=4)
    for job in jobs:
        await world.end(job, Succeeded)
    world.panel.gate = asyncio.Event()
    asked = [asyncio.create_task(world.picture.review(job.id)) for job in jobs]
    await turns()
    assert LOOKED_AT_MAX == len(world.panel.asked) < len(jobs)
    world.panel.gate.set()
    assert [job.id for job in jobs] == [review.job_id for review in await asyncio.gather(*asked)]


async def test_a_replacement_with_a_key_is_one(world: World) -> None:
    """The same call again gets the same job; another call under the key is refused."""
    one, _ = await world.order(variants=2, seed=40)
    await world.end(one, Failed)
    fresh = await world.picture.replace(one.id, key="k", ask="a")
    assert fresh.id == (await world.picture.replace(one.id, key="k", ask="a")).id
    with pytest.raises(Conflict, match="stands for another order"):
        await world.picture.replace(one.id, 7, key="k", ask="b")
    again = await world.counter.service.retry(one.id, key="r", ask="c")
    assert again.id == (await world.counter.service.retry(one.id, key="r", ask="c")).id != fresh.id
