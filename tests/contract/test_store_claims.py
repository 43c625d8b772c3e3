"""The contract of claims: due work of a lane, handed to one worker at a time, the most urgent first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.contract.stores import LIMIT, Bench, submitting
from tests.factories import (
    NOW,
    make_account,
    make_change,
    make_intent,
    make_job,
    make_outcome,
    make_state,
    make_task,
)
from wanreel.domain.errors import Stale
from wanreel.domain.event import Park, Pause, SlotKey
from wanreel.domain.job import (
    STATES,
    Archiving,
    Cancel,
    Cancelled,
    Generating,
    Job,
    Outcome,
    Queued,
    SpoolCopy,
    State,
    Submitting,
    Succeeded,
    Unconfirmed,
)
from wanreel.ports.jobs import Claim, Lane

_LANES = {Queued: Lane.SUBMIT, Generating: Lane.WATCH, Archiving: Lane.ARCHIVE}


def dying(at: float) -> Outcome:
    """What the vendor told of a clip whose URL dies at an instant."""
    return replace(make_outcome(), url_expires_at=at)


# --- any lane -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STATES)
async def test_a_state_has_at_most_one_lane(bench: Bench, kind: type[State]) -> None:
    """Queued is submitted, Generating watched, Archiving archived; all other states are no worker's business."""
    await bench.add(make_job(kind))

    met = [lane for lane in Lane if await bench.claim(lane)]

    assert ([_LANES[kind]] if kind in _LANES else []) == met


async def test_asking_for_another_url_is_watching(bench: Bench) -> None:
    """An Archiving job whose URL was refused is the watchers' work, in the order of being due."""
    first = make_job(Archiving, due_at=NOW - 2, requery=True, outcome=dying(NOW + 9))
    second = make_job(Generating, due_at=NOW - 1)
    third = make_job(Archiving, due_at=NOW, requery=True, outcome=dying(NOW + 1))
    await bench.add(third, second, first)

    assert [] == await bench.claim(Lane.ARCHIVE)
    assert [first, second, third] == await bench.claim(Lane.WATCH)


async def test_what_is_due_longest_goes_first(bench: Bench) -> None:
    """Watching hands out due work only, oldest due instant first, as much as was asked for."""
    jobs = [make_job(Generating, due_at=NOW + s) for s in (-1, -3, 0, -2, 1)]
    await bench.add(*jobs)

    assert [jobs[1], jobs[3]] == await bench.claim(Lane.WATCH, limit=2)
    assert [jobs[0], jobs[2]] == await bench.claim(Lane.WATCH)
    assert [] == await bench.claim(Lane.WATCH)
    bench.clock.advance(1.0)
    assert [jobs[4]] == await bench.claim(Lane.WATCH)


async def test_what_lies_in_the_spool_is_archived_last(bench: Bench) -> None:
    """It is safe: whatever can still be lost goes before it."""
    copy = SpoolCopy(NOW, 10, "5" * 64)
    safe = make_job(Archiving, outcome=dying(NOW + 10), spooled=copy)
    dead = make_job(Archiving, outcome=dying(NOW - 10), spooled=copy)
    later = make_job(Archiving, outcome=dying(NOW + 80_000))
    await bench.add(safe, dead, later)
    assert [later, dead, safe] == await bench.claim(Lane.ARCHIVE)


async def test_what_is_under_way_is_at_stake_until_it_lies_somewhere_of_ours(bench: Bench) -> None:
    """Counted from the intent on, 10 MB for five seconds of 720P, and no longer once it is spooled or stored."""
    copy = SpoolCopy(NOW, 10, "5" * 64)
    await bench.add(make_job(Queued), make_job(Archiving, spooled=copy), make_job(Succeeded))
    assert 0 == await bench.store.stake_bytes()
    (job, *_) = await bench.add(make_job(Archiving), make_job(Generating))
    assert 20_000_000 == await bench.store.stake_bytes()
    await bench.store.commit(make_change(job, replace(job.state, spooled=copy)))
    assert 10_000_000 == await bench.store.stake_bytes()


