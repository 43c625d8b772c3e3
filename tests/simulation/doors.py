"""The store, the archive and the receiver of notices as a simulated worker sees them: slow, unwell, and watched."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from tests.simulation.auditor import Auditor
from tests.simulation.world import World, hand
from wanreel.archive.boxes import BoxWalker, NotWhole
from wanreel.domain.booking import Booking
from wanreel.domain.errors import Stale, Unavailable
from wanreel.domain.event import Accepted, Change, Entry, Notice, SlotKey, TaskFailed, Trouble
from wanreel.domain.facts import Facts
from wanreel.domain.group import Group
from wanreel.domain.job import Artifact, Job, SpoolCopy
from wanreel.domain.runtimes import RunTime, RunTimes
from wanreel.domain.spooling import SpoolRoom
from wanreel.money.budget import Budget, Stop, Used
from wanreel.money.ledger import Overrun, Posting
from wanreel.ports.archive import KeepFailed, Label
from wanreel.ports.jobs import Claim, Filter
from wanreel.ports.ledger import Slice
from wanreel.ports.notices import Owed
from wanreel.ports.slots import Parked
from wanreel.ports.watching import Known, Told, Watched
from wanreel.store.memory import MemoryStore
from wanreel.store.postgres.store import PostgresStore

Store = MemoryStore | PostgresStore
DOWN_S = (0.0, 2.0, 60.0, 1500.0)
OUT_OF_BREATH = 0.3  # of lost writes are followed by a store that cannot be read either
VERDICTS = (Accepted, TaskFailed)
CHANCES = 10


class StoreDoor:
    """`ports.Jobs`, `ports.Slots` and `ports.Outbox` over the memory store, each call an await that may go wrong.

    Each process has a door of its own, so that one may be cut off while the others go on.
    `calm`: for people and for asking questions; nothing goes wrong and nothing is waited for.
    """

    def __init__(self, world: World, store: Store, auditor: Auditor, *, calm: bool = False) -> None:
        self.world = world
        self.store = store
        self.auditor = auditor
        self.calm = calm
        self.down_until = 0.0
        self.on_begin: Callable[[Job], None] = lambda job: None

    async def add(self, jobs: Sequence[Job], group: Group | None = None) -> list[Job]:
        await self._enter("add", jobs[0].id)
        self.world.touched += 1
        stored = await self.store.add(jobs, group)
        self.auditor.added(jobs, stored)
        return stored

    async def get(self, job_id: str) -> Job:
        await self._enter("get", job_id)
        return await self.store.get(job_id)

    async def find(self, which: Filter) -> list[Job]:
        await self._enter("find", "")
        return await self.store.find(which)

    async def claim(self, claim: Claim) -> list[Job]:
        await self._enter("claim", claim.lane.value)
        self.world.touched += 1
        return await self.store.claim(claim)

    async def commit(self, change: Change, owner: str | None = None) -> Job:
        job_id = change.job.id
        await self._enter("commit", job_id)
        if not self.calm and self.world.faults.hit("store_conflict"):
            if self.world.rng.random() < OUT_OF_BREATH:
                self._fail("reading again")
            raise Stale(f"{job_id}: somebody else was quicker")
        if not self.calm and change.entry is not None and isinstance(change.entry.event, VERDICTS):
            for _ in range(CHANCES):  # trouble picks on what matters
                if self.world.faults.hit("store_down"):
                    self._fail("a verdict")
                    raise Unavailable("the store is down")
        job = await self._write(change, owner)
        await self._leave("committed", job_id)
        return job

    async def release(self, owner: str | None, job_id: str | None = None) -> int:
        await self._enter("release", job_id or owner or "everybody")
        self.world.touched += 1
        ended = await self.store.release(owner, job_id)
        self.auditor.released(owner, job_id)
        return ended

    async def hasten(self, now: float) -> int:
        await self._enter("hasten", "")
        self.world.touched += 1
        return await self.store.hasten(now)

    async def history(self, job_id: str) -> list[Entry]:
        return await self.store.history(job_id)

    async def begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        job_id = change.job.id
        await self._enter("begin", job_id)
        before = await self.store.get(job_id)
        admitted = await self._begin(change, now, quiet_s, claimed_until)
        if admitted:
            self.auditor.begun(before, change, now, claimed_until)
            self.on_begin(change.job)
        await self._leave("begun", job_id)
        return admitted

    async def in_use(self, now: float) -> Mapping[SlotKey, int]:
        return await self.store.in_use(now)

    async def parks(self, now: float) -> list[Parked]:
        return await self.store.parks(now)

    async def lift(self, account: str | None) -> int:
        await self._enter("lift", account or "all")
        self.world.touched += 1
        return await self.store.lift(account)

    async def lost_submits(self, now: float, owner: str) -> list[Job]:
        await self._enter("lost submits", "")
        self.world.touched += 1
        jobs = await self.store.lost_submits(now, owner)
        self.auditor.rescuing(jobs)
        return jobs

    async def seen_since(self, account: str, since: float, but: str) -> bool:
        await self._enter("seen since", but)
        return await self.store.seen_since(account, since, but)

    async def next_due(self, now: float) -> float | None:
        world = self.world
        if world.peeked[:2] != (now, world.touched):  # asked again before anything was written: half of all the asking
            world.peeked = (now, world.touched, await self.store.next_due(now))
        return world.peeked[2]

    async def running(self, account: str) -> list[Watched]:
        await self._enter("running", account)
        return await self.store.running(account)

    async def told_since(self, mark: int | None) -> Told:
        await self._enter("told since", "" if mark is None else str(mark))
        return await self.store.told_since(mark)

    async def learn(self, *met: RunTime) -> None:
        await self._enter("learn", met[0].kind.model)
        await self.store.learn(*met)

    async def runtimes(self) -> RunTimes:
        await self._enter("runtimes", "")
        return await self.store.runtimes()

    async def facts(self, account: str) -> Facts:
        await self._enter("facts", account)
        return await self.store.facts(account)

    async def note(self, account: str, met: Facts) -> Facts:
        await self._enter("note", account)
        return await self.store.note(account, met)

    async def known_tasks(self, account: str, ids: Sequence[str]) -> Mapping[str, Known]:
        await self._enter("known tasks", account)
        return await self.store.known_tasks(account, ids)

    async def postings(self, which: Slice) -> list[Posting]:
        return await self.store.postings(which)

    async def stop(self, job: Job, wanted: Booking, now: float) -> Stop | None:
        await self._enter("stop", job.id)
        return await self.store.stop(job, wanted, now)

    async def budgets(self, now: float) -> list[Used]:
        return await self.store.budgets(now)

    async def put_budget(self, budget: Budget) -> None:
        self.world.touched += 1
        await self.store.put_budget(budget)

    async def drop_budget(self, budget_id: str) -> None:
        self.world.touched += 1
        await self.store.drop_budget(budget_id)

    async def overruns(self) -> list[Overrun]:
        return await self.store.overruns()

    async def clear(self, model: str | None) -> int:
        self.world.touched += 1
        return await self.store.clear(model)

    async def lease(self, account: str, owner: str, now: float, until: float) -> bool:
        await self._enter("lease", account)
        return await self.store.lease(account, owner, now, until)

    async def present(self, owner: str, until: float) -> None:
        await self._enter("present", owner)
        await self.store.present(owner, until)

    async def gone(self, owner: str) -> None:
        await self.store.gone(owner)

    async def bury(self, now: float) -> int:
        await self._enter("bury", "")
        freed = await self.store.bury(now)
        if freed:
            self.world.touched += 1
            self.auditor.buried(await self.store.alive(now))
        return freed

    async def owed(self, now: float, limit: int) -> list[Owed]:
        await self._enter("owed", "")
        return await self.store.owed(now, limit)

    async def delivered(self, ids: Sequence[str], now: float) -> None:
        await self._enter("delivered", ids[0])
        self.world.touched += 1
        await self.store.delivered(ids, now)

    async def postpone(self, notice_id: str, due_at: float) -> None:
        await self._enter("postpone", notice_id)
        self.world.touched += 1
        await self.store.postpone(notice_id, due_at)

    # --- what planted bugs replace ----------------------------------------------------------------------------------

    async def _write(self, change: Change, owner: str | None) -> Job:
        before = await self.store.get(change.job.id)
        self.world.touched += 1
        job = await self.store.commit(change, owner)
        self.auditor.committed(before, change)
        return job

    async def _begin(self, change: Change, now: float, quiet_s: float, claimed_until: float) -> bool:
        self.world.touched += 1
        return await self.store.begin(change, now, quiet_s, claimed_until)

    # --- going wrong ------------------------------------------------------------------------------------------------

    async def _enter(self, what: str, subject: str) -> None:
        """Before anything is done: the call may be late, the store may be down."""
        if self.calm:
            return
        await hand(what, subject)
        if self.world.faults.hit("store_down"):
            self._fail(what)
            raise Unavailable("the store is down")
        if self.world.now < self.down_until:
            raise Unavailable("the store is still down")

    def _fail(self, what: str) -> None:
        """From here on, for a while, this process cannot reach the store."""
        self.down_until = self.world.now + self.world.rng.choice(DOWN_S)
        self.world.say("store", f"is out of reach for {self.down_until - self.world.now:.0f} s", what)

    async def _leave(self, what: str, subject: str) -> None:
        """After a write: the process may die without knowing, or be told that it failed although it did not."""
        if self.calm:
            return
        await hand(what, subject)
        if self.world.faults.hit("store_torn"):
            raise Unavailable("the store was written and could not say so")


class ArchiveDoor:
    """`ports.Archive`: checks each clip's boxes with the real check, and is sometimes full."""

    def __init__(self, world: World, *, checks: bool = True) -> None:
        self.world = world
        self.checks = checks
        self.kept: dict[str, str] = {}  # key -> hash

    async def keep(self, key: str, pieces: AsyncIterator[bytes], label: Label | None = None) -> Artifact:
        await hand("keep", key)
        walker, digest, size = BoxWalker(), hashlib.sha256(), 0
        try:
            async for piece in pieces:
                if self.world.faults.hit("disk_full"):
                    raise KeepFailed(Trouble.DESTINATION, "no space left on the disk")
                if self.checks:
                    walker.feed(piece)
                digest.update(piece)
                size += len(piece)
            if self.checks:
                walker.finish()
        except NotWhole as not_whole:
            raise KeepFailed(Trouble.BAD_BYTES, not_whole.why) from not_whole
        sha256 = digest.hexdigest()
        if self.kept.get(key, sha256) != sha256:
            key = f"{key}-{sha256[:8]}"
        self.kept[key] = sha256
        await hand("kept", key)
        return Artifact(key, size, sha256)

    async def sweep(self) -> int:
        await hand("sweep")
        return 0


