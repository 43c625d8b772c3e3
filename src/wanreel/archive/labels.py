"""What a clip's file tells of its job wherever it lies: enough to find the job again, nothing of its words. Pure.

A bucket takes names of a-z, 0-9 and dashes, and printable ASCII, 2 kB in all; other letters are percent-encoded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import quote, unquote

from wanreel.archive.naming import safe_part
from wanreel.domain.job import Job, current_task
from wanreel.ports import Label

_VALUE_LETTERS_MAX = 180
_SAFE = " !#$&'()*+,/:;=?@[]~"


def label_of(job: Job) -> Label:
    """The label of a job's clip."""
    request, task = job.request, current_task(job)
    facts = {
        "job": job.id,
        "created-at": f"{job.created_at:.3f}",
        "account": job.account.id,
        "region": job.account.region,
        "mode": request.mode,
        "model": request.model,
        "seed": request.seed,
        "size": request.size or request.resolution,
        "duration-s": request.duration_s,
        "prompt-sha256": hashlib.sha256(request.prompt.encode()).hexdigest(),
        "task": task.id if task else None,
        "accepted-at": f"{task.accepted_at:.3f}" if task else None,
        "group": job.group,
        "index": job.index if job.group else None,
        "name": job.name,
        "spare-of": job.spare_of,
    }
    name = safe_part(job.name) if job.name else job.id
    return Label(filename=f"{name}.mp4", facts=tuple(written(facts.items())))


def written(facts: Iterable[tuple[str, object]]) -> Iterable[tuple[str, str]]:
    """Facts as a bucket takes them; those that are not known are left out."""
    for name, value in facts:
        if value is not None and (text := quote(str(value), safe=_SAFE)[:_VALUE_LETTERS_MAX].strip()):
            yield name, text


def read(facts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The facts of a file as they were before `written`."""
    return {name: unquote(value) for name, value in facts}