async def test_what_dies_first_is_archived_first(bench: Bench) -> None:
    """Archiving hands out the clip whose URL dies soonest, however long others have waited."""
    late = make_job(Archiving, due_at=NOW - 9, outcome=dying(NOW + 900))
    soon = make_job(Archiving, due_at=NOW - 1, outcome=dying(NOW + 100))
    not_due = make_job(Archiving, due_at=NOW + 1, outcome=dying(NOW + 50))
    await bench.add(late, soon, not_due)

    assert [soon] == await bench.claim(Lane.ARCHIVE, limit=1)
    assert [late] == await bench.claim(Lane.ARCHIVE)


async def test_when_the_storage_answers_again_all_that_waits_for_it_is_due_and_the_nearest_end_first(
    bench: Bench,
) -> None:
    """Whatever each had planned for itself; what the vendor is asked about stays as it was."""
    copy = SpoolCopy(NOW, 10, "5" * 64)
    spooled = make_job(Archiving, due_at=NOW + 1, outcome=dying(NOW - 10), spooled=copy)
    late = make_job(Archiving, due_at=NOW + 2, outcome=dying(NOW + 900))
    soon = make_job(Archiving, due_at=NOW + 500, outcome=dying(NOW + 600))
    due = make_job(Archiving, due_at=NOW - 1, outcome=dying(NOW + 700))
    asking = make_job(Archiving, due_at=NOW + 3, requery=True, outcome=dying(NOW + 5))
    await bench.add(spooled, late, soon, due, asking, make_job(Generating, due_at=NOW + 4), make_job(Queued))

    assert 3 == await bench.store.hasten(NOW)
    assert [soon, due, late, spooled] == await bench.claim(Lane.ARCHIVE)
    assert [] == await bench.claim(Lane.WATCH)
    assert 0 == await bench.store.hasten(NOW)


async def test_jobs_can_be_claimed_by_name_before_they_are_due(bench: Bench) -> None:
    """Something was heard about them: they alone, where nobody has them, and only in their lane."""
    early, taken, other = (make_job(Generating, due_at=NOW + 500) for _ in range(3))
    archiving = make_job(Archiving, due_at=NOW + 500)
    await bench.add(early, taken, other, archiving, make_job(Generating))
    now, named = bench.clock.now(), (early.id, taken.id, archiving.id, early.id)
    asked = Claim(Lane.WATCH, "w1", now, now + 60.0, 10, now + 5000.0, ids=named)
    await bench.store.claim(replace(asked, owner="w2", ids=(taken.id,)))

    assert [early.id] == [job.id for job in await bench.store.claim(asked)]
    assert [] == await bench.store.claim(asked)


async def test_an_instant_no_one_plans_is_due_now(bench: Bench) -> None:
    """Work that a clock an hour ahead has put far away is due at once, after what was due anyway."""
    far, due = make_job(Generating, due_at=NOW + 1e9), make_job(Generating, due_at=NOW)
    await bench.add(far, due)

    assert [due, far] == await bench.claim(Lane.WATCH)


async def test_claimed_work_is_nobody_elses(bench: Bench) -> None:
    """What one worker has claimed no other gets, until the claim has run out."""
    job = make_job(Generating)
    await bench.add(job)
    second = await bench.second()

    assert [job] == await bench.claim(Lane.WATCH, "w1", for_s=30.0)
    bench.store, first = second, bench.store
    assert [] == await bench.claim(Lane.WATCH, "w2")
    bench.clock.advance(29.9)
    assert [] == await bench.claim(Lane.WATCH, "w2")
    bench.clock.advance(0.1)
    assert [job] == await bench.claim(Lane.WATCH, "w2")
    bench.store = first
    assert [] == await bench.claim(Lane.WATCH, "w1")


