"""`/v1/jobs`: order, look, list, wait, cancel, retry, resolve. No look ever calls the vendor."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from wanreel.api.access import Admin, Reader, Submitter, visible_job, visible_sight
from wanreel.api.desk import desk_of
from wanreel.api.orders import (
    answered,
    ask_of,
    checked_key,
    etag_of,
    jobs_out,
    keyed,
    money,
    noted_out,
    one_out,
    order_of,
    tag_of,
    with_ask,
)
from wanreel.api.paging import page_of
from wanreel.api.prefer import must_match, names_tag, wait_s, waited
from wanreel.api.problems import documented
from wanreel.api.schemas import (
    CancelIn,
    Foreseen,
    History,
    HistoryEntry,
    JobOut,
    JobPage,
    MarkIn,
    Ordered,
    OrderIn,
    Planned,
    ResolveIn,
)
from wanreel.api.switch import Room
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.job import STATES, is_final, state_name
from wanreel.domain.mark import marking_of
from wanreel.domain.request import to_json
from wanreel.ports.jobs import Filter
from wanreel.service.settling import settlement
from wanreel.service.view import view_entry
from wanreel.service.view_money import view_foreseen

router = Room(prefix="/v1", tags=["jobs"])

STATE_NAMES = [state_name(state) for state in STATES]
PAGE_MAX = 200

JobId = Annotated[
    str, Path(max_length=100, description="A job's whole id.", examples=["job_01k8xgjt2k3m4n5p6q7r8s9t0v"])
]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="The same key never makes a second order; kept as long as the job."),
]
Prefer = Annotated[
    str | None, Header(description="`wait=N`: answer once it has ended, or after N seconds.", examples=["wait=30"])
]
IfMatch = Annotated[str | None, Header(description="Only if it still is as this ETag says.")]
IfNoneMatch = Annotated[str | None, Header(description="304 when it still is as this ETag says.")]

WHERE = {"Location": {"description": "Where to look after it.", "schema": {"type": "string"}}}
_TAGGED = {"ETag": {"description": "Changes with the job.", "schema": {"type": "string"}}}


@router.post(
    "/jobs",
    status_code=202,
    responses={
        200: {"model": Ordered, "description": "With `Prefer: wait`: it has ended.", "headers": WHERE},
        202: {"headers": WHERE, "description": "Stored, and made as soon as a slot is free."},
        **documented("conflict", "too_large", "too_slow", "unsupported"),
    },
)
async def submit(
    request: Request, answer: Response, body: OrderIn, caller: Submitter, key: Key = None, prefer: Prefer = None
) -> Ordered:
    """Order one clip, or several variants of one wish. The jobs are durable when this answers, whether or not the
    vendor can be reached.
    """
    desk = desk_of(request)
    order = await order_of(desk, body, caller, checked_key(key))
    if key is not None:
        order = with_ask(order, ask_of("/v1/jobs", body.model_dump(mode="json")))
    planned = await desk.service.plan(order)
    jobs = await desk.service.submit(order, planned)
    desk.nudge()
    await desk.note(caller, jobs[0].project, "order", jobs[0].id)
    patience_s = wait_s(prefer, desk.rules.wait_s_max)
    jobs = await waited(desk, caller, jobs, patience_s)
    group = jobs[0].group
    answer.headers["Location"] = f"/v1/groups/{group}" if group and len(jobs) > 1 else f"/v1/jobs/{jobs[0].id}"
    if patience_s:
        answer.headers["Preference-Applied"] = f"wait={int(patience_s)}"
        answer.status_code = 200 if all(map(is_final, jobs)) else 202
    out = await jobs_out(desk, jobs, new=key is None and not patience_s)
    return Ordered(group=group, jobs=out, warnings=list(planned.warnings), estimate=money(planned))


@router.post("/estimate", tags=["catalog"], responses=documented("too_large", "too_slow", "unsupported"))
async def estimate(request: Request, body: OrderIn, caller: Reader) -> Planned:
    """Check and price an order. Nothing is ordered, sent or paid."""
    desk = desk_of(request)
    order = await order_of(desk, body, caller)
    planned = await desk.service.plan(order)
    foreseen = await desk.service.foresee([(order, planned)])
    calls = [desk.preview(one) for one in planned.requests]
    return Planned(
        estimate=money(planned),
        warnings=list(planned.warnings),
        budget=Foreseen.model_validate(view_foreseen(foreseen)),
        calls=calls,
        requests=[to_json(one) for one in planned.requests],
        project=planned.project,
        tags=list(planned.tags),
        priority=planned.priority,
    )


@router.get("/jobs", responses=documented("not_found"))
async def list_jobs(
    request: Request,
    answer: Response,
    caller: Reader,
    state: Annotated[list[str] | None, Query(description=f"Only these: {', '.join(STATE_NAMES)}.")] = None,
    group: Annotated[str | None, Query(max_length=100)] = None,
    project: Annotated[str | None, Query(max_length=200)] = None,
    tag: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Words in the prompt or the name.", examples=["red kite"])
    ] = None,
    model: Annotated[list[str] | None, Query(description="Only of these models.")] = None,
    favourites: Annotated[bool | None, Query(description="True: only favourites.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before.")] = None,
) -> JobPage:
    """Jobs, newest first."""
    desk = desk_of(request)
    for word in state or ():
        if word not in STATE_NAMES:
            raise Invalid("", (Problem("state", f"must be one of {', '.join(STATE_NAMES)}", word),))
    if project is not None and not caller.sees(project):
        return JobPage(data=[], next=None)
    if after is not None:
        await visible_job(request, after, caller)
    which = Filter(
        states=tuple(state or ()),
        group=group,
        project=caller.project or project,
        tag=tag,
        words="".join(filter(str.isprintable, q or "")).strip() or None,
        models=tuple(model or ()),
        favourites=bool(favourites),
        limit=limit + 1,
        after=after,
    )
    found = await desk.service.list(which)
    page, more = page_of(found, limit, request, answer)
    return JobPage(data=await jobs_out(desk, page), next=more)


@router.get(
    "/jobs/{job_id}",
    responses={
        200: {"headers": _TAGGED},
        304: {"description": "Not changed.", "headers": _TAGGED},
        **documented("not_found"),
    },
    response_model=JobOut,
)
async def get(
    request: Request,
    job_id: JobId,
    caller: Reader,
    if_none_match: IfNoneMatch = None,
    prefer: Prefer = None,
) -> Response:
    """A job as it stands; with `Prefer: wait`, once it has ended."""
    desk = desk_of(request)
    sight = await visible_sight(request, job_id, caller)
    patience_s = wait_s(prefer, desk.rules.wait_s_max)
    if patience_s and not is_final(sight.job):
        await waited(desk, caller, [sight.job], patience_s)
        sight = await desk.service.look(job_id)
    out = await one_out(desk, sight)
    tag = etag_of(out)
    if names_tag(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return answered(out, headers={"ETag": tag})


@router.patch(
    "/jobs/{job_id}",
    response_model=JobOut,
    responses=documented("not_found", "changed", "too_large", "too_slow", "unsupported"),
)
async def mark(request: Request, job_id: JobId, caller: Submitter, body: MarkIn, if_match: IfMatch = None) -> Response:
    """Say that a job is a favourite (or is not), or give it other tags; in whatever state it is. The order itself, and
    its version, stay as they are.
    """
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    await must_match(if_match, lambda: tag_of(desk, job))
    change = marking_of(body.favourite, body.tags, body.add_tags, body.remove_tags)
    await desk.marks.mark(job, change, caller.token)
    return await noted_out(desk, caller, "mark", job)


@router.get("/jobs/{job_id}/history", responses=documented("not_found"))
async def history(request: Request, job_id: JobId, caller: Reader) -> History:
    """Everything that happened to a job, oldest first, with the vendor's words."""
    job = await visible_job(request, job_id, caller)
    entries = await desk_of(request).service.history(job.id)
    return History(data=[HistoryEntry.model_validate(view_entry(entry)) for entry in entries])


