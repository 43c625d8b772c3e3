"""`/v1/groups`: the variants of one wish, and batches: several wishes stored all or none."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from wanreel.api.access import Reader, Submitter
from wanreel.api.caller import Caller
from wanreel.api.desk import Desk, desk_of
from wanreel.api.jobs import Key, Prefer
from wanreel.api.orders import ask_of, checked_key, jobs_out, order_of, scoped_key, with_ask
from wanreel.api.paging import page_of
from wanreel.api.prefer import wait_s, waited
from wanreel.api.problems import documented
from wanreel.api.schemas import BatchIn, BatchOut, GroupOut, GroupPage, GroupRecord, PickOut
from wanreel.api.switch import Room
from wanreel.domain.errors import Invalid, NotFound, Problem
from wanreel.domain.group import Group
from wanreel.domain.job import Job, is_final, state_name
from wanreel.ports.jobs import Filter
from wanreel.service.batch import PlannedRow, Row
from wanreel.service.order import Order
from wanreel.service.pictures import pick_body
from wanreel.service.view import iso

router = Room(prefix="/v1", tags=["groups"])

GroupId = Annotated[str, Path(max_length=100, examples=["grp_01k8xgjt2k3m4n5p6q7r8s9t0v"])]
_MOST = 200_000
PAGE_MAX = 200
CLIPS_MAX = 5000  # of one batch: all are stored, and answered, at once


@router.post(
    "/groups",
    status_code=202,
    responses={
        202: {"headers": {"Location": {"description": "The group.", "schema": {"type": "string"}}}},
        **documented("conflict", "too_large", "too_slow", "unsupported"),
    },
)
async def submit(request: Request, answer: Response, body: BatchIn, caller: Submitter, key: Key = None) -> BatchOut:
    """Order several wishes as one group: stored all or none. With a key, the same batch again is the same group."""
    desk = desk_of(request)
    key = checked_key(key)
    clips = sum(one.variants for one in body.orders)
    if clips > CLIPS_MAX:
        raise Invalid("", (Problem("orders", f"must make at most {CLIPS_MAX} clips together", str(clips)),))
    ask = None if key is None else ask_of("/v1/groups", body.model_dump(mode="json"))
    scoped = None if key is None else f"{scoped_key(caller, key)}/batch"
    orders = [with_ask(await order_of(desk, one, caller), ask) for one in body.orders]
    rows = [_row(place, order, scoped) for place, order in enumerate(orders)]
    batch = await desk.service.submit_batch(await _planned(desk, rows))
    desk.nudge()
    jobs = list(batch.jobs)
    group = jobs[0].group or ""
    noting = desk.note(caller, jobs[0].project, "order", group or jobs[0].id)
    _, out = await asyncio.gather(noting, jobs_out(desk, jobs, new=key is None))
    answer.headers["Location"] = f"/v1/groups/{group}"
    return BatchOut(group=group, jobs=out)


@router.get("/groups", responses=documented("not_found"))
async def list_groups(
    request: Request,
    answer: Response,
    caller: Reader,
    project: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before.")] = None,
) -> GroupPage:
    """Groups, newest first, as they were recorded; how each stands its own address tells."""
    picture = desk_of(request).picture
    if project is not None and not caller.sees(project):
        return GroupPage(data=[], next=None)
    if after is not None:
        await picture.record(after, caller.project)
    found = await picture.groups(caller.project or project, limit=limit + 1, after=after)
    page, more = page_of(found, limit, request, answer)
    return GroupPage(data=[_record(group) for group in page], next=more)


@router.get("/groups/{group_id}", responses=documented("not_found"))
async def get(request: Request, group_id: GroupId, caller: Reader, prefer: Prefer = None) -> GroupOut:
    """A group and its jobs; with `Prefer: wait`, once all of them have ended."""
    desk = desk_of(request)
    jobs = await jobs_of_group(desk, group_id, caller)
    jobs = await waited(desk, caller, jobs, wait_s(prefer, desk.rules.wait_s_max))
    states = Counter(state_name(job.state) for job in jobs)
    done = all(map(is_final, jobs))
    record, word, out = await asyncio.gather(
        desk.picture.record(group_id, caller.project), desk.picture.pick_of(group_id), jobs_out(desk, jobs)
    )
    pick = None if word is None else PickOut.model_validate(pick_body(word))
    return GroupOut(id=group_id, record=_record(record), pick=pick, done=done, states=dict(states), jobs=out)


def _record(group: Group) -> GroupRecord:
    return GroupRecord(
        id=group.id,
        kind=group.kind,
        project=group.project,
        name=group.name,
        created_at=iso(group.created_at) or "",
        wanted=group.wanted,
        seeds=group.seeds,
    )


async def jobs_of_group(desk: Desk, group: str, caller: Caller) -> list[Job]:
    """A group's jobs in their order. Raises NotFound, in the same words for missing and for somebody else's."""
    return sorted(await _of_group(desk, group, caller, _MOST), key=lambda job: (job.index, job.created_at, job.id))


async def group_seen(desk: Desk, group: str, caller: Caller) -> None:
    """Raises NotFound where a caller may not see a group, or there is none."""
    await _of_group(desk, group, caller, 1)


async def _of_group(desk: Desk, group: str, caller: Caller, limit: int) -> list[Job]:
    found = await desk.service.list(Filter(group=group, project=caller.project, limit=limit))
    if not found:
        raise NotFound(f"There is no group {group[:80]} here.")
    return found


def _row(place: int, order: Order, key: str | None) -> Row:
    row_key = None if key is None else f"{key}/{place}"
    return Row(place + 1, order.name or str(place + 1), replace(order, key=row_key))


async def _planned(desk: Desk, rows: list[Row]) -> list[PlannedRow]:
    """Every row checked and priced. Raises Invalid with the problems of all rows, each with its place."""
    planned: list[PlannedRow] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            planned.append(PlannedRow(row, await desk.service.plan(row.order)))
        except Invalid as wrong:
            found = wrong.problems or (Problem("", wrong.message),)
            problems += [replace(p, field=f"orders.{row.line - 1}.{p.field}".rstrip(".")) for p in found]
    if problems:
        raise Invalid("", tuple(problems))
    return planned