async def test_no_work_is_handed_out_twice(bench: Bench) -> None:
    """Twenty workers who claim at once through two doors share the work out without a job in two hands."""
    jobs = [make_job(Generating) for _ in range(50)]
    await bench.add(*jobs)
    other = replace(bench, store=await bench.second())

    hands = await asyncio.gather(*((bench, other)[n % 2].claim(Lane.WATCH, f"w{n}", limit=3) for n in range(20)))

    got = [job.id for hand in hands for job in hand]
    assert sorted(job.id for job in jobs) == sorted(got)


async def test_a_commit_ends_the_claim(bench: Bench) -> None:
    """After its change a job may be claimed again at once, by anybody, when it is due."""
    job = make_job(Generating)
    await bench.add(job)
    await bench.claim(Lane.WATCH, "w1")
    after = await bench.store.commit(make_change(job, job.state), "w1")

    assert [after] == await bench.claim(Lane.WATCH, "w2")


async def test_somebody_elses_commit_ends_the_claim_too(bench: Bench) -> None:
    """A cancel that comes in while a worker looks is acted on at once: the worker's own change will be stale."""
    job = make_job(Generating)
    await bench.add(job)
    await bench.claim(Lane.WATCH, "w1")
    after = await bench.store.commit(make_change(job, job.state, cancel=Cancel(NOW)))

    assert [after] == await bench.claim(Lane.WATCH, "w2")


async def test_a_stale_change_leaves_the_claim(bench: Bench) -> None:
    """A change that was not written ends nobody's claim."""
    job = make_job(Generating, version=3)
    await bench.add(job)
    await bench.claim(Lane.WATCH, "w1")

    with pytest.raises(Stale, match="version"):
        await bench.store.commit(make_change(replace(job, version=2), job.state), "w1")
    assert [] == await bench.claim(Lane.WATCH, "w2")


async def test_an_owner_gives_back_all_it_holds(bench: Bench) -> None:
    """Releasing an owner ends its claims and no other's; releasing nobody in particular ends all."""
    jobs = [make_job(Generating, due_at=NOW + n) for n in range(-5, 0)]
    await bench.add(*jobs)
    await bench.claim(Lane.WATCH, "w1", limit=2)
    await bench.claim(Lane.WATCH, "w2", limit=2)

    assert 2 == await bench.store.release("w1")
    assert 0 == await bench.store.release("w1")
    assert [*jobs[:2], jobs[4]] == await bench.claim(Lane.WATCH, "w3")
    assert 5 == await bench.store.release(None)
    assert 0 == await bench.store.release(None)
    assert jobs == await bench.claim(Lane.WATCH, "w4")


async def test_an_owner_gives_back_one_job(bench: Bench) -> None:
    """Releasing one job ends its claim alone, and only if it is the owner's."""
    jobs = [make_job(Generating, due_at=NOW + n) for n in range(-2, 0)]
    await bench.add(*jobs)
    await bench.claim(Lane.WATCH, "w1")

    assert 0 == await bench.store.release("w2", jobs[0].id)
    assert 0 == await bench.store.release("w1", "job_nowhere")
    assert 1 == await bench.store.release("w1", jobs[0].id)
    assert [jobs[0]] == await bench.claim(Lane.WATCH, "w2")
    assert 1 == await bench.store.release(None, jobs[1].id)
    assert [jobs[1]] == await bench.claim(Lane.WATCH, "w2")


# --- submitting -----------------------------------------------------------------------------------------------------


async def test_one_submit_of_a_key_at_a_time(bench: Bench) -> None:
    """A claim of submits hands out the oldest of each account and model, and of no key two."""
    old, new = make_job(at=NOW - 9, model="a"), make_job(at=NOW - 1, model="a")
    other = make_job(at=NOW - 5, model="b")
    foreign = make_job(at=NOW - 7, model="a", account=make_account("second"))
    await bench.add(new, other, old, foreign)

    assert [old, foreign, other] == await bench.claim(Lane.SUBMIT)


