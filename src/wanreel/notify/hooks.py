"""Notices turned into messages for webhooks: stored and owed in one write, delivered by the courier at its own pace."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wanreel.domain.errors import NotFound
from wanreel.domain.event import Notice
from wanreel.domain.hook import Hook, Message
from wanreel.domain.job import Failed, Job, Succeeded, is_final, state_name
from wanreel.domain.request import canonical
from wanreel.ports.hooks import Hooks

GROUP = "group.completed"


@dataclass(frozen=True, slots=True)
class Happened:
    """What a message is about; `source` names it, once and for all."""

    source: str
    kind: str
    at: float
    project: str | None


class HookNotifier:
    """`ports.Notifier` that owes each hook what it wants. `job_of` raises NotFound; `group_of` gives a group's jobs
    once all of them have ended, and none before.
    """

    def __init__(
        self,
        hooks: Hooks,
        job_of: Callable[[str], Awaitable[Job]],
        group_of: Callable[[str], Awaitable[Sequence[Job]]],
    ) -> None:
        self._hooks = hooks
        self._job_of = job_of
        self._group_of = group_of

    async def tell(self, notice: Notice) -> None:
        """As `ports.Notifier.tell`. The same notice again owes nothing twice."""
        await self.tell_all([notice])

    async def tell_all(self, notices: Sequence[Notice]) -> None:
        """As `ports.TellsMany.tell_all`: who wants what is looked up once."""
        hooks = await self._hooks.all()
        for notice in notices if hooks else ():
            await self._tell(notice, hooks)

    async def _tell(self, notice: Notice, hooks: Sequence[Hook]) -> None:
        try:
            job = await self._job_of(notice.job_id)
        except NotFound:
            job = None
        of_job = job is not None and notice.kind.startswith("job.")
        project = job.project if job is not None and not notice.kind.startswith("account.") else None
        data = job_data(job, notice) if of_job and job is not None else {"text": notice.text}
        await self._owe(hooks, Happened(notice.id, notice.kind, notice.at, project), data)
        if of_job and job is not None and job.group is not None and is_final(job):
            await self._group(hooks, job.group, job.project, notice.at)

    async def _group(self, hooks: Sequence[Hook], group: str, project: str, at: float) -> None:
        jobs = await self._group_of(group)
        if not jobs:
            return
        data = {
            "group": group,
            "project": project,
            "jobs": [{"job": job.id, "state": state_name(job.state)} for job in jobs],
        }
        await self._owe(hooks, Happened(f"{group}.{len(jobs)}", GROUP, at, project), data)

    async def _owe(self, hooks: Sequence[Hook], what: Happened, data: dict[str, Any]) -> None:
        wanting = [hook.id for hook in hooks if hook.wants(what.kind, what.project)]
        when = datetime.fromtimestamp(what.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = canonical({"type": what.kind, "timestamp": when, "data": data})
        message = Message(message_id(what.source), what.kind, what.at, what.project, body)
        await self._hooks.tell(message, wanting, what.at)


def message_id(source: str) -> str:
    """The same for the same notice, so that a receiver can drop a second delivery; the standard wants no dots in it."""
    return f"msg_{hashlib.sha256(source.encode()).hexdigest()[:32]}"


def job_data(job: Job, notice: Notice) -> dict[str, Any]:
    """What receivers are told of a job; the rest is a GET away."""
    data: dict[str, Any] = {
        "job": job.id,
        "state": state_name(job.state),
        "project": job.project,
        "group": job.group,
        "name": job.name,
        "text": notice.text,
    }
    if isinstance(job.state, Succeeded):
        kept = job.state.artifact
        data["artifact"] = {
            "url": f"/v1/jobs/{job.id}/artifact",
            "size_bytes": kept.size_bytes,
            "sha256": kept.sha256,
            "media_type": kept.media_type,
        }
    if isinstance(job.state, Failed):
        data["error"] = {"code": job.state.code, "message": job.state.message, "fault": str(job.state.fault)}
    return data
