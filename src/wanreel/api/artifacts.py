"""`/v1/jobs/ID/artifact`: the archived clip and what is derived from it, whole or in parts, a piece at a time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from wanreel.api.access import SHOWN_BY, Looker, Reader, visible_job
from wanreel.api.desk import desk_of
from wanreel.api.jobs import IfNoneMatch, JobId
from wanreel.api.prefer import names_tag
from wanreel.api.problems import Refusal, documented
from wanreel.api.switch import Room
from wanreel.domain.clip import Aspect
from wanreel.ports.archive import Span
from wanreel.service.reading import Found
from wanreel.service.view import iso

router = Room(prefix="/v1", tags=["artifacts"])

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.IGNORECASE)
_DIGITS_MAX = 18  # no file is so long: a number of more is as good as this many nines
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_TYPES = ("video/mp4", "image/jpeg", "image/png", "image/webp", "image/bmp", "text/vtt")
_FILES = dict.fromkeys(_TYPES, _BYTES)
_INPUTS = dict.fromkeys((*_TYPES[1:5], "audio/mpeg", "audio/wav"), _BYTES)
CLIP_CACHE = "private, max-age=31536000, immutable"
DERIVED_CACHE = "private, no-cache"  # it may be made anew; its ETag says whether it was


class Variant(StrEnum):
    """What can be had of a finished job."""

    VIDEO = "video"
    POSTER = "poster"
    THUMBNAIL = "thumbnail"
    SHEET = "sheet"
    SPRITE = "sprite"
    TRACK = "track"
    STILL = "still"

    @property
    def aspect(self) -> Aspect:
        """What the reading room calls it."""
        return Aspect.CLIP if self is Variant.VIDEO else Aspect(self.value)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last` of a file, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many that are."""
        return self.last - self.first + 1


def part_of(header: str | None, size: int) -> Part | None:
    """What a Range header asks for; None: everything (also for what is no range of bytes, or several). Raises Refusal
    (416) when there is nothing there.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = (_number(digits) for digits in found.groups())
    if first is not None and last is not None and last < first:
        return None
    if first is None:
        part = Part(max(0, size - (last or 0)), size - 1)
    else:
        part = Part(first, size - 1 if last is None else min(last, size - 1))
    if part.first >= size or part.size < 1:
        words = f"The file has {size} bytes."
        raise Refusal("bad_range", words, headers={"Content-Range": f"bytes */{size}"})
    return part


def _number(digits: str) -> int | None:
    """A position, however many digits it was written with (RFC 9110 sets no limit)."""
    short = digits.lstrip("0")
    return None if not digits else int("9" * _DIGITS_MAX) if len(short) > _DIGITS_MAX else int(short or "0")


@router.head("/jobs/{job_id}/artifact", include_in_schema=False)
@router.get(
    "/jobs/{job_id}/artifact",
    response_class=Response,
    responses={
        200: {"description": "The clip, or what was asked for of it.", "content": _FILES},
        206: {"description": "A part of it.", "content": _FILES},
        304: {"description": "Not changed; a clip never does."},
        **documented("not_found", "conflict", "bad_range"),
    },
)
async def artifact(
    request: Request,
    job_id: JobId,
    caller: Looker,
    variant: Annotated[
        Variant, Query(description="The clip, or what is derived from it on first use.")
    ] = Variant.VIDEO,
    range_: Annotated[str | None, Header(alias="Range", description="bytes=FIRST-LAST")] = None,
    if_range: Annotated[str | None, Header(description="The range only if the clip is this one.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The archived clip, or what is derived from it, with Range. Raises NotFound (there is none any more), Conflict
    (not yet, or it is in the trash).
    """
    job = await visible_job(request, job_id, caller)
    found = await desk_of(request).reading.find(job.id, variant.aspect)
    headers = {
        "Cache-Control": CLIP_CACHE if found.is_clip else DERIVED_CACHE,
        "Content-Disposition": f'inline; filename="{file_name(found)}"',
    }
    wanted = Wanted(range_, if_range, if_none_match)
    if variant is Variant.TRACK:
        text = await desk_of(request).reading.track(job.id, f"artifact?variant={Variant.SPRITE}")
        return small_answer(text.encode(), found.artifact.media_type, wanted, headers)
    return await file_answer(request, found, wanted, headers)


class Role(StrEnum):
    """What a job can start from."""

    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"
    AUDIO = "audio"