async def test_of_many_keys_the_oldest_work_goes_first(bench: Bench) -> None:
    """A limit takes the oldest jobs over all keys."""
    jobs = [make_job(at=NOW - n, model=f"m{n}") for n in range(6)]
    await bench.add(*jobs)

    assert [jobs[5], jobs[4]] == await bench.claim(Lane.SUBMIT, limit=2)


async def test_variants_go_in_their_order(bench: Bench) -> None:
    """Of jobs made in one instant the one with the lower place in its group goes first."""
    jobs = [make_job(group="g", index=n) for n in (1, 2, 0)]
    await bench.add(*jobs)

    assert [jobs[2]] == await bench.claim(Lane.SUBMIT)


async def test_a_queued_job_that_waits_lets_others_pass(bench: Bench) -> None:
    """A job that is not due yet holds back no younger one of its key."""
    waits, ready = make_job(at=NOW - 9, due_at=NOW + 5), make_job(at=NOW - 1)
    await bench.add(waits, ready)

    assert [ready] == await bench.claim(Lane.SUBMIT)


async def test_far_queued_work_is_due_now(bench: Bench) -> None:
    """A queued job that a jumped clock has put far away is handed out."""
    job = make_job(due_at=NOW + 1e9)
    await bench.add(job)

    assert [job] == await bench.claim(Lane.SUBMIT)


@pytest.mark.parametrize("kind", [Submitting, Unconfirmed, Generating])
async def test_no_submit_without_a_free_slot(bench: Bench, kind: type[State]) -> None:
    """Running, doubtful and unanswered tasks hold the slots of their key and of no other."""
    holders = [make_job(kind, at=NOW - 20) for _ in range(LIMIT)]
    waiting, other = make_job(), make_job(model="other")
    await bench.add(*holders, waiting, other)

    assert [other] == await bench.claim(Lane.SUBMIT)
    bench.limits[SlotKey("main", waiting.request.model)] = LIMIT + 1
    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_archiving_holds_no_slot(bench: Bench) -> None:
    """A slot is free again as soon as the vendor has spoken its last word."""
    waiting = make_job()
    await bench.add(*(make_job(Archiving) for _ in range(5)), waiting)

    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_a_limit_of_none_lets_nothing_through(bench: Bench) -> None:
    """A key whose limit is 0 gets no slot."""
    job = make_job()
    bench.limits[SlotKey("main", job.request.model)] = 0
    await bench.add(job)

    assert [] == await bench.claim(Lane.SUBMIT)
    assert not await bench.begin(job)


async def test_a_doubt_holds_its_slot_until_the_vendors_deadline(bench: Bench) -> None:
    """Three hours after its intent a doubtful job no longer holds a slot: the vendor has ended what may have run."""
    bench.limits[SlotKey("main", make_job().request.model)] = 1
    waiting = make_job()
    await bench.add(make_job(Unconfirmed), waiting)

    bench.clock.advance(bench.policy.vendor_deadline_s - 0.1)
    assert [] == await bench.claim(Lane.SUBMIT)
    bench.clock.advance(0.1)
    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_no_more_get_ready_than_slots_are_free(bench: Bench) -> None:
    """A claimed queued job counts on a slot: with one free slot a second job is not made ready for nothing."""
    jobs = [make_job(at=NOW + n) for n in range(-3, 0)]
    await bench.add(make_job(Generating), *jobs)

    assert [jobs[0]] == await bench.claim(Lane.SUBMIT, "w1", for_s=30.0)
    assert [] == await bench.claim(Lane.SUBMIT, "w2")
    bench.clock.advance(30.0)
    assert [jobs[0]] == await bench.claim(Lane.SUBMIT, "w2")


