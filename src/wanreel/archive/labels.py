"""What a clip's file tells of its job wherever it lies: enough to find the job again, nothing of its words. Pure.

A bucket takes names of a-z, 0-9 and dashes, and printable ASCII, 2 kB in all; other letters are percent-encoded.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote

from wanreel.archive.naming import safe_part
from wanreel.domain.errors import Invalid
from wanreel.domain.job import TASK_ID, Account, Artifact, Job, Outcome, Succeeded, Task, current_task
from wanreel.domain.labels import PROJECT, project_name
from wanreel.domain.request import Request
from wanreel.ports.archive import Label, Shelved

_VALUE_LETTERS_MAX = 180
_ID = re.compile(r"[a-z]{2,8}_[0-9a-z]{1,40}")
_INDEX_MAX = 1_000_000  # in a group
_NAME_LETTERS_MAX = 200
_FIRST_AT = 1_704_067_200.0  # 2024: nobody had such a clip before
_CLOCKS_DIFFER_S = 86_400.0
_FORMS = {
    "mode": re.compile(r"[a-z0-9_]{1,20}"),
    "model": re.compile(r"[\w.:/@-]{1,100}", re.ASCII),
    "account": re.compile(r"[\w.:@-]{1,100}"),
    "region": re.compile(r"[a-z0-9-]{1,40}"),
    "size": re.compile(r"[\w*:.-]{1,40}", re.ASCII),
    "duration-s": re.compile(r"[0-9]{1,5}"),
    "seed": re.compile(r"[0-9]{1,10}"),
    "index": re.compile(r"[0-9]{1,10}"),
}
_SAFE = " !#$&'()*+,/:;=?@[]~"


def label_of(job: Job) -> Label:
    """The label of a job's clip."""
    request, task = job.request, current_task(job)
    facts = {
        "job": job.id,
        "created-at": f"{job.created_at:.6f}",
        "account": job.account.id,
        "region": job.account.region,
        "mode": request.mode,
        "model": request.model,
        "seed": request.seed,
        "size": request.size or request.resolution,
        "duration-s": request.duration_s,
        "prompt-sha256": hashlib.sha256(request.prompt.encode()).hexdigest(),
        "task": task.id if task else None,
        "accepted-at": f"{task.accepted_at:.6f}" if task else None,
        "group": job.group,
        "index": job.index if job.group else None,
        "name": job.name,
        "spare-of": job.spare_of,
        "project": job.project,
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


def job_of(there: Shelved, artifact: Artifact, account_of: Callable[[str, str], Account]) -> Job:
    """The finished job a file is of, made again from its facts: without its words, of which only a hash was kept.
    `account_of` finds an account by id and region. Raises Invalid: they do not say which job, or say nonsense.

    Anybody who can write to the storage can have written them: nothing of them is taken that is not of its field's
    form, and no time that the file itself makes impossible.
    """
    facts = read(there.facts)
    job_id, task_id = facts.get("job", ""), facts.get("task", "")
    if not _ID.fullmatch(job_id) or not TASK_ID.fullmatch(task_id):
        raise Invalid("nothing beside it says which job it is of")
    strange = [name for name, form in _FORMS.items() if name in facts and not form.fullmatch(facts[name])]
    if strange:
        raise Invalid(f"what is told beside it makes no sense: {', '.join(strange)}")
    index = _whole(facts.get("index")) or 0
    if index > _INDEX_MAX:
        raise Invalid("what is told beside it makes no sense: index")
    size = facts.get("size")
    request = Request(
        mode=facts.get("mode", ""),
        model=facts.get("model", ""),
        size=size if size and "*" in size else None,
        resolution=size if size and "*" not in size else None,
        duration_s=_whole(facts.get("duration-s")),
        seed=_whole(facts.get("seed")),
    )
    last_at = there.modified_at + _CLOCKS_DIFFER_S
    created_at = _instant(facts.get("created-at"), there.modified_at, last_at)
    accepted_at = max(created_at, _instant(facts.get("accepted-at"), created_at, last_at))
    task = Task(task_id, accepted_at, how="adopted")
    group, spare_of = facts.get("group", ""), facts.get("spare-of", "")
    return Job(
        id=job_id,
        request=request,
        account=account_of(facts.get("account", ""), facts.get("region", "")),
        state=Succeeded(task, Outcome("", there.modified_at), artifact, there.modified_at),
        created_at=created_at,
        group=group if _ID.fullmatch(group) else None,
        index=index,
        name=_name(facts.get("name")),
        spare_of=spare_of if _ID.fullmatch(spare_of) else None,
        project=project_name(facts.get("project", PROJECT)),
        bound=True,
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,10}", text) else None


def _name(text: str | None) -> str | None:
    """A name to show."""
    words = "".join(letter for letter in text or "" if letter.isprintable()).strip()[:_NAME_LETTERS_MAX]
    return words or None


def _instant(text: str | None, otherwise: float, last_at: float) -> float:
    try:
        at = float(text or "")
    except ValueError:
        return otherwise
    return at if math.isfinite(at) and _FIRST_AT <= at <= last_at else otherwise
