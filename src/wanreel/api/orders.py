"""From a body to an order and back: references that may be opened from outside, keys by project, jobs as documented."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from wanreel.api.caller import Caller
from wanreel.api.desk import Desk
from wanreel.api.problems import Refusal
from wanreel.api.schemas import Artifact, CostOut, Estimate, JobOut, OrderIn
from wanreel.domain.errors import Invalid, NotFound, Problem
from wanreel.domain.job import Job, Succeeded, is_final
from wanreel.domain.mark import Mark
from wanreel.domain.reference import LocalPath, read_reference
from wanreel.domain.request import canonical
from wanreel.money.report import Line, costs
from wanreel.ports.overview import Sight
from wanreel.service import standing
from wanreel.service.order import Order
from wanreel.service.order import Planned as PlannedOrder
from wanreel.service.standing import Moment, Need, Progress
from wanreel.service.view import view, view_inputs
from wanreel.service.view_money import view_line
from wanreel.version import VERSION

KEY = re.compile(r"[\x21-\x7e]{1,255}")
UPLOAD = "upload://"
"""How an order names a file that was sent ahead of it: this, then the upload's id."""

_REFERENCES = ("first_frame", "last_frame", "audio_file")


async def order_of(desk: Desk, body: OrderIn, caller: Caller, key: str | None = None) -> Order:
    """The order a body means, its uploads as files of ours. Raises Invalid: a path of the server's own disk, an upload
    that is not there, somebody else's project.
    """
    problems = [
        *(p for name in _REFERENCES if (p := closed(name, getattr(body, name)))),
        *_project_problems(body, caller),
    ]
    if problems:
        raise Invalid("", tuple(problems))
    given = body.model_dump(exclude_none=True)
    if caller.project is not None:
        given["project"] = caller.project
    called: dict[str, str] = {}
    for name in _REFERENCES:
        if name in given:
            given[name], word = await opened(desk, caller, name, given[name])
            called[given[name]] = word
    return Order(**given, called=called, key=None if key is None else scoped_key(caller, key))


async def opened(desk: Desk, caller: Caller, field: str, reference: str) -> tuple[str, str]:
    """A reference as the service takes it: an upload is the file that came; and what its sender calls it ("": the
    reference says it). Raises Invalid.
    """
    if not reference.startswith(UPLOAD):
        return reference, ""
    nothing = Invalid(
        "", (Problem(field, "there is no such upload here (any more): send the file again", reference, "upload_gone"),)
    )
    try:
        found = await desk.uploads.find(reference.removeprefix(UPLOAD))
    except NotFound:
        raise nothing from None
    if found.path is None or (caller.project is not None and found.project != caller.project):
        raise nothing
    return str(found.path), found.name or reference


def closed(name: str, reference: str | None) -> Problem | None:
    """What is wrong with a reference that came from outside: it must not name a file of this machine."""
    if reference is None or reference.startswith(UPLOAD):
        return None
    try:
        found = read_reference(reference)
    except Invalid as wrong:
        return Problem(name, wrong.message, reference[:80])
    if isinstance(found, LocalPath):
        words = "must be a link, a data: URL or an upload: a server opens no paths of its own disk"
        return Problem(name, words, reference[:80])
    return None


def _project_problems(body: OrderIn, caller: Caller) -> Sequence[Problem]:
    if body.project is None or caller.sees(body.project):
        return ()
    return (Problem("project", "must be left out: the token says whose it is", body.project, "project_of_token"),)


# --- idempotency ----------------------------------------------------------------------------------------------------


def checked_key(key: str | None) -> str | None:
    """An Idempotency-Key as it came. Raises Refusal where it is none."""
    if key is not None and not KEY.fullmatch(key):
        raise Refusal("malformed", "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.")
    return key


def scoped_key(caller: Caller, key: str) -> str:
    """A key among those of all projects: two projects may use the same word. No project's name holds a slash, so none
    can be another one's name with the beginning of a key.
    """
    return f"http:{_scope(caller.project)}:{key}"


def _scope(project: str | None) -> str:
    return "*" if project is None else "/*" if project == "*" else project.replace(":", "/:")


def ask_of(path: str, body: Any) -> str:
    """What a keyed request asked for, so that the same key with another body is noticed."""
    return hashlib.sha256(canonical([path, body]).encode("utf-8", "surrogatepass")).hexdigest()


def keyed(caller: Caller, key: str | None, path: str, body: Any) -> dict[str, str]:
    """The key and the hash that the job of a call is to remember; none without a key: the same call again is another.
    Raises Refusal.
    """
    checked = checked_key(key)
    return {} if checked is None else {"key": scoped_key(caller, checked), "ask": ask_of(path, body)}


