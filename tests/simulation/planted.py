"""Bugs planted on purpose: each exchanges one part of a world, and the auditor has to find it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.domain.catalog_file import BOOKS
from tests.simulation.auditor import Auditor
from tests.simulation.clips import clip_of, sha_of
from tests.simulation.doors import ArchiveDoor, Receiver, StoreDoor
from tests.simulation.run import Build
from tests.simulation.vendor import ResultsDoor
from tests.simulation.world import World
from wanreel.domain.booking import Kind
from wanreel.domain.doubt import Call, Case
from wanreel.domain.errors import Stale, Unavailable
from wanreel.domain.event import Change, Event, NotFound, Notice, Refused, Stored, SubmitBegun, TaskFailed
from wanreel.domain.job import Account, Archiving, Artifact, Generating, Intent, Job, Queued, Submitting, Succeeded
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy
from wanreel.emulator.desk import Desk
from wanreel.money.books import Books
from wanreel.ports.archive import KeepFailed
from wanreel.ports.jobs import Filter, Lane
from wanreel.ports.vendor import Ended
from wanreel.store.memory import MemoryStore
from wanreel.watch.doubts import Search
from wanreel.worker.rescue import rescue
from wanreel.worker.step import settle, step
from wanreel.worker.tools import CLAIM_S, Tools

# --- resubmit on doubt ----------------------------------------------------------------------------------------------


async def rescue_and_resend(tools: Tools) -> int:
    """A doubt is taken for proof that nothing was bought, and goes back to the queue by itself."""
    found = await rescue(tools)
    for job in await tools.jobs.find(Filter(states=("unconfirmed",))):
        await settle(job, NotFound("list", "it must have been lost"), tools)
    return found


# --- POST before commit ---------------------------------------------------------------------------------------------


async def send_then_commit(job: Job, tools: Tools, seen: Ended | None = None) -> None:
    """The paid call is made first, and the intent written once it has answered."""
    if not isinstance(job.state, Queued):
        await step(job, tools, seen)
        return
    prepared = await tools.vendor.prepare(job)
    now = tools.clock.now()
    intent = Intent(tools.clock.new_id("int"), now, now + tools.policy.send_by_s, prepared.fingerprint)
    answer = await tools.vendor.submit(job, intent, prepared)
    begun = tools.books.enter(job, transition(job, SubmitBegun(intent), now, tools.policy, tools.clock.draw()))
    if await tools.slots.begin(begun, now, tools.policy.quiet_s, now + CLAIM_S[Lane.SUBMIT]):
        await settle(begun.job, answer, tools)


# --- Accepted dropped after a lost claim ----------------------------------------------------------------------------


class DropsStale(StoreDoor):
    """Whoever lost a write is told that all is well, and so does not read again."""

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        try:
            return await super().commit(change, owner)
        except Stale:
            return change.job


# --- version check skipped ------------------------------------------------------------------------------------------


class LastWriterWins(StoreDoor):
    """A change is written on whatever version is there."""

    async def _write(self, change: Change, owner: str | None) -> Job:
        there = await self.store.get(change.job.id)
        if there.version != change.was and not self.calm:
            job = replace(change.job, version=there.version + 1)
            entry = replace(change.entry, version=job.version) if change.entry else None
            change = replace(change, job=job, was=there.version, entry=entry)
        return await super()._write(change, owner)


# --- success before archive -----------------------------------------------------------------------------------------


async def succeed_then_keep(job: Job, tools: Tools, seen: Ended | None = None) -> None:
    """The job is called succeeded as soon as the clip is known, and copied afterwards."""
    state = job.state
    if not isinstance(state, Archiving) or state.requery:
        await step(job, tools, seen)
        return
    key, task_id = tools.artifact_key(job), state.task.id
    artifact = Artifact(key, len(clip_of(task_id)), sha_of(task_id))
    await settle(job, Stored(artifact), tools)
    try:
        await tools.archive.keep(key, tools.results.fetch(job.account, state.outcome.video_url))
    except KeepFailed:
        return


# --- length check skipped -------------------------------------------------------------------------------------------


def careless_archive(world: World) -> ArchiveDoor:
    """Whatever comes is kept."""
    return ArchiveDoor(world, checks=False)


def careless_results(world: World, desk: Desk, auditor: Auditor) -> ResultsDoor:
    """A connection that ends has brought the whole file."""
    return ResultsDoor(world, desk, auditor, checks=False)


# --- slot freed early -----------------------------------------------------------------------------------------------

DOUBTS_HOLD_NOTHING = Policy(vendor_deadline_s=1.0)
"""For the store alone: a doubt lets go of its slot at once, though the vendor may well be running its task."""


# --- cancel forgotten -----------------------------------------------------------------------------------------------


class ForgetsCancel(StoreDoor):
    """An answer that meets a cancelled job is written over the wish."""

    async def _write(self, change: Change, owner: str | None) -> Job:
        there = await self.store.get(change.job.id)
        if isinstance(there.state, Submitting) and isinstance(change.job.state, Generating):
            change = replace(change, job=replace(change.job, cancel=None))
        return await super()._write(change, owner)


# --- notice lost ----------------------------------------------------------------------------------------------------


class SwallowsErrors(Receiver):
    """A notice that could not be delivered counts as delivered."""

    async def tell(self, notice: Notice) -> None:
        try:
            await super().tell(notice)
        except Unavailable:
            return


# --- doubts settled carelessly --------------------------------------------------------------------------------------


class TakesTheFirst(Search):
    """Whatever tells our words first is ours, whoever's key it has."""

    async def _decide(self, account: Account, case: Case, memory: Any, *, complete: bool) -> list[tuple[Job, Event]]:
        nobody = frozenset[str]()
        first = replace(case, rows=case.rows[-1:], key_ids=nobody, keys_seen=nobody, teachable=False)
        return await super()._decide(account, first, memory, complete=complete)