@router.post(
    "/jobs/{job_id}/cancel",
    response_model=JobOut,
    responses=documented("not_found", "conflict", "changed", "too_large", "too_slow", "unsupported"),
)
async def cancel(
    request: Request,
    job_id: JobId,
    caller: Submitter,
    body: CancelIn | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Ask that a job be stopped. What the vendor has begun is paid for, and kept unless `discard`."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    await must_match(if_match, lambda: tag_of(desk, job))
    after = await desk.service.cancel(job.id, discard=body.discard if body else False, seen=job)
    desk.nudge()
    return await noted_out(desk, caller, "cancel", after)


@router.post(
    "/jobs/{job_id}/retry",
    status_code=202,
    responses={202: {"headers": WHERE}, **documented("not_found", "conflict")},
)
async def retry(request: Request, answer: Response, job_id: JobId, caller: Submitter, key: Key = None) -> JobOut:
    """Repeat a failed or cancelled job as a new one that names the old."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    fresh = await desk.service.retry(job.id, **keyed(caller, key, request.url.path, None))
    desk.nudge()
    await desk.note(caller, job.project, "retry", job.id)
    answer.headers["Location"] = f"/v1/jobs/{fresh.id}"
    return await one_out(desk, await desk.service.look(fresh.id))


@router.post(
    "/jobs/{job_id}/resolve",
    response_model=JobOut,
    responses=documented("not_found", "conflict", "changed", "too_large", "too_slow", "unsupported"),
)
async def resolve(
    request: Request, job_id: JobId, caller: Admin, body: ResolveIn, if_match: IfMatch = None
) -> Response:
    """Settle a job in doubt after looking in the vendor's console."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    await must_match(if_match, lambda: tag_of(desk, job))
    event = settlement(adopt=body.adopt, resubmit=body.resubmit, give_up=body.give_up, note=body.note)
    after = await desk.service.resolve(job.id, event)
    desk.nudge()
    return await noted_out(desk, caller, "resolve", after)
