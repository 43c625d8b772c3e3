"""A hundred clips at once, and in the middle of it an account's limit, key or host fails: all end well all the same.

Nobody helps: no person looks at a doubt, or says that an account may go on. Where two accounts share the work, what
waits moves away from the host that is down, but for one job, which proves what became of the lost calls.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulation.faults import Faults
from tests.simulation.planted import PLANTED
from tests.simulation.run import BOUND_S, Build, Stage
from tests.simulation.vendor import GONE, REVOKED, SECOND, SECOND_KEY, VendorDoor
from tests.simulation.workload import ACCOUNT, OTHER
from tests.simulation.world import BrokenPromise, World, line
from wanreel.domain.job import Job, Queued, Succeeded
from wanreel.emulator.accounts import Account
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.scripts import Instruction
from wanreel.emulator.tasks import Task

pytestmark = pytest.mark.simulation

MODEL, CLIP_S = "wan2.5-t2v-preview", 5
JOBS, LIMIT, WORKERS = 100, 4, 2
BEGINS_AT = (20, 60)  # so many have ended when it begins
SICK_FOR_S = 3600.0
LONG_S = 60.0  # a task that waits so much longer than was drawn for it waits for another one's end
SEEDS = range(4)  # odd ones have a second account that shares the work and stays well; 2 and 3 see an answer get lost

Switch = Callable[[VendorDoor], None]


def _run_at_most(running: int) -> Switch:
    return lambda vendor: vendor.run_at_most(running, MODEL)


def _meet(trouble: Instruction | None) -> Switch:
    return lambda vendor: setattr(vendor, "trouble", trouble)


SICK: dict[str, tuple[Switch, Switch]] = {
    "limit halved": (_run_at_most(LIMIT // 2), _run_at_most(LIMIT)),
    "key revoked": (_meet(REVOKED), _meet(None)),
    "host down": (_meet(GONE), _meet(None)),
}
"""How each begins and how it is healed; it is the main account's."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was left of a batch: our jobs and our archive, the vendor's books, and what met the trouble."""

    jobs: list[Job]
    archived: set[str]
    tasks: list[Task]
    figures: dict[str, Any]
    answers: dict[str, int]
    met: dict[str, int]


def live(seed: int, sick: str, over_limit: str, build: Build | None = None) -> Batch:
    """Live through one batch; the auditor raises BrokenPromise."""
    rng = random.Random(seed)
    world = World(seed, rng, Faults(rng, dangerous=False))
    quirks = Quirks(over_limit=over_limit, list_lag_s=rng.choice((0.0, 2.0, 10.0)))
    theirs = (Account("main", running=LIMIT), Account(SECOND, keys=(SECOND_KEY,), running=LIMIT))
    desk = Desk(DeskSettings(accounts=theirs, quirks=quirks), seed=seed)
    stage = Stage.of(world, build or Build(), desk, LIMIT, (ACCOUNT, OTHER) if seed % 2 else (ACCOUNT,))
    auditor, vendor = stage.auditor, stage.vendor
    crews = stage.crews(WORKERS, frozenset())
    workload = stage.workload(crews)
    begin, heal = SICK[sick]
    begins_at, moment = rng.randint(*BEGINS_AT), _answer_underway if _loses(seed, sick) else _slot_free
    try:
        for crew in crews:
            crew.start()
        workload.batch(JOBS, MODEL)
        world.run(lambda: len(auditor.jobs) - len(auditor.open) >= begins_at and moment(stage))
        world.say("world", "falls ill:", sick)
        begin(vendor)
        world.after(SICK_FOR_S, lambda: _heal(stage, heal))
        workload.healed = True  # for those that move jobs: they rest when all is done
        ends_by = world.now + SICK_FOR_S + BOUND_S
        world.run(lambda: world.now > ends_by or auditor.at_rest())
        stage.close()
    except BrokenPromise:
        print("\n".join(line(*said) for said in list(world.said)[-40:]))
        raise
    finally:
        for crew in crews:
            for strand in crew.strands:
                strand.coro.close()
    figures = desk.figures(world.now)
    tasks, archived = desk.tasks(world.now), set(stage.archive.kept)
    return Batch(list(auditor.jobs.values()), archived, tasks, figures, figures["answers"], vendor.met)


def _heal(stage: Stage, heal: Switch) -> None:
    stage.world.say("world", "is healed")
    heal(stage.vendor)


def _loses(seed: int, sick: str) -> bool:
    """Whether the trouble begins while the vendor's yes to a paid call is on its way, and swallows it."""
    return sick == "host down" and seed >= 2


def _answer_underway(stage: Stage) -> bool:
    tasks, known = stage.auditor.tasks, stage.auditor.owner
    return any(task.account == ACCOUNT.id for task_id, task in tasks.items() if task_id not in known)


def _slot_free(stage: Stage) -> bool:
    """Something waits that will be sent now: it meets the trouble."""
    ours = [job for job in stage.auditor.jobs.values() if job.account == ACCOUNT and job.id in stage.auditor.open]
    waiting = sum(isinstance(job.state, Queued) for job in ours)
    return bool(waiting) and _running(ours) < LIMIT and not _answer_underway(stage)


def _running(jobs: list[Job]) -> int:
    return sum(type(job.state).__name__ in {"Submitting", "Generating", "Unconfirmed"} for job in jobs)


@pytest.mark.parametrize(
    ("sick", "over_limit"), [("limit halved", "queue"), *((trouble, "reject") for trouble in SICK)]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_hundred_clips_end_well(seed: int, sick: str, over_limit: str) -> None:
    """All hundred are archived and each is paid for once, by our books and by the vendor's own."""
    batch = live(seed, sick, over_limit)
    states = [job.state for job in batch.jobs]
    ends = [state for state in states if isinstance(state, Succeeded)]
    assert (len(states), len(ends)) == (JOBS, JOBS)
    assert {end.artifact.key for end in ends} == batch.archived
    assert len({end.task.id for end in ends}) == len(batch.archived) == JOBS
    assert batch.figures["tasks_accepted"] == batch.figures["tasks_succeeded"] == JOBS
    assert batch.figures["paid_seconds"] == JOBS * CLIP_S
    assert len({task.shot.prompt for task in batch.tasks}) == JOBS
    if sick != "limit halved":
        assert batch.met["submit"]
        assert batch.met["look"]
    elif over_limit == "reject":
        assert batch.answers["create.429"] > 0
    else:
        assert any((task.scheduled_at or 0.0) - task.submit_at - task.queue_s > LONG_S for task in batch.tasks)
    assert any(end.task.how == "adopted" for end in ends) == _loses(seed, sick)


@pytest.mark.parametrize(
    ("bug", "seed", "sick", "words"),
    [
        ("resubmit on doubt", 2, "host down", "Queued while the vendor has"),
        ("limit not learned", 0, "limit halved", "after a refusal with"),
        ("success before archive", 1, "key revoked", "is not in the archive"),
    ],
)
def test_a_planted_bug_is_caught_in_a_batch(bug: str, seed: int, sick: str, words: str) -> None:
    """A worker that sends a doubt again, runs into the same limit again or calls a clip kept too early is seen."""
    with pytest.raises(BrokenPromise, match=words):
        live(seed, sick, "reject", PLANTED[bug])