def with_ask(order: Order, ask: str | None) -> Order:
    """The order, remembering what was asked for."""
    return replace(order, ask=ask)


# --- answers --------------------------------------------------------------------------------------------------------


async def jobs_out(desk: Desk, jobs: Iterable[Job], *, new: bool = False) -> list[JobOut]:
    """Jobs as documented, with how they are getting on (not of those that are `new`: they have only just been ordered)
    and what a person has to do for each. No more looks for many than for one.
    """
    asked = list(jobs)
    moment = await desk.glance.moment() if any(not is_final(job) for job in asked) else None
    marks = await desk.marks.of([] if new else asked)
    told = await desk.service.progress(asked, moment) if moment is not None and not new else {}
    return [job_out(job, _wants(desk, job, moment), marks.get(job.id), told.get(job.id)) for job in asked]


async def one_out(desk: Desk, sight: Sight) -> JobOut:
    """A job as documented, with how it is getting on and what it costs."""
    job = sight.job
    moment = None if is_final(job) else await desk.glance.moment()
    told = standing.progress(job, sight.ahead, moment) if moment is not None else None
    return job_out(job, _wants(desk, job, moment), sight.mark, told, costs(sight.postings))


def _wants(desk: Desk, job: Job, moment: Moment | None) -> Need | None:
    """What a person has to do before a job can move; `moment` None: it has ended."""
    if moment is None:
        return None
    far = desk.service.out_of_reach(job)
    return standing.need(job, moment) or (Need("elsewhere", far) if far else None)


async def noted_out(desk: Desk, caller: Caller, what: str, job: Job) -> Response:
    """The answer to something that was just done to a job, once it stands in the audit log."""
    _, sight = await asyncio.gather(desk.note(caller, job.project, what, job.id), desk.service.look(job.id))
    return answered(await one_out(desk, sight))


def job_out(
    job: Job,
    need: Need | None,
    mark: Mark | None = None,
    told: Progress | None = None,
    cost: Sequence[Line] | None = None,
) -> JobOut:
    """A job as documented; where its clip lies on our disk stays ours."""
    body = view(job, lambda _: "", mark)
    body |= {
        "version": job.version,
        "done": is_final(job),
        "attention": None if need is None else need.words,
        "attention_code": None if need is None else need.code,
        "attention_why": None if need is None else need.why or None,
        "inputs": view_inputs(job),
        "artifact": _artifact(job),
    }
    if told is not None:
        body |= {"progress": told.words, "rest_s": None if told.rest_s is None else round(told.rest_s, 1)}
    if cost is not None:
        body["cost"] = [_cost_out(line) for line in cost]
    return JobOut.model_validate(body)


def _cost_out(line: Line) -> CostOut:
    return CostOut.model_validate(
        {name: value for name, value in view_line(line).items() if name in CostOut.model_fields}
    )


def _artifact(job: Job) -> Artifact | None:
    if not isinstance(job.state, Succeeded):
        return None
    kept = job.state.artifact
    return Artifact(
        url=f"/v1/jobs/{job.id}/artifact",
        key=kept.key,
        size_bytes=kept.size_bytes,
        sha256=kept.sha256,
        media_type=kept.media_type,
    )


def money(planned: PlannedOrder) -> Estimate:
    """An order's estimate as documented."""
    e = planned.estimate
    return Estimate(
        amount=None if e.amount is None else str(e.amount * planned.clips),
        per_clip=None if e.amount is None else str(e.amount),
        currency=e.currency,
        clips=planned.clips,
        at_most=e.at_most,
        source=e.source,
        as_of=e.as_of,
        why=e.why or None,
    )


def etag_of(out: JobOut) -> str:
    """Changes with anything that is shown, but for the words of progress, which change by the second. What the job
    itself says changes with its version, and with ours.
    """
    beside = [
        out.version,
        out.attention,
        out.favourite,
        out.tags,
        [one.model_dump() for one in out.cost or ()],
        VERSION,
    ]
    return f'"{out.version}-{hashlib.sha256(canonical(beside).encode("utf-8", "replace")).hexdigest()[:16]}"'


async def tag_of(desk: Desk, job: Job) -> str:
    """The ETag of a job as it stands."""
    return etag_of(await one_out(desk, await desk.service.look(job.id)))


def answered(out: JobOut, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A job as an answer, written once: it was checked when it was made."""
    return Response(out.model_dump_json(), status, headers, media_type="application/json")
