"""The contract of slots beside their claims: what is held, what is parked, what was seen, and when to look again."""

from __future__ import annotations

import math

import pytest

from tests.contract.stores import LIMIT, Bench
from tests.factories import (
    MODEL,
    NOW,
    make_account,
    make_change,
    make_intent,
    make_job,
    make_notice,
    make_state,
)
from wanreel.domain.event import Park, Pause, SlotKey
from wanreel.domain.job import STATES, Archiving, Cancelled, Failed, Generating, Queued, State, Submitting, Unconfirmed
from wanreel.domain.policy import longest_delay_s
from wanreel.domain.slots import Learned
from wanreel.ports.jobs import Lane
from wanreel.ports.slots import Parked

KEY = SlotKey("main", MODEL)


async def park(bench: Bench, kind: Pause, until: float, *, model: str = MODEL, at: float = NOW) -> Park:
    """Park a key with the change of some job that does not matter."""
    job = make_job(Generating, model="elsewhere")
    await bench.add(job)
    made = Park(SlotKey("main", model), kind, until, f"{kind} until {until}")
    await bench.store.commit(make_change(job, Cancelled(at), at=at, park=made))
    return made


async def lift(bench: Bench, key: SlotKey) -> None:
    """Commit a change by which a slot of a key came free."""
    job = make_job(Generating, model="elsewhere")
    await bench.add(job)
    await bench.store.commit(make_change(job, Cancelled(NOW), lift=key))


# --- slots ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STATES)
async def test_slots_are_held_from_the_intent_to_the_vendors_last_word(bench: Bench, kind: type[State]) -> None:
    """Submitting, Unconfirmed and Generating hold a slot; before and after nothing is held."""
    await bench.add(make_job(kind))

    held = kind in (Submitting, Unconfirmed, Generating)
    assert ({KEY: 1} if held else {}) == dict(await bench.store.in_use(NOW))


async def test_slots_are_counted_by_key(bench: Bench) -> None:
    """Every account and model has its own count, and a spare counts even beyond the limit."""
    await bench.add(
        *(make_job(Generating) for _ in range(LIMIT)),
        make_job(Generating, spare_of="job_x"),
        make_job(Generating, model="other"),
        make_job(Generating, account=make_account("second")),
    )

    expected = {KEY: LIMIT + 1, SlotKey("main", "other"): 1, SlotKey("second", MODEL): 1}
    assert expected == dict(await bench.store.in_use(NOW))


async def test_a_doubts_slot_is_counted_for_three_hours(bench: Bench) -> None:
    """The slot of a doubtful job ends with the vendor's own deadline, counted from the intent."""
    await bench.add(make_job(Unconfirmed(make_intent(NOW - 100), since=NOW, why="")))
    end = NOW - 100 + bench.policy.vendor_deadline_s

    assert {KEY: 1} == dict(await bench.store.in_use(end - 0.1))
    assert {} == dict(await bench.store.in_use(end))


# --- parks ----------------------------------------------------------------------------------------------------------


async def test_a_park_is_in_force_until_its_end(bench: Bench) -> None:
    """A park is listed with the instant it was made, until the instant it ends."""
    made = await park(bench, Pause.BUSY, NOW + 5)

    assert [Parked(made, NOW)] == await bench.store.parks(NOW + 4.9)
    assert [] == await bench.store.parks(NOW + 5)


async def test_a_shorter_park_never_shortens_one_of_another_kind(bench: Bench) -> None:
    """Parks of several kinds stand side by side on a key, and the longest holds."""
    quota = await park(bench, Pause.QUOTA, NOW + 180)
    busy = await park(bench, Pause.BUSY, NOW + 2)

    assert [busy, quota] == [p.park for p in await bench.store.parks(NOW)]
    assert [quota] == [p.park for p in await bench.store.parks(NOW + 2)]


async def test_a_park_of_the_same_kind_is_the_latest_word(bench: Bench) -> None:
    """A newer park of the same kind on the same key takes the older one's place; it is parked since the first."""
    await park(bench, Pause.BUSY, NOW + 60)
    newer = await park(bench, Pause.BUSY, NOW + 30, at=NOW + 10)

    assert [Parked(newer, NOW)] == await bench.store.parks(NOW + 10)


