"""`/v1/videos`: create, get, list, delete, content, remix, as OpenAI's clients call them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Header, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wanreel.api.access import Reader, Submitter, visible_job
from wanreel.api.artifacts import Wanted, file_answer, file_name
from wanreel.api.caller import Caller
from wanreel.api.desk import Desk, desk_of
from wanreel.api.openai.reading import read_fields, wish_of
from wanreel.api.openai.words import (
    FAILED,
    POLL_AFTER,
    VIDEO_SCHEMA,
    documented,
    poll_ms,
    progress_of,
    status_of,
    video,
)
from wanreel.api.orders import order_of
from wanreel.api.placing import Mark, place, resend_headers
from wanreel.api.problems import Refusal
from wanreel.api.switch import Room
from wanreel.domain.clip import Aspect
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem
from wanreel.domain.job import Generating, Job, is_final
from wanreel.ports.jobs import Filter

router = Room(prefix="/v1/videos", tags=["videos"])

PAGE_MAX = 100
READ = 500
ALL_MAX = 100_000

VideoId = Annotated[str, Path(max_length=100, examples=["job_01k8xgjt2k3m4n5p6q7r8s9t0v"])]
_ONE = {
    200: {"description": "The video.", "content": {"application/json": {"schema": VIDEO_SCHEMA}}},
    **documented(),
}
_TEXT = {"type": "string"}
_CREATE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prompt": _TEXT,
        "model": {"type": "string", "description": "An id or alias of `/v1/models`."},
        "seconds": {"type": "string", "description": "A length the model makes."},
        "size": {"type": "string", "description": "WxH, one of the model's."},
        "negative_prompt": _TEXT,
        "seed": {"type": "integer"},
        "resolution": _TEXT,
        "ratio": _TEXT,
        "prompt_extend": {"type": "boolean"},
        "watermark": {"type": "boolean"},
    },
    "required": ["prompt"],
}
_FILE = {"input_reference": {"type": "string", "format": "binary", "description": "A first frame."}}
_LINK = {"input_reference": {"type": "object", "properties": {"image_url": _TEXT}, "required": ["image_url"]}}
_EXAMPLE = {"prompt": "Wide shot, a red kite over a grey sea, slow pan", "model": "wan2.5-t2v-preview", "seconds": "5"}


def _with(more: dict[str, Any]) -> dict[str, Any]:
    return _CREATE | {"properties": _CREATE["properties"] | more}


_CREATE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _with(_LINK), "example": _EXAMPLE},
            "multipart/form-data": {"schema": _with(_FILE)},
        },
    }
}
_REMIX_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"prompt": _TEXT}, "required": ["prompt"]},
                "example": {"prompt": "The same, at night"},
            }
        },
    }
}


class Variant(StrEnum):
    """What can be downloaded of a finished video."""

    VIDEO = "video"
    THUMBNAIL = "thumbnail"
    SPRITESHEET = "spritesheet"

    @property
    def aspect(self) -> Aspect:
        """What the reading room calls it."""
        return {"video": Aspect.CLIP, "thumbnail": Aspect.THUMBNAIL, "spritesheet": Aspect.SPRITE}[self.value]


@router.post("", responses=_ONE, openapi_extra=_CREATE_BODY)
async def create(request: Request, caller: Submitter) -> Response:
    """Order one clip, with OpenAI's names or ours."""
    desk = desk_of(request)
    told = await read_fields(request, desk, caller)
    wish = wish_of(told, desk.catalog, desk.account.region)
    order = replace(await order_of(desk, wish, caller), lint=False)

    async def make(mark: Mark) -> Job:
        return (await desk.service.submit(replace(order, key=mark.key, ask=mark.ask)))[0]

    placed = await place(request, caller, "/v1/videos", told.said, make)
    await _ordered(desk, caller, placed.job)
    return await _shown(desk, placed.job, resend_headers(placed))


@router.post("/{video_id}/remix", responses=_ONE, openapi_extra=_REMIX_BODY)
async def remix(request: Request, video_id: VideoId, caller: Submitter) -> Response:
    """A new clip from the old one's request, with other words."""
    desk = desk_of(request)
    old = await _mine(request, video_id, caller)
    told = await read_fields(request, desk, caller)
    prompt = told.fields.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip() or set(told.fields) != {"prompt"}:
        raise Invalid("", (Problem("prompt", "must say what the new clip shows; a remix takes nothing else"),))

    async def make(mark: Mark) -> Job:
        return await desk.service.remix(old, prompt, key=mark.key, ask=mark.ask)

    placed = await place(request, caller, f"/v1/videos/{old.id}/remix", told.said, make)
    await _ordered(desk, caller, placed.job)
    return await _shown(desk, placed.job, resend_headers(placed))


async def _ordered(desk: Desk, caller: Caller, job: Job) -> None:
    desk.nudge()
    await desk.note(caller, job.project, "order", job.id)


