"""The one way a next job is put together: from a job and an event to a Change, with its entry and notices."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from wanreel.domain.event import Change, Entry, Event, Notice, Park, Pause, SlotKey
from wanreel.domain.job import FINAL, Failed, Generating, Job, State, Task, state_name
from wanreel.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything a decision may depend on: the job as read, the event, one reading of the clock, one draw."""

    job: Job
    event: Event
    now: float
    policy: Policy
    draw: float

    def to(
        self,
        state: State,
        reason: str,
        *,
        notices: tuple[Notice, ...] = (),
        park: Park | None = None,
        full: SlotKey | None = None,
        quiet: bool = False,
        **fields: Any,
    ) -> Change:
        """The job in `state`; `quiet` leaves no history entry (a look that found nothing new)."""
        was = self.job
        job = replace(was, state=state, version=was.version + 1, **fields)
        entry = Entry(
            job_id=was.id,
            version=job.version,
            at=self.now,
            draw=self.draw,
            event=self.event,
            state_from=state_name(was.state),
            state_to=state_name(state),
            reason=reason,
        )
        said = self.ending(job, reason) + notices
        frees = isinstance(was.state, Generating) and not isinstance(state, Generating)
        return Change(
            job=job,
            was=was.version,
            entry=None if quiet else entry,
            notices=said,
            park=park,
            lift=slot_key(was) if frees else None,
            full=full,
        )

    def late(self) -> Change:
        """Late news: the job has moved on and this no longer matters; nothing is to be committed."""
        return Change(job=self.job, was=self.job.version, late=True)

    def spare(self, task: Task) -> Change:
        """A paid task beyond the one this job needs becomes a job of its own: watched, archived, settled, alarmed."""
        parent = self.job
        mark = hashlib.sha256(task.id.encode()).hexdigest()[:12]
        child = replace(
            parent,
            id=f"{parent.id}-spare-{mark}",
            state=self.watching(task),
            created_at=self.now,
            version=1,
            cancel=None,
            past=(),
            key=None,
            spare_of=parent.id,
            retry_of=None,
        )
        words = f"The vendor took a second task ({task.id}) for this job; it is kept as {child.id}."
        change = self.to(parent.state, "spare task recorded", notices=(self.notice("job.spare", words),))
        return replace(change, born=(child,))

    def watching(self, task: Task, first_look_s: float | None = None) -> Generating:
        """The state that watches a task from now on."""
        wait_s = self.policy.net_s if first_look_s is None else first_look_s
        return Generating(task=task, due_at=self.now + wait_s)

    def notice(self, kind: str, text: str) -> Notice:
        """A notice whose id is the same however often the same change is decided."""
        return Notice(f"{self.job.id}.{self.job.version + 1}.{kind}", self.job.id, kind, self.now, text)

    def ending(self, job: Job, reason: str) -> tuple[Notice, ...]:
        """Exactly one notice for a job that has just ended."""
        if not isinstance(job.state, FINAL) or isinstance(self.job.state, FINAL):
            return ()
        text = f"{job.state.code}: {job.state.message}" if isinstance(job.state, Failed) else reason
        return (self.notice(f"job.{state_name(job.state)}", text),)

    def parking(self, pause: Pause, seconds: float, why: str) -> Park:
        """Hold back this job's account and model, or the whole account."""
        key = slot_key(self.job)
        if pause is Pause.ACCOUNT:
            key = replace(key, model="*")
        return Park(key=key, kind=pause, until=self.now + seconds, why=why)


def slot_key(job: Job) -> SlotKey:
    """What this job's slot is counted on."""
    return SlotKey(job.account.id, job.request.model)
