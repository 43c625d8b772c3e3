"""The contract of `ports.Gallery` and `ports.Custodian`: what was derived, who may see it, what was decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.contract.stores import Bench
from tests.factories import NOW, make_change, make_job, make_notice
from wanreel.domain.clip import Aspect, ClipFacts, Sprite
from wanreel.domain.errors import Conflict, NotFound, Stale
from wanreel.domain.group import Group, Kind, Seeds
from wanreel.domain.job import Artifact, Failed, Generating, Job, Succeeded
from wanreel.domain.keeping import Custody, KeptViews, Share, View, erased
from wanreel.domain.mark import Marking
from wanreel.domain.request import Media, Stored
from wanreel.domain.verdict import Pick, Review
from wanreel.ports.keeping import Ruling, Worn

PICTURE = Stored("ab" * 32, "image/png", 4321, 1280, 720, "kite.png")


def views_of(job: Job, made_at: float = NOW) -> KeptViews:
    """What might have been derived."""
    poster = View(Aspect.POSTER, Artifact("a.poster.jpg", 10, "cd" * 32, "image/jpeg"), 1280, 720)
    return KeptViews(
        job.id,
        "ef" * 32,
        made_at,
        ClipFacts(1280, 720, 24.0, 120, 5.0, "h264", None),
        Sprite(8, 16, 160, 90),
        (poster,),
    )


async def succeeded(bench: Bench, id: str, **changes: Any) -> Job:  # noqa: A002 - named as the field is
    """A stored job that has its clip."""
    job = make_job(Succeeded, id=id, task_id=f"task-{id}", **changes)
    await bench.add(job)
    return job


async def rule(bench: Bench, custody: Custody) -> None:
    """Decide, whatever stood before."""
    keeping, job_id = bench.store.keeping, custody.job_id
    was = (await keeping.custody_of([job_id])).get(job_id, Custody(job_id))
    await keeping.decide([Ruling(was, custody)])


async def test_views_are_kept_replaced_and_dropped(bench: Bench) -> None:
    """The last word counts, for other processes too; views of no job are refused."""
    job, keeping = await succeeded(bench, "job_a"), bench.store.keeping
    assert await keeping.views_of(job.id) is None
    await keeping.keep_views(views_of(job))
    await keeping.keep_views(views_of(job, NOW + 5))
    assert views_of(job, NOW + 5) == await (await bench.second()).keeping.views_of(job.id)
    await keeping.drop_views(job.id)
    await keeping.drop_views(job.id)
    assert await keeping.views_of(job.id) is None
    with pytest.raises(NotFound):
        await keeping.keep_views(views_of(make_job(Succeeded, id="stranger")))


async def test_a_share_is_stable_until_it_is_revoked(bench: Bench) -> None:
    """Asked for again it is the same one; after a revoke a new one is made, and the old stays known as dead."""
    job, keeping = await succeeded(bench, "job_a"), bench.store.keeping
    first = Share("t1", job.id, Aspect.CLIP, NOW)
    assert first == await keeping.share(first)
    assert first == await keeping.share(Share("t2", job.id, Aspect.CLIP, NOW + 1))
    poster = await keeping.share(Share("t3", job.id, Aspect.POSTER, NOW + 1))
    assert await keeping.revoke("t1", NOW + 2)
    assert not await keeping.revoke("t1", NOW + 3)
    assert not await keeping.revoke("stranger", NOW + 3)
    dead = replace(first, revoked_at=NOW + 2)
    assert (dead, None) == (await keeping.shared("t1"), await keeping.shared("t2"))
    again = await keeping.share(Share("t4", job.id, Aspect.CLIP, NOW + 4))
    assert [dead, poster, again] == await keeping.shares_of(job.id)
    with pytest.raises(NotFound):
        await keeping.share(Share("t5", "stranger", Aspect.CLIP, NOW))


async def test_decisions_are_kept_and_taken_back(bench: Bench) -> None:
    """A decision that decides nothing leaves no trace."""
    keeping = bench.store.keeping
    for name in ("job_a", "job_b"):
        await succeeded(bench, name)
    held = Custody("job_a", held_at=NOW, held_why="a case")
    await rule(bench, held)
    assert {"job_a": held} == dict(await keeping.custody_of(["job_a", "job_b", "stranger"]))
    await rule(bench, Custody("job_a"))
    assert {} == dict(await keeping.custody_of(["job_a"]))
    with pytest.raises(NotFound):
        await rule(bench, Custody("stranger", held_at=NOW))


async def test_a_decision_counts_only_over_the_one_it_was_made_from(bench: Bench) -> None:
    """A hold set by another process while a purge is being decided is not lost, whoever comes first; of several
    decisions none is written when one was overtaken; what is held is not erased.
    """
    ours, theirs = bench.store.keeping, (await bench.second()).keeping
    for name in ("job_a", "job_b"):
        await succeeded(bench, name)
    fresh = Custody("job_a")
    held = Custody("job_a", held_at=NOW, held_why="a case")
    gone = Custody("job_a", trashed_at=NOW, purge_at=NOW, purged_at=NOW)
    await theirs.decide([Ruling(fresh, held)])
    for rulings in (
        [Ruling(fresh, gone)],
        [Ruling(Custody("job_b"), replace(gone, job_id="job_b")), Ruling(gone, gone)],
    ):
        with pytest.raises(Stale):
            await ours.decide(rulings)
    assert {"job_a": held} == dict(await ours.custody_of(["job_a", "job_b"]))
    with pytest.raises(Conflict, match="a case"):
        await ours.erase([erased(await bench.store.get("job_a"))], NOW)
    await ours.decide([Ruling(held, fresh)])
    await ours.decide([Ruling(fresh, gone)])
    with pytest.raises(Stale):
        await theirs.decide([Ruling(fresh, held)])
    assert {"job_a": gone} == dict(await theirs.custody_of(["job_a", "job_b"]))


async def test_worn_are_old_clips_nothing_was_decided_about(bench: Bench) -> None:
    """By project and age, oldest first; failures, young clips and decided ones are none."""
    await succeeded(bench, "job_old", at=NOW - 10, project="a")
    await succeeded(bench, "job_older", at=NOW - 20, project="b")
    await succeeded(bench, "job_held", at=NOW - 30, project="a")
    await succeeded(bench, "job_young", at=NOW, project="a")
    await bench.add(make_job(Failed, id="job_failed", at=NOW - 40, project="a"))
    keeping = bench.store.keeping
    await rule(bench, Custody("job_held", held_at=NOW, held_why="a case"))

    async def ids(**which: Any) -> list[str]:
        return [job.id for job in await keeping.worn(replace(Worn(NOW, 10), **which))]

    assert ["job_older", "job_old"] == await ids()
    assert ["job_older"] == await ids(limit=1)
    assert ["job_old"] == await ids(projects=("a", "c"))
    assert ["job_older"] == await ids(but=("a",))
    assert [] == await ids(before=NOW - 20)


async def test_due_is_trash_past_its_grace_and_erasures_not_finished(bench: Bench) -> None:
    """What is held waits; what is gone is done; trash lists what can still be brought back."""
    keeping = bench.store.keeping
    decided = {
        "job_due": Custody("job_due", trashed_at=NOW - 9, purge_at=NOW),
        "job_later": Custody("job_later", trashed_at=NOW - 9, purge_at=NOW + 1),
        "job_held": Custody("job_held", held_at=NOW, held_why="x", trashed_at=NOW - 9, purge_at=NOW - 1),
        "job_going": Custody("job_going", trashed_at=NOW - 9, purge_at=NOW - 1, purged_at=NOW),
        "job_gone": Custody("job_gone", trashed_at=NOW - 9, purged_at=NOW),
        "job_erasing": Custody("job_erasing", erase_asked_at=NOW - 5),
        "job_erased": Custody("job_erased", erase_asked_at=NOW - 5, erased_at=NOW - 4),
    }
    for name, custody in decided.items():
        await succeeded(bench, name)
        await rule(bench, custody)
    due = [decided[name] for name in ("job_erasing", "job_going", "job_due")]
    assert due == await keeping.due(NOW, 10)
    assert [decided["job_erasing"]] == await keeping.due(NOW, 1)
    assert [decided["job_due"], decided["job_later"]] == await keeping.trash(10)


async def test_an_erased_job_keeps_what_must_not_happen_twice(bench: Bench) -> None:
    """Words, history, notices, tags, views and links go; its key and its task stay taken."""
    job = make_job(
        Generating, id="job_a", task_id="task-a", key="row-1", name="kite", tags=("sea",), prompt="SECRET kite"
    )
    await bench.add(job)
    done = make_job(
        Succeeded, id="job_a", task_id="task-a", key="row-1", name="kite", tags=("sea",), prompt="SECRET kite"
    )
    notice = make_notice(job, NOW, id="n1")
    change = make_change(job, done.state, notices=(notice,))
    assert change.entry is not None
    await bench.store.commit(replace(change, entry=replace(change.entry, reason="SECRET")))
    now = await bench.store.get("job_a")
    keeping = bench.store.keeping
    await keeping.keep_views(views_of(now))
    await keeping.share(Share("t1", now.id, Aspect.CLIP, NOW))
    await rule(bench, Custody(now.id, erase_asked_at=NOW))
    await bench.store.keep_review(Review(now.id, NOW, 0.1, (), ("SECRET kite is missing",)), None)
    await bench.store.pick(Pick(now.id, now.id, "default", NOW, "ada", "SECRET"))
    await bench.store.mark(now.id, Marking(favourite=True, tags=("SECRET",)), NOW)

    await keeping.erase([erased(now)], NOW + 1)

    left = await bench.store.get("job_a")
    assert (erased(now), "", None, ()) == (left, left.request.prompt, left.name, left.tags)
    assert [] == await bench.store.history("job_a") == await bench.store.owed(NOW + 9, 10)
    assert [] == await keeping.shares_of("job_a")
    assert await keeping.views_of("job_a") is None
    assert {} == await bench.store.reviews([now.id]) == await bench.store.picks([now.id])
    assert {} == await bench.store.marks([now.id])
    assert [] == await bench.ids(tag="SECRET") == await bench.ids(favourites=True)
    assert {"job_a": Custody("job_a", erase_asked_at=NOW, erased_at=NOW + 1)} == dict(
        await keeping.custody_of(["job_a"])
    )
    assert not [h for h in await bench.store.since(0, 100) if "SECRET" in h.reason]
    assert [left] == await bench.add(make_job(id="job_b", key="row-1"))


async def test_a_group_keeps_its_name_until_the_last_of_its_jobs_is_erased(bench: Bench) -> None:
    """The name may quote what was ordered."""
    jobs = [make_job(Succeeded, id=f"job_{n}", task_id=f"task-{n}", group="grp_1", index=n) for n in range(2)]
    group = Group("grp_1", Kind.BATCH, "default", NOW, 2, Seeds.MIXED, name="SECRET launch")
    await bench.store.add(jobs, group)
    await bench.store.keeping.erase([erased(jobs[0])], NOW)
    assert "SECRET launch" == (await bench.store.group("grp_1")).name
    await bench.store.keeping.erase([erased(jobs[1])], NOW)
    assert (await bench.store.group("grp_1")).name is None


async def test_what_happened_and_was_told_is_pruned_by_age(bench: Bench) -> None:
    """Numbers go on, what is still owed stays, and so do jobs with their histories."""
    job = await succeeded(bench, "job_a", at=NOW - 100)
    notices = tuple(make_notice(job, NOW - 50, id=f"n{n}") for n in range(2))
    await bench.store.commit(make_change(job, job.state, at=NOW - 50, notices=notices))
    await bench.store.delivered(["n0"], NOW)
    late = await succeeded(bench, "job_b", at=NOW)
    newest = await bench.store.newest()

    assert 3 == await bench.store.keeping.prune(NOW)
    assert (newest, ["job_b"]) == (await bench.store.newest(), [h.job_id for h in await bench.store.since(0, 10)])
    assert ["n1"] == [owed.notice.id for owed in await bench.store.owed(NOW + 9, 10)]
    assert 1 == len(await bench.store.history(job.id))
    assert 0 == await bench.store.keeping.prune(NOW + 1000)
    await bench.store.commit(make_change(late, late.state, at=NOW))
    assert [newest + 1] == [h.seq for h in await bench.store.since(newest, 10)]


async def test_an_erasure_is_whole_or_not_at_all(bench: Bench) -> None:
    """One job that has changed meanwhile, or is not here, and nothing was erased."""
    keeping = bench.store.keeping
    first, second = await succeeded(bench, "job_a"), await succeeded(bench, "job_b")
    with pytest.raises(Stale):
        await keeping.erase([erased(first), replace(erased(second), version=9)], NOW)
    with pytest.raises(NotFound):
        await keeping.erase([erased(first), erased(make_job(Succeeded, id="stranger"))], NOW)
    assert first == await bench.store.get("job_a")
    assert {} == dict(await keeping.custody_of(["job_a"]))


async def test_a_kept_input_is_referred_to_by_whoever_has_not_lost_its_clip(bench: Bench) -> None:
    """Purged and erased jobs let go of what they started from."""
    keeping = bench.store.keeping
    for name in ("job_a", "job_b"):
        await succeeded(bench, name, media=(Media("first_frame", PICTURE),))
    assert await keeping.refers(PICTURE.sha256, [])
    assert await keeping.refers(PICTURE.sha256, ["job_a"])
    assert not await keeping.refers(PICTURE.sha256, ["job_a", "job_b"])
    assert not await keeping.refers("00" * 32, [])
    await rule(bench, Custody("job_a", trashed_at=NOW, purge_at=NOW, purged_at=NOW))
    assert not await keeping.refers(PICTURE.sha256, ["job_b"])


async def test_needed_inputs_are_those_of_jobs_that_have_their_clips(bench: Bench) -> None:
    """Of jobs in any state; a hash in a prompt is none."""
    keeping = bench.store.keeping
    other, third = replace(PICTURE, sha256="01" * 32), replace(PICTURE, sha256="02" * 32)
    await succeeded(bench, "job_a", media=(Media("first_frame", PICTURE), Media("last_frame", other)))
    await succeeded(bench, "job_b", media=(Media("first_frame", other),))
    await bench.add(make_job(id="job_c", media=(Media("first_frame", third),)))
    await bench.add(make_job(id="job_d", prompt=f'"sha256":"{"03" * 32}"'))
    assert {PICTURE.sha256, other.sha256, third.sha256} == await keeping.needed_inputs()
    await rule(bench, Custody("job_a", trashed_at=NOW, purged_at=NOW))
    assert {other.sha256, third.sha256} == await keeping.needed_inputs()