async def test_a_park_after_a_pause_begins_anew(bench: Bench) -> None:
    """Where the earlier park had ended, the new one is in force since its own beginning."""
    await park(bench, Pause.BUSY, NOW + 5)
    newer = await park(bench, Pause.BUSY, NOW + 30, at=NOW + 10)

    assert [Parked(newer, NOW + 10)] == await bench.store.parks(NOW + 10)


async def test_a_freed_slot_ends_only_the_busy_park_of_its_key(bench: Bench) -> None:
    """What was parked for quota, or on another key, stays parked when a slot comes free."""
    await park(bench, Pause.BUSY, NOW + 60)
    quota = await park(bench, Pause.QUOTA, NOW + 60)
    other = await park(bench, Pause.BUSY, NOW + 60, model="other")
    account = await park(bench, Pause.BUSY, NOW + 60, model="*")

    await lift(bench, KEY)

    assert [account, other, quota] == [p.park for p in await bench.store.parks(NOW)]


async def test_lifting_nothing_is_harmless(bench: Bench) -> None:
    """A slot that comes free where nothing is parked changes nothing."""
    await lift(bench, KEY)

    assert [] == await bench.store.parks(NOW)


async def test_a_person_lifts_the_parks_of_an_account(bench: Bench) -> None:
    """All parks of the account end, of every kind and model, and no other account's."""
    await park(bench, Pause.BUSY, NOW + 60)
    await park(bench, Pause.ACCOUNT, NOW + 60, model="*")

    assert 0 == await bench.store.lift("second")
    assert 2 == await bench.store.lift("main")
    assert [] == await bench.store.parks(NOW)
    await park(bench, Pause.BUSY, NOW + 60)
    assert 1 == await bench.store.lift(None)
    assert 0 == await bench.store.lift(None)


async def test_ended_parks_are_not_counted_as_lifted(bench: Bench) -> None:
    """A park that a claim has found ended is forgotten, so that lifting counts what was in force."""
    await park(bench, Pause.BUSY, NOW + 5)
    bench.clock.advance(5.0)
    await bench.claim(Lane.SUBMIT)

    assert 0 == await bench.store.lift(None)


# --- what was seen --------------------------------------------------------------------------------------------------


async def test_another_jobs_task_is_a_witness(bench: Bench) -> None:
    """A task that the vendor has shown at or after an instant counts, the job's own and other accounts' do not."""
    seen = make_job(Generating, seen_at=NOW)
    await bench.add(seen, make_job(Generating), make_job(Generating, account=make_account("second"), seen_at=NOW + 9))

    assert await bench.store.seen_since("main", NOW, "job_other")
    assert not await bench.store.seen_since("main", NOW + 0.1, "job_other")
    assert not await bench.store.seen_since("main", NOW, seen.id)
    assert await bench.store.seen_since("second", NOW + 5, seen.id)


async def test_a_witness_is_not_forgotten(bench: Bench) -> None:
    """A job that has ended since, or has not been seen at its last look, still proves that the account was visible."""
    ended, looked = make_job(Archiving, seen_at=NOW), make_job(Generating, seen_at=NOW - 5)
    await bench.add(ended, looked)
    await bench.store.commit(make_change(ended, make_state(Failed)))
    await bench.store.commit(make_change(looked, make_state(Generating, seen_at=None)))

    assert await bench.store.seen_since("main", NOW, looked.id)
    assert await bench.store.seen_since("main", NOW - 5, ended.id)


# --- when to look again ---------------------------------------------------------------------------------------------


async def test_with_nothing_pending_there_is_nothing_to_wait_for(bench: Bench) -> None:
    """Ended jobs, doubts and delivered notices need nobody at any instant."""
    job = make_job(Generating)
    await bench.add(make_job(Failed), make_job(Unconfirmed), make_job(Cancelled), job)
    notice = make_notice(job)
    await bench.store.commit(make_change(job, Cancelled(NOW), notices=(notice,)))
    await bench.store.delivered([notice.id], NOW)

    assert await bench.store.next_due(NOW) is None