@router.get(
    "/jobs/{job_id}/inputs/{role}",
    response_class=Response,
    responses={
        200: {"description": "The picture or the sound.", "content": _INPUTS},
        304: {"description": "Not changed; it never does."},
        **documented("not_found"),
    },
)
async def source(
    request: Request, job_id: JobId, role: Role, caller: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """What a job started from, as it is kept here: to look at, or to start another one from. Raises NotFound (also for
    one that is only known by a link).
    """
    job = await visible_job(request, job_id, caller)
    kept, data = await desk_of(request).reading.source(job.id, role)
    name = f"{job.id}-{role}.{kept.mime.rpartition('/')[2]}"
    told = {"Cache-Control": CLIP_CACHE, "Content-Disposition": f'inline; filename="{name}"'}
    return small_answer(data, kept.mime, Wanted(None, None, if_none_match), told)


class ShortLink(BaseModel):
    """Where one view of a job can be had without a header, for a while: what a browser's `<video>` is given."""

    model_config = ConfigDict(title="ShortLink")

    url: str = Field(
        description="Below this server's address.",
        examples=["/v1/jobs/job_01k8xgjt2k3m4n5p6q7r8s9t0v/artifact?variant=video&pass=tok_1.1764150000.0f…"],
    )
    expires_at: str | None = Field(
        description="Ask for a new one then, or once it is refused; null: it needs no pass, as there are no tokens.",
        examples=["2026-11-26T11:00:00.000Z"],
    )


@router.get("/jobs/{job_id}/artifact/link", responses=documented("not_found"))
async def short_link(
    request: Request,
    job_id: JobId,
    caller: Reader,
    variant: Annotated[Variant, Query(description="What it shall show.")] = Variant.VIDEO,
) -> ShortLink:
    """A short signed link to a job's artifact, for whoever asks: it shows this one thing, for an hour or a little more,
    and ends with the token it was asked for with.
    """
    job = await visible_job(request, job_id, caller)
    path = f"/v1/jobs/{job.id}/artifact"
    made = await desk_of(request).give_pass(caller, job.id, variant)
    query = {"variant": str(variant)} | ({} if made is None else {SHOWN_BY: str(made)})
    return ShortLink(url=f"{path}?{urlencode(query)}", expires_at=None if made is None else iso(made.until))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the headers of a request say of how much is wanted, and whether it is at all."""

    range: str | None
    if_range: str | None
    if_none_match: str | None


async def file_answer(request: Request, found: Found, wanted: Wanted, headers: Mapping[str, str]) -> Response:
    """An artifact's bytes, or a part of them, or that they have not changed. Raises Refusal (416), NotFound,
    Unavailable.
    """
    kept = found.artifact
    tag = f'"{kept.sha256}"'
    told = {**headers, "ETag": tag, "Accept-Ranges": "bytes"}
    if names_tag(wanted.if_none_match, tag):
        return Response(status_code=304, headers=told)
    same = wanted.if_range is None or wanted.if_range.strip() == tag
    part = part_of(wanted.range, kept.size_bytes) if same else None
    if part is not None:
        told["Content-Range"] = f"bytes {part.first}-{part.last}/{kept.size_bytes}"
    told["Content-Length"] = str((part or Part(0, kept.size_bytes - 1)).size)
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=told, media_type=kept.media_type)
    span = None if part is None else Span(part.first, part.last + 1)
    pieces = await desk_of(request).reading.open(found, span)  # raises before anything is answered
    return ClosedWithItsSource(pieces, status, headers=told, media_type=kept.media_type)


class ClosedWithItsSource(StreamingResponse):
    """A stream whose source is closed with it: a browser that stops half-way must leave no file open."""

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        finally:
            source: object = self.body_iterator
            if isinstance(source, AsyncGenerator):
                await cast("AsyncGenerator[bytes]", source).aclose()


def small_answer(data: bytes, media_type: str, wanted: Wanted, headers: Mapping[str, str]) -> Response:
    """Something small that is in memory, whole; or that it has not changed."""
    tag = f'"{hashlib.sha256(data).hexdigest()}"'
    told = {**headers, "ETag": tag}
    if names_tag(wanted.if_none_match, tag):
        return Response(status_code=304, headers=told)
    return Response(data, headers=told, media_type=media_type)


def file_name(found: Found) -> str:
    """What a browser calls it when it is saved: the job's id and an ending, never anything somebody else wrote."""
    return found.filename[found.filename.rindex(found.job.id) :]