class SpoolDoor:
    """`ports.Spool`: a disk with room, that outlives every process; a clip is there when all of it is."""

    name = ""  # one machine's, whose processes all read it

    def __init__(self, world: World) -> None:
        self.world = world
        self.clips: dict[str, list[bytes]] = {}

    async def take(self, job_id: str, pieces: AsyncIterator[bytes], expected_bytes: int) -> SpoolCopy | None:
        await hand("spool", job_id)
        data = self.clips.get(job_id)
        if data is None:
            walker, data = BoxWalker(), [piece async for piece in pieces]
            try:
                for piece in data:
                    walker.feed(piece)
                walker.finish()
            except NotWhole as not_whole:
                raise KeepFailed(Trouble.BAD_BYTES, not_whole.why) from not_whole
            self.clips[job_id] = data
        await hand("spooled", job_id)
        clip = b"".join(data)  # another worker may have dropped it since
        return SpoolCopy(self.world.wall, len(clip), hashlib.sha256(clip).hexdigest())

    async def read(self, job_id: str, copy: SpoolCopy) -> AsyncIterator[bytes]:
        await hand("unspool", job_id)
        if job_id not in self.clips:  # another worker has brought it home since
            raise KeepFailed(Trouble.SPOOL, "the spool has it no longer")
        for piece in self.clips[job_id]:
            yield piece

    async def drop(self, job_id: str) -> None:
        await hand("drop", job_id)
        self.clips.pop(job_id, None)

    async def held(self) -> list[str]:
        return sorted(self.clips)

    async def has(self, job_id: str) -> bool:
        return job_id in self.clips

    async def noted(self) -> list[str]:
        return []

    async def others(self, job_id: str) -> tuple[str, ...]:
        return ()

    async def room(self) -> SpoolRoom:
        return SpoolRoom(10**12, len(self.clips), 0, 10**12)

    async def sweep(self) -> int:
        return 0


class Receiver:
    """`ports.Notifier`: whoever is to be told, not always at home."""

    def __init__(self, world: World, auditor: Auditor) -> None:
        self.world = world
        self.auditor = auditor

    async def tell(self, notice: Notice) -> None:
        await hand("tell", notice.id)
        if self.world.faults.hit("webhook_failing"):
            raise Unavailable("the receiver answered 503")
        self.auditor.told(notice)
        await hand("told", notice.id)