async def test_the_earliest_due_instant_counts(bench: Bench) -> None:
    """Of all lanes and notices the one that is due first says when to look."""
    job = make_job(Generating, due_at=NOW + 9)
    archived = make_job(Archiving, due_at=NOW + 7)
    queued = make_job(due_at=NOW + 5)
    await bench.add(job, archived, queued)

    assert NOW + 5 == await bench.store.next_due(NOW)
    await bench.store.commit(make_change(queued, Cancelled(NOW)))
    assert NOW + 7 == await bench.store.next_due(NOW)
    await bench.store.commit(make_change(archived, Cancelled(NOW)))
    assert NOW + 9 == await bench.store.next_due(NOW)
    await bench.store.commit(make_change(job, Cancelled(NOW), notices=(make_notice(job, at=NOW + 1),)))
    assert NOW + 1 == await bench.store.next_due(NOW)


async def test_what_is_overdue_is_named_by_its_own_instant(bench: Bench) -> None:
    """Work that is late lies in the past; the caller knows not to wait."""
    await bench.add(make_job(Generating, due_at=NOW - 3), make_job(Generating, due_at=NOW + 3))

    assert NOW - 3 == await bench.store.next_due(NOW)


async def test_claimed_work_counts_from_the_end_of_its_claim(bench: Bench) -> None:
    """Work in somebody's hands needs nobody else before the claim has run out."""
    await bench.add(make_job(Generating, due_at=NOW - 3))
    await bench.claim(Lane.WATCH, for_s=30.0)

    assert NOW + 30 == await bench.store.next_due(NOW)
    assert NOW - 3 == await bench.store.next_due(NOW + 30)


async def test_work_put_far_away_by_a_jumped_clock_is_due_now(bench: Bench) -> None:
    """An instant further ahead than anybody plans counts as now, in every lane."""
    far_at = NOW + longest_delay_s(bench.policy) + 1
    watched = make_job(Generating, due_at=far_at)
    await bench.add(watched)
    assert NOW == await bench.store.next_due(NOW)

    await bench.store.commit(make_change(watched, Queued(far_at)))
    assert NOW == await bench.store.next_due(NOW)
    assert far_at == await bench.store.next_due(NOW + 1)


async def test_a_call_in_the_air_counts_from_the_end_of_its_claim(bench: Bench) -> None:
    """A Submitting job needs rescue when its claim runs out; one that nobody holds needs it since its intent."""
    job = make_job()
    await bench.add(job)
    await bench.begin(job)
    assert NOW + 60 == await bench.store.next_due(NOW)

    await bench.add(make_job(Submitting(make_intent(NOW - 5)), model="other"))
    assert NOW - 5 == await bench.store.next_due(NOW)


async def test_queued_work_without_a_slot_waits_for_nothing_that_can_be_named(bench: Bench) -> None:
    """With every slot held until the vendor speaks, due queued work alone does not call for another look."""
    await bench.add(make_job(), *(make_job(Generating, due_at=NOW + 40) for _ in range(LIMIT)))

    assert NOW + 40 == await bench.store.next_due(NOW)


async def test_queued_work_waits_for_a_doubt_to_run_out(bench: Bench) -> None:
    """Where doubts hold the slots, the end of the one that frees the first slot is the instant to look."""
    deadline_s = bench.policy.vendor_deadline_s
    doubts = [make_job(Unconfirmed(make_intent(NOW - age_s), since=NOW, why="")) for age_s in (100, 300, 200)]
    await bench.add(make_job(), *doubts)  # three held, two allowed: the second end frees one

    assert NOW - 200 + deadline_s == await bench.store.next_due(NOW)


async def test_queued_work_behind_work_being_made_ready_waits_for_that(bench: Bench) -> None:
    """A claimed queued job that counts on the last slot is waited for until its claim ends."""
    bench.limits[KEY] = 1
    await bench.add(make_job(at=NOW - 2), make_job(at=NOW - 1))
    await bench.claim(Lane.SUBMIT, for_s=30.0)

    assert NOW + 30 == await bench.store.next_due(NOW)