@pytest.mark.parametrize(("model", "held"), [("m", True), ("*", True), ("n", False)])
async def test_a_park_holds_back_its_key(bench: Bench, model: str, held: bool) -> None:
    """Nothing is sent on a parked model, nor on any model of a parked account, until the park has ended."""
    elsewhere = make_job(model="x")
    waiting = make_job(model="m")
    await bench.add(elsewhere, waiting)
    park = Park(SlotKey("main", model), Pause.BUSY, NOW + 20, "slow down")
    await bench.store.commit(make_change(elsewhere, Cancelled(NOW), park=park))

    assert ([] if held else [waiting]) == await bench.claim(Lane.SUBMIT, for_s=1.0)
    bench.clock.advance(20.0)
    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_a_park_of_another_account_holds_nothing_back(bench: Bench) -> None:
    """Accounts do not wait for each other."""
    elsewhere, waiting = make_job(account=make_account("second")), make_job()
    await bench.add(elsewhere, waiting)
    park = Park(SlotKey("second", "*"), Pause.ACCOUNT, NOW + 20, "")
    await bench.store.commit(make_change(elsewhere, Cancelled(NOW), park=park))

    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_a_park_no_one_plans_is_over(bench: Bench) -> None:
    """A park that a jumped clock has put years ahead holds nothing back."""
    elsewhere, waiting = make_job(model="x"), make_job(model="m")
    await bench.add(elsewhere, waiting)
    park = Park(SlotKey("main", "m"), Pause.BUSY, NOW + 1e9, "")
    await bench.store.commit(make_change(elsewhere, Cancelled(NOW), park=park))

    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_one_submit_of_a_key_is_in_the_air(bench: Bench) -> None:
    """While a submit is unanswered and younger than the quiet time, nothing of its key is handed out."""
    flying, waiting = make_job(Submitting), make_job()
    await bench.add(flying, waiting)

    bench.clock.advance(bench.policy.quiet_s - 0.1)
    assert [] == await bench.claim(Lane.SUBMIT)
    assert not await bench.begin(waiting)
    bench.clock.advance(0.1)
    assert [waiting] == await bench.claim(Lane.SUBMIT)


async def test_an_answer_clears_the_air(bench: Bench) -> None:
    """Once the submit is answered the next of its key may go."""
    flying, waiting = make_job(Submitting), make_job()
    await bench.add(flying, waiting)
    await bench.store.commit(make_change(flying, make_state(Generating)))

    assert [waiting] == await bench.claim(Lane.SUBMIT)


# --- beginning ------------------------------------------------------------------------------------------------------


async def test_a_free_slot_lets_a_submit_begin(bench: Bench) -> None:
    """Beginning commits the change like any other: the job is Submitting, its history tells it, the slot is held."""
    job = make_job()
    await bench.add(job)
    change = submitting(job, NOW)

    assert await bench.store.begin(change, NOW, 10.0, NOW + 60.0)

    assert change.job == await bench.store.get(job.id)
    assert [change.entry] == await bench.store.history(job.id)
    assert {SlotKey("main", job.request.model): 1} == dict(await bench.store.in_use(NOW))


async def test_without_a_slot_nothing_begins(bench: Bench) -> None:
    """When the last slot has gone meanwhile, begin says no and writes nothing."""
    job = make_job()
    await bench.add(job, *(make_job(Generating) for _ in range(LIMIT)))

    assert not await bench.begin(job)
    assert job == await bench.store.get(job.id)
    assert [] == await bench.store.history(job.id)


async def test_a_stale_begin_raises(bench: Bench) -> None:
    """A job that was cancelled while it was made ready is not sent."""
    job = make_job()
    await bench.add(job)
    cancelled = await bench.store.commit(make_change(job, Cancelled(NOW)))

    with pytest.raises(Stale, match="version"):
        await bench.begin(job)
    assert cancelled == await bench.store.get(job.id)


async def test_a_stale_begin_raises_even_without_a_slot(bench: Bench) -> None:
    """That a job has moved on is said first: "no slot" would be only half the truth."""
    job = make_job()
    await bench.add(job, *(make_job(Generating) for _ in range(LIMIT)))
    await bench.store.commit(make_change(job, Cancelled(NOW)))

    with pytest.raises(Stale, match="version"):
        await bench.begin(job)