class BelievesOneRead(Search):
    """What one read of the list does not show was never bought."""

    async def _decide(self, account: Account, case: Case, memory: Any, *, complete: bool) -> list[tuple[Job, Event]]:
        proofs = {job_id: replace(proof, seeing=case.reads_needed) for job_id, proof in case.proofs.items()}
        return await super()._decide(account, replace(case, proofs=proofs), memory, complete=complete)


class SeesNoPictures(Search):
    """Calls with the same words are the same call."""

    async def _decide(self, account: Account, case: Case, memory: Any, *, complete: bool) -> list[tuple[Job, Event]]:
        calls = tuple(
            Call(replace(c.job, request=replace(c.job.request, media=())), c.intent, c.lost) for c in case.calls
        )
        found = await super()._decide(account, replace(case, calls=calls), memory, complete=complete)
        jobs = {call.job.id: call.job for call in case.calls}
        return [(jobs[job.id], event) for job, event in found]


# --- settled twice --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SettlesTwice(Books):
    """A clip is settled when it is made, and once more when it is kept."""

    def enter(self, before: Job, change: Change) -> Change:
        entered = super(SettlesTwice, self).enter(before, change)
        state = change.job.state
        if isinstance(state, Succeeded) and not isinstance(before.state, Succeeded) and change.entry is not None:
            settled = self._settle(change.job, state.task, state.outcome.usage, change.entry.at)
            return replace(entered, money=(*entered.money, replace(settled, id=f"{settled.id}:kept")))
        return entered


# --- reservation leaked ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeaksReservations(Books):
    """A refused submit keeps its reservation."""

    def enter(self, before: Job, change: Change) -> Change:
        entered = super(LeaksReservations, self).enter(before, change)
        refused = change.entry is not None and isinstance(change.entry.event, Refused)
        return replace(entered, money=()) if refused else entered


# --- failed task charged --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChargesFailures(Books):
    """What FAILED is settled like what was made."""

    def enter(self, before: Job, change: Change) -> Change:
        entered = super(ChargesFailures, self).enter(before, change)
        if change.entry is None or not isinstance(change.entry.event, TaskFailed):
            return entered
        amount = self.quote(before, change.entry.at).amount
        charged = tuple(replace(b, kind=Kind.SETTLE, amount=amount) for b in entered.money if b.kind is Kind.RELEASE)
        return replace(entered, money=charged)


# --- budget read before the lock ------------------------------------------------------------------------------------


class ReadsBudgetEarly(StoreDoor):
    """Whether there is money is looked up before the submit is got ready, and believed when the intent is written."""

    async def _begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        assert isinstance(self.store, MemoryStore)
        budgets, self.store._budgets = self.store._budgets, {}
        try:
            return await super()._begin(change, now, quiet_s, claimed_until)
        finally:
            self.store._budgets = budgets


# --- limit not learned ----------------------------------------------------------------------------------------------


class LearnsNothing(StoreDoor):
    """A refusal is only waited out: the same limit is run into again."""

    async def _write(self, change: Change, owner: str | None) -> Job:
        return await super()._write(replace(change, full=None), owner)


PLANTED: dict[str, Build] = {
    "resubmit on doubt": Build(rescue=rescue_and_resend),
    "POST before commit": Build(step=send_then_commit),
    "Accepted dropped after a lost claim": Build(door=DropsStale),
    "version check skipped": Build(door=LastWriterWins),
    "success before archive": Build(step=succeed_then_keep),
    "length check skipped": Build(archive=careless_archive, results=careless_results),
    "slot freed early": Build(store_policy=DOUBTS_HOLD_NOTHING),
    "cancel forgotten": Build(door=ForgetsCancel),
    "limit not learned": Build(door=LearnsNothing),
    "notice lost": Build(receiver=SwallowsErrors),
    "foreign task adopted": Build(search=TakesTheFirst),
    "absence believed early": Build(search=BelievesOneRead),
    "another's picture adopted": Build(search=SeesNoPictures),
    "settled twice": Build(books=SettlesTwice(BOOKS.catalog, BOOKS.tariff)),
    "reservation leaked": Build(books=LeaksReservations(BOOKS.catalog, BOOKS.tariff)),
    "failed task charged": Build(books=ChargesFailures(BOOKS.catalog, BOOKS.tariff)),
    "budget read before the lock": Build(door=ReadsBudgetEarly),
}