@router.get("", responses=documented())
async def list_videos(
    request: Request,
    caller: Reader,
    after: Annotated[str | None, Query(max_length=100, description="The last id of the page before.")] = None,
    limit: Annotated[int, Query(ge=0, le=PAGE_MAX)] = 20,
    order: Annotated[str, Query(pattern="^(asc|desc)$", description="By creation: asc or desc.")] = "desc",
) -> dict[str, Any]:
    """Videos, newest first unless asked otherwise; deleted ones are left out."""
    desk = desk_of(request)
    if after is not None:
        await visible_job(request, after, caller)
    found = await (_newest if order == "desc" else _oldest)(desk, caller, after, limit + 1)
    shown = found[:limit]
    return {
        "object": "list",
        "data": [_plain(desk, job) for job in shown],
        "first_id": shown[0].id if shown else None,
        "last_id": shown[-1].id if shown else None,
        "has_more": len(found) > limit,
    }


async def _newest(desk: Desk, caller: Caller, after: str | None, most: int) -> list[Job]:
    found: list[Job] = []
    while len(found) < most:
        jobs = await desk.service.list(Filter(project=caller.project, limit=READ, after=after))
        aside = await desk.keeping.put_aside([job.id for job in jobs])
        found += [job for job in jobs if job.id not in aside]
        if len(jobs) < READ:
            break
        after = jobs[-1].id
    return found[:most]


async def _oldest(desk: Desk, caller: Caller, after: str | None, most: int) -> list[Job]:
    every = (await _newest(desk, caller, None, ALL_MAX))[::-1]
    start = next((place + 1 for place, job in enumerate(every) if job.id == after), 0)
    return every[start : start + most]


@router.get("/{video_id}", responses=_ONE)
async def retrieve(request: Request, video_id: VideoId, caller: Reader) -> Response:
    """A video as it stands, and when it is worth asking again."""
    return await _shown(desk_of(request), await _mine(request, video_id, caller), {})


@router.delete("/{video_id}", responses=documented())
async def delete(request: Request, video_id: VideoId, caller: Submitter) -> dict[str, Any]:
    """Show it no more. Its clip goes to the trash; one that is still being made is stopped, and not kept."""
    desk = desk_of(request)
    job = await _mine(request, video_id, caller)
    await desk.keeping.put_away(job.id)
    if not is_final(job):
        with contextlib.suppress(Conflict):  # it has ended meanwhile
            await desk.service.cancel(job.id, discard=True)
        desk.nudge()
    await desk.note(caller, job.project, "delete", job.id)
    return {"id": job.id, "object": "video.deleted", "deleted": True}


_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILES = dict.fromkeys(("video/mp4", "image/jpeg", "image/png", "image/webp"), _BYTES)


@router.head("/{video_id}/content", include_in_schema=False)
@router.get(
    "/{video_id}/content",
    response_class=Response,
    responses={
        **documented(),
        200: {"description": "The file.", "content": _FILES},
        206: {"description": "A part of it.", "content": _FILES},
        304: {"description": "Not changed."},
    },
)
async def content(
    request: Request,
    video_id: VideoId,
    caller: Reader,
    variant: Annotated[Variant, Query()] = Variant.VIDEO,
    range_: Annotated[str | None, Header(alias="Range", description="bytes=FIRST-LAST")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The archived clip, a thumbnail, or a sheet of moments; whole or in parts."""
    job = await _mine(request, video_id, caller)
    if status_of(job) == FAILED:
        raise NotFound("This video has failed, and there is nothing to download.")
    try:
        found = await desk_of(request).reading.find(job.id, variant.aspect)
    except Conflict as why:
        raise Refusal("malformed", f"The video is not ready: {why.message}.") from None
    headers = {"Content-Disposition": f'inline; filename="{file_name(found)}"', "Cache-Control": "private, no-cache"}
    return await file_answer(request, found, Wanted(range_, if_range, if_none_match), headers)


async def _mine(request: Request, video_id: str, caller: Caller) -> Job:
    """A video by its id. Raises NotFound, in the same words for missing, for deleted and for somebody else's."""
    desk = desk_of(request)
    missing = NotFound(f"There is no video {video_id[:80]} here.")
    try:
        job = await visible_job(request, video_id, caller)
    except NotFound:
        raise missing from None
    await desk.creates.follow(job.id)
    if await desk.keeping.put_aside([job.id]):
        raise missing
    return job


def _plain(desk: Desk, job: Job, rest_s: float | None = None) -> dict[str, Any]:
    progress = progress_of(job, desk.clock.now(), rest_s)
    return video(job, desk.catalog, progress=progress, expires_at=desk.keeping.ends_at(job))


async def _shown(desk: Desk, job: Job, headers: dict[str, str]) -> Response:
    rest_s = await desk.rest_s(job) if isinstance(job.state, Generating) else None
    wait_ms = poll_ms(job, rest_s)
    more = {} if wait_ms is None else {POLL_AFTER: str(wait_ms)}
    return JSONResponse(_plain(desk, job, rest_s), headers=headers | more)