async def test_a_limit_of_none_waits_for_nothing(bench: Bench) -> None:
    """Queued work of a key that may have no slot never calls for a look."""
    bench.limits[KEY] = 0
    await bench.add(make_job())

    assert await bench.store.next_due(NOW) is None


async def test_parked_work_waits_for_the_end_of_the_park(bench: Bench) -> None:
    """Due queued work counts from the end of the longest park on it; parks without queued work do not count."""
    await park(bench, Pause.BUSY, NOW + 5, model="nobody-waits-here")
    assert await bench.store.next_due(NOW) is None

    queued = make_job()
    await bench.add(queued)
    await park(bench, Pause.BUSY, NOW + 10)
    await park(bench, Pause.QUOTA, NOW + 20)
    await park(bench, Pause.ACCOUNT, NOW + 15, model="*")
    assert NOW + 20 == await bench.store.next_due(NOW)
    assert NOW + 20 == await bench.store.next_due(math.nextafter(NOW + 20, 0))
    assert NOW == await bench.store.next_due(NOW + 20)


async def test_queued_work_waits_until_the_air_is_clear(bench: Bench) -> None:
    """While a submit of the key is unanswered, the next counts from the end of the quiet time."""
    first, second = make_job(at=NOW - 2), make_job(at=NOW - 1)
    await bench.add(first, second)
    await bench.begin(first)

    assert NOW + bench.policy.quiet_s == await bench.store.next_due(NOW)


# --- what refusals teach --------------------------------------------------------------------------------------------


async def refuse(bench: Bench, *, at: float = NOW, key: SlotKey = KEY) -> None:
    """Commit a refusal that says that no more may run on a key."""
    job = make_job(Submitting, model="elsewhere")
    await bench.add(job)
    await bench.store.commit(make_change(job, Cancelled(at), at=at, full=key))


async def test_a_refusal_teaches_what_the_others_hold(bench: Bench) -> None:
    """The limit of a key becomes what is held at that moment, its refused job not counted."""
    bench.limits[KEY] = 5
    refused = make_job(Submitting)
    await bench.add(refused, make_job(Generating), make_job(Generating), make_job(Generating, model="other"))

    await bench.store.commit(make_change(refused, Queued(NOW), full=KEY))

    assert {KEY: Learned(2, NOW, bench.policy.probe_first_s)} == dict(await bench.store.learned())


async def test_a_learned_limit_holds_until_a_probe_is_due(bench: Bench) -> None:
    """Neither a claim nor a beginning goes beyond it; ten minutes later one more is let through, by no write."""
    bench.limits[KEY] = 5
    first, second = make_job(at=NOW - 2), make_job(at=NOW - 1)
    await bench.add(make_job(Generating, due_at=NOW + 900), first, second)
    await refuse(bench)

    assert [] == await bench.claim(Lane.SUBMIT)
    assert not await bench.begin(first)
    assert NOW + bench.policy.probe_first_s == await bench.store.next_due(NOW)
    bench.clock.advance(bench.policy.probe_first_s)
    assert [first.id] == [job.id for job in await bench.claim(Lane.SUBMIT)]
    assert await bench.begin(first)
    bench.clock.advance(bench.policy.quiet_s)
    assert not await bench.begin(second)


async def test_what_was_learned_can_be_forgotten(bench: Bench) -> None:
    """A person who has had a limit raised says so for an account, or for all."""
    await refuse(bench)
    await refuse(bench, key=SlotKey("second", MODEL))

    assert 1 == await bench.store.unlearn("main")
    assert [SlotKey("second", MODEL)] == list(await bench.store.learned())
    assert 1 == await bench.store.unlearn(None)
    assert 0 == await bench.store.unlearn(None)


async def test_what_was_learned_outlives_the_process(bench: Bench) -> None:
    """Another door to the same jobs knows the same limits."""
    await refuse(bench)

    assert dict(await bench.store.learned()) == dict(await (await bench.second()).learned())
