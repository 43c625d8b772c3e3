"""The auditor's own account of money: what the vendor was paid for, by its books and a few prices known by heart.

It knows no rule of the ledger. At every submit it adds up, from the jobs as they were last written, what may have to be
paid, and holds that against the budget; at the end the ledger must say, task by task, what the vendor's books say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from tests.simulation.world import BrokenPromise
from wanreel.domain.job import (
    Archiving,
    Cancelled,
    Failed,
    Generating,
    Job,
    Submitting,
    Succeeded,
    Unconfirmed,
)
from wanreel.emulator.tasks import Task as DeskTask
from wanreel.money.ledger import Posting, Purse

CNY_PER_S = {  # at the sizes asked for
    "wan2.5-t2v-preview": Decimal("0.6"),
    "wan2.5-i2v-preview": Decimal("0.6"),
    "wan2.2-t2v-plus": Decimal("0.14"),
}
CLIP_S = Decimal(5)
NOBODY_KNOWS = ("given_up", "horizon", "task_unknown", "no_video_url")  # ends after which a bill may still come


def price_of(model: str) -> Decimal:
    """What a whole clip costs."""
    return CNY_PER_S[model] * CLIP_S


def exposure(jobs: Collection[Job]) -> Decimal:
    """What these jobs have cost, may cost, or may have cost. What was given up and has turned up counts once: as the
    spare it has become.
    """
    turned_up = {job.spare_of for job in jobs}
    counted = (job for job in jobs if _counts(job) and not (_given_up(job) and job.id in turned_up))
    return sum((price_of(job.request.model) for job in counted), Decimal(0))


def _given_up(job: Job) -> bool:
    return isinstance(job.state, Failed) and job.state.code == "given_up"


def _counts(job: Job) -> bool:
    state = job.state
    if isinstance(state, Failed):
        return state.outcome is not None or state.code in NOBODY_KNOWS
    if isinstance(state, Cancelled):
        return state.outcome is not None
    return isinstance(state, (Submitting, Unconfirmed, Generating, Archiving, Succeeded))


def check_books(
    postings: Sequence[Posting],
    tasks: Mapping[str, DeskTask],
    owner: Mapping[str, str],
    jobs: Mapping[str, Job],
    now: float,
) -> None:
    """The ledger at the end of a world, against the vendor's books. Raises BrokenPromise."""
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    times: Counter[str] = Counter()
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    doubtful: defaultdict[str, Decimal] = defaultdict(Decimal)
    for p in postings:
        if p.amount is None:
            raise BrokenPromise(f"{p.id}: of an unknown amount, though every price is known")
        if p.target is Purse.SPENT:
            spent[p.task] += p.amount
            times[p.task] += not p.id.endswith("/over")
        for purse, amount in ((p.source, -p.amount), (p.target, p.amount)):
            if purse is Purse.RESERVED:
                held[p.holder] += amount
            elif purse is Purse.UNPROVEN:
                doubtful[p.holder] += amount
    for job_id, amount in held.items():
        if amount:
            raise BrokenPromise(f"{job_id}: {amount} is still reserved at the end")
    for task_id, job_id in owner.items():
        paid = _paid(tasks[task_id], now)
        job = jobs[job_id]
        if times[task_id] > 1:
            raise BrokenPromise(f"{job_id}: task {task_id} was settled {times[task_id]} times")
        if spent[task_id] == paid:
            continue
        unsure = isinstance(job.state, Failed) and job.state.code in NOBODY_KNOWS
        if not (unsure and not spent[task_id] and doubtful[job_id] == paid):
            raise BrokenPromise(
                f"{job_id}: task {task_id} cost {paid} at the vendor and {spent[task_id]} in the ledger"
            )
    strange = sorted(spent.keys() - owner.keys())
    if strange:
        raise BrokenPromise(f"settled for tasks of nobody: {strange}")
    for job_id, amount in doubtful.items():
        state = jobs[job_id].state
        if amount and not (isinstance(state, Failed) and state.code in NOBODY_KNOWS):
            raise BrokenPromise(f"{job_id}: {amount} is unproven though it is {type(state).__name__}")


def _paid(task: DeskTask, now: float) -> Decimal:
    if task.status_at(now) != "SUCCEEDED":
        return Decimal(0)
    return CNY_PER_S[task.model] * Decimal(str(task.billed_s))
