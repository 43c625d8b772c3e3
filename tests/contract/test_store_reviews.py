"""What every store keeps beside the jobs: groups, reviews and the work of making them, picks."""

from __future__ import annotations

import pytest

from tests.contract.stores import Bench
from tests.factories import make_change, make_job, make_state
from wanreel.domain.errors import Conflict, NotFound
from wanreel.domain.group import Group, Kind, Seeds
from wanreel.domain.job import Failed, Succeeded
from wanreel.domain.verdict import Check, Opinion, PartScore, Pick, Review
from wanreel.ports.reviews import DueReview

REVIEW = Review(
    "",
    12.5,
    0.75,
    (
        Opinion("local", 0.8, (Check("black", ok=False, words="black for 2 s", figure=2.0), Check("x", None, "y"))),
        Opinion("vision", 0.9, parts=(PartScore("subject", "灯笼", 0.1, "the lantern is missing"),)),
    ),
    ("vision: not heard",),
)


def group(bench: Bench, group_id: str = "grp_1", project: str = "default") -> Group:
    """A record."""
    return Group(group_id, Kind.VARIANTS, project, bench.clock.now(), 2, Seeds.DRAWN, "hero")


async def test_a_group_is_stored_with_its_first_job(bench: Bench) -> None:
    """And only then; what is stored again changes nothing."""
    record = group(bench)
    await bench.store.add([make_job(group="grp_1", key="k")], record)
    assert record == await bench.store.group("grp_1")
    await bench.store.add([make_job(group="grp_2", key="k")], group(bench, "grp_2"))
    with pytest.raises(NotFound):
        await bench.store.group("grp_2")


async def test_groups_are_listed_newest_first(bench: Bench) -> None:
    """By project, and from the last one seen on."""
    for number in range(4):
        bench.clock.advance(1)
        name = f"grp_{number}"
        await bench.store.add([make_job(group=name)], group(bench, name, "a" if number % 2 else "b"))
    assert ["grp_3", "grp_2"] == [g.id for g in await bench.store.groups(None, 2)]
    assert ["grp_1", "grp_0"] == [g.id for g in await bench.store.groups(None, 9, "grp_2")]
    assert ["grp_3", "grp_1"] == [g.id for g in await bench.store.groups("a", 9)]


async def test_who_succeeds_is_due_to_be_judged(bench: Bench) -> None:
    """By the commit that made it so, once; who failed is not."""
    good, bad = await bench.add(make_job(), make_job())
    now = bench.clock.now()
    await bench.store.commit(make_change(good, make_state(Succeeded, now)))
    await bench.store.commit(make_change(bad, make_state(Failed, now)))
    assert [DueReview(good.id, 0)] == await bench.store.due_reviews(now, now + 60, 5)
    assert [] == await bench.store.due_reviews(now, now + 60, 5), "it is somebody's already"
    later = bench.clock.advance(61)
    assert [DueReview(good.id, 1)] == await bench.store.due_reviews(later, later + 60, 5), "who was lost over it"


async def test_a_review_reads_back_equal_and_the_latest_counts(bench: Bench) -> None:
    """Kept whole, in place of an earlier one; with a due instant it is work again."""
    (job,) = await bench.add(make_job())
    now = bench.clock.now()
    await bench.store.commit(make_change(job, make_state(Succeeded, now)))
    review = Review(job.id, *(getattr(REVIEW, name) for name in ("at", "score", "opinions", "amiss")))
    await bench.store.keep_review(review, now + 5)
    assert {job.id: review} == await bench.store.reviews([job.id, "job_unknown"])
    assert [] == await bench.store.due_reviews(now, now + 60, 5)
    assert [job.id] == [due.job_id for due in await bench.store.due_reviews(now + 5, now + 60, 5)]
    again = Review(job.id, 99.0, 0.1)
    await bench.store.keep_review(again, None)
    assert {job.id: again} == await bench.store.reviews([job.id])
    assert [] == await bench.store.due_reviews(now + 1e6, now + 2e6, 5)


async def test_a_pick_stays_until_a_person_changes_it(bench: Bench) -> None:
    """The same again is harmless, another one needs the word."""
    one, two = await bench.add(make_job(group="grp_1"), make_job(group="grp_1"))
    first = Pick("grp_1", one.id, "default", 1.0, "mei", "the smile")
    assert first == await bench.store.pick(first)
    assert first == await bench.store.pick(Pick("grp_1", one.id, "default", 2.0))
    other = Pick("grp_1", two.id, "default", 3.0)
    with pytest.raises(Conflict, match="--change"):
        await bench.store.pick(other)
    assert {"grp_1": first} == await bench.store.picks(["grp_1", "grp_2"])
    assert other == await bench.store.pick(other, change=True)
    assert {"grp_1": other} == await bench.store.picks(["grp_1"])
