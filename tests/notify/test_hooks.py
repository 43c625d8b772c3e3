"""Tests of notices as messages: who is told, once, and when a group is complete."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from tests.factories import make_job
from wanreel.domain.errors import NotFound
from wanreel.domain.event import Notice
from wanreel.domain.hook import KINDS, Hook, Secret
from wanreel.domain.job import Failed, Generating, Job, Succeeded, is_final
from wanreel.notify.hooks import HookNotifier
from wanreel.store.hooks import MemoryHooks

HOOK = Hook("hook_1", "https://a.example/", "default", (Secret("whsec_eA=="),), 1.0)


class Books:
    """Jobs as the notifier reads them."""

    def __init__(self, *jobs: Job) -> None:
        self.jobs = {job.id: job for job in jobs}

    async def job_of(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise NotFound(job_id)
        return self.jobs[job_id]

    async def group_of(self, group: str) -> Sequence[Job]:
        mine = [job for job in self.jobs.values() if job.group == group]
        return mine if all(map(is_final, mine)) else ()


async def told(books: Books, *notices: Notice, hooks: Sequence[Hook] = (HOOK,)) -> list[tuple[str, dict[str, object]]]:
    """What the first hook is owed after these notices, oldest first."""
    store = MemoryHooks()
    for hook in hooks:
        await store.put(hook)
    notifier = HookNotifier(store, books.job_of, books.group_of)
    for notice in notices:
        await notifier.tell(notice)
    return [(m.kind, json.loads(m.body)["data"]) for _, m in (await store.owed(hooks[0].id, 100))[::-1]]


def notice_of(job: Job, kind: str) -> Notice:
    """What a change to a job would tell."""
    return Notice(f"{job.id}.{job.version}.{kind}", job.id, kind, 5.0, "words")


async def test_a_notice_told_twice_is_owed_once() -> None:
    """At least once on our side is once at the receiver's."""
    job = make_job(Succeeded)
    owed = await told(Books(job), notice_of(job, "job.succeeded"), notice_of(job, "job.succeeded"))
    assert ["job.succeeded"] == [kind for kind, _ in owed]
    assert job.id == owed[0][1]["job"]


async def test_other_projects_hear_nothing() -> None:
    """A hook is told of its own project; an operator's of all."""
    job = make_job(Failed, project="films")
    assert [] == await told(Books(job), notice_of(job, "job.failed"))
    assert 1 == len(await told(Books(job), notice_of(job, "job.failed"), hooks=[replace(HOOK, project=None)]))


async def test_accounts_are_the_operators_matter() -> None:
    """What the vendor said about the account goes to hooks of all projects alone, without any job in it."""
    job = make_job(Generating)
    parked = notice_of(job, "account.parked")
    assert [] == await told(Books(job), parked)
    owed = await told(Books(job), parked, hooks=[replace(HOOK, project=None)])
    assert [("account.parked", {"text": "words"})] == owed


async def test_a_group_is_complete_with_its_last_job() -> None:
    """The end of a group is told once, after its last job's."""
    first, last = make_job(Succeeded, group="grp_1"), make_job(Generating, group="grp_1", index=1)
    assert ["job.succeeded"] == [k for k, _ in await told(Books(first, last), notice_of(first, "job.succeeded"))]
    ended = make_job(Failed, group="grp_1", index=1)
    notices = [notice_of(first, "job.succeeded"), notice_of(ended, "job.failed"), notice_of(ended, "job.failed")]
    owed = await told(Books(first, ended), *notices)
    assert 1 == [kind for kind, _ in owed].count("group.completed")


async def test_a_job_that_is_gone_is_still_told_of() -> None:
    """A notice of a job that was removed meanwhile reaches operators, and harms nobody."""
    notice = Notice("n", "job_gone", "job.failed", 5.0, "words")
    assert [("job.failed", {"text": "words"})] == await told(Books(), notice, hooks=[replace(HOOK, project=None)])


async def test_kinds_and_pauses_are_kept_to() -> None:
    """A hook hears what it asked for, and nothing while it is paused."""
    job = make_job(Failed)
    assert [] == await told(Books(job), notice_of(job, "job.failed"), hooks=[replace(HOOK, kinds=("job.succeeded",))])
    assert [] == await told(Books(job), notice_of(job, "job.failed"), hooks=[replace(HOOK, paused_at=1.0)])


def test_every_kind_of_notice_can_be_asked_for() -> None:
    """A webhook may name each kind that the code writes, and no kind that it never does."""
    source = files("wanreel")
    texts = [
        path.read_text(encoding="utf-8")
        for room in ("domain", "money", "notify", "worker")
        for path in Path(str(source.joinpath(room))).glob("*.py")
        if path.name != "hook.py"
    ]
    written = {kind for text in texts for kind in re.findall(r'"((?:job|group|account|budget|money)\.[a-z_]+)"', text)}
    ends = {f"job.{state}" for state in ("succeeded", "failed", "cancelled")}
    assert written - ends == set(KINDS) - ends
