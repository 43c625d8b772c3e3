"""`/v1/jobs/ID/artifact`: the archived clip, whole or in parts, never more of it in memory than a piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from wanreel.api.access import Reader, visible_job
from wanreel.api.desk import desk_of
from wanreel.api.jobs import IfNoneMatch, JobId
from wanreel.api.prefer import names_tag
from wanreel.api.problems import Refusal, documented
from wanreel.domain.errors import NotFound
from wanreel.domain.job import Artifact, Job, Succeeded, state_name
from wanreel.ports import Span

router = APIRouter(prefix="/v1", tags=["artifacts"])

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CLIP = {"schema": {"type": "string", "format": "binary"}}


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
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    part = Part(max(0, size - int(last)), size - 1) if not first else Part(int(first), min(int(last or size), size - 1))
    if part.first >= size or part.size < 1:
        words = f"The file has {size} bytes."
        raise Refusal("bad_range", words, headers={"Content-Range": f"bytes */{size}"})
    return part


@router.head("/jobs/{job_id}/artifact", include_in_schema=False)
@router.get(
    "/jobs/{job_id}/artifact",
    response_class=Response,
    responses={
        200: {"description": "The clip.", "content": {"video/mp4": _CLIP}},
        206: {"description": "A part of it.", "content": {"video/mp4": _CLIP}},
        304: {"description": "Not changed; a clip never does."},
        **documented("not_found", "conflict", "bad_range"),
    },
)
async def artifact(
    request: Request,
    job_id: JobId,
    caller: Reader,
    range_: Annotated[str | None, Header(alias="Range", description="bytes=FIRST-LAST")] = None,
    if_range: Annotated[str | None, Header(description="The range only if the clip is this one.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The archived clip, with Range. Raises NotFound while there is none."""
    job = await visible_job(request, job_id, caller)
    kept = kept_by(job)
    tag = f'"{kept.sha256}"'
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'inline; filename="{file_name(job)}"',
    }
    if names_tag(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    part = None if if_range is not None and if_range.strip() != tag else part_of(range_, kept.size_bytes)
    whole = Part(0, kept.size_bytes - 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{kept.size_bytes}"
    headers["Content-Length"] = str((part or whole).size)
    if request.method == "HEAD":
        return Response(status_code=200 if part is None else 206, headers=headers, media_type=kept.media_type)
    span = None if part is None else Span(part.first, part.last + 1)
    pieces = await desk_of(request).shelf.open(kept, span)  # raises before anything is answered
    return StreamingResponse(pieces, 200 if part is None else 206, headers=headers, media_type=kept.media_type)


def kept_by(job: Job) -> Artifact:
    """What a job has in the archive. Raises NotFound."""
    if not isinstance(job.state, Succeeded):
        raise NotFound(f"{job.id} is {state_name(job.state)}: it has no clip to show.")
    return job.state.artifact


def file_name(job: Job) -> str:
    """What a browser calls the clip when it is saved: the job's id, never anything somebody else wrote."""
    return f"{job.id}.mp4"