async def test_of_two_begins_at_the_limit_one_wins(bench: Bench) -> None:
    """Two jobs that ask for the last slot at once, through two doors: one gets it, though nothing is in the air."""
    bench.limits[SlotKey("main", make_job().request.model)] = 1
    jobs = [make_job(), make_job()]
    await bench.add(*jobs)
    doors = [bench.store, await bench.second()]

    answers = await asyncio.gather(
        *(door.begin(submitting(job, NOW), NOW, 0.0, NOW + 60) for door, job in zip(doors, jobs, strict=True))
    )

    assert [False, True] == sorted(answers)
    assert 1 == len(await bench.ids(states=("submitting",)))


async def test_begin_keeps_the_claim(bench: Bench) -> None:
    """The claim lasts until the new instant, so that nobody rescues a call that is in the air."""
    job = make_job()
    await bench.add(job)
    await bench.claim(Lane.SUBMIT, "w1", for_s=5.0)
    assert await bench.begin(job)

    bench.clock.advance(59.9)
    assert [] == await bench.store.lost_submits(bench.clock.now(), "rescue")
    bench.clock.advance(0.1)
    assert [job.id] == [lost.id for lost in await bench.store.lost_submits(bench.clock.now(), "rescue")]


# --- rescue ---------------------------------------------------------------------------------------------------------


def flying(at: float) -> Job:
    """A job whose paid call was decided on at an instant."""
    return make_job(Submitting(make_intent(at)))


async def test_submits_that_nobody_holds_are_found_once(bench: Bench) -> None:
    """Rescue gets submits without a claim, oldest first, and holds them while it decides."""
    old, new = flying(NOW - 60), flying(NOW - 30)
    await bench.add(new, old, make_job(), make_job(Generating))

    assert [old, new] == await bench.store.lost_submits(NOW, "rescue")
    assert [] == await bench.store.lost_submits(NOW, "other")
    later = NOW + bench.policy.send_by_s
    assert [old, new] == await bench.store.lost_submits(later, "other")


async def test_a_runner_that_has_just_locked_the_home_finds_all_submits(bench: Bench) -> None:
    """After everybody's claims were ended, the calls of a process that died are lost at once."""
    job = make_job()
    await bench.add(job)
    await bench.claim(Lane.SUBMIT, "dead")
    await bench.begin(job)

    assert [] == await bench.store.lost_submits(NOW, "new")
    assert 1 == await bench.store.release(None)
    assert [job.id] == [lost.id for lost in await bench.store.lost_submits(NOW, "new")]


async def test_claims_never_hand_out_submits_in_the_air(bench: Bench) -> None:
    """A Submitting job is in no lane, however old its claim."""
    await bench.add(make_job(Submitting))
    bench.clock.advance(1e6)

    assert [] == [job for lane in Lane for job in await bench.claim(lane)]


async def test_a_cancel_does_not_take_a_call_out_of_its_workers_hands(bench: Bench) -> None:
    """A cancel remembered while the paid call is in the air leaves the claim: rescue must not call it lost."""
    job = make_job()
    await bench.add(job)
    await bench.claim(Lane.SUBMIT, "w1")
    await bench.begin(job)
    flying = await bench.store.get(job.id)
    wished = await bench.store.commit(make_change(flying, flying.state, cancel=Cancel(NOW)))

    assert [] == await bench.store.lost_submits(NOW, "rescue")
    doubt = make_state(Unconfirmed)
    assert (await bench.store.commit(make_change(wished, doubt), "w1")).state == doubt
    assert [] == await bench.store.lost_submits(NOW + 1e6, "rescue")


async def test_a_new_attempt_is_claimed_afresh(bench: Bench) -> None:
    """A job that is queued again after its task failed waits in the lane of submits with no claim on it."""
    job = make_job(Generating, task_id="t1")
    await bench.add(job)
    await bench.claim(Lane.WATCH, "w1")
    again = await bench.store.commit(make_change(job, Queued(NOW), past=(make_task("t1"),), attempt=2))

    assert [again] == await bench.claim(Lane.SUBMIT, "w2")
