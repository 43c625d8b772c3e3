"""Stable links: `/s/TOKEN` shows what one is of to anybody who has it, and HTML to put such links on a page.

What a link shows are the bytes, so that a stranger learns nothing of where they lie or whose they are, and a revoked
one shows nothing more; where it was set so, it leads on to a signed link of the storage, for a few minutes. Pages of
other origins embed it, so it says that they may. Whatever is not to be seen (never given, revoked, deleted) is answered
in the same words, and so is whatever cannot be read just now.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Header, Path
from starlette.requests import Request
from starlette.responses import Response

from wanreel.api.access import Submitter, visible_job
from wanreel.api.artifacts import Wanted, file_answer
from wanreel.api.desk import desk_of
from wanreel.api.jobs import IfNoneMatch, JobId
from wanreel.api.problems import documented
from wanreel.api.schemas import ClipFactsOut, EmbedOut, Unshared
from wanreel.api.switch import Room
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.service.reading import SHARED_PATH
from wanreel.telemetry import SHARED_AWAY, log

router = Room(tags=["artifacts"])

HEADERS = {
    "Cache-Control": "no-cache",  # asked for again each time: a link can be revoked
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""Enough for a browser to show it by itself and on a page, and for nothing in it to be run."""

_FILE = {"schema": {"type": "string", "format": "binary"}}
_FILES = {"video/mp4": _FILE, "image/jpeg": _FILE, "image/png": _FILE, "image/webp": _FILE, "image/bmp": _FILE}


@router.head(SHARED_PATH + "{token}", include_in_schema=False)
@router.get(
    SHARED_PATH + "{token}",
    response_class=Response,
    responses={
        200: {"description": "The clip, or its poster or still.", "content": _FILES},
        206: {"description": "A part of it.", "content": _FILES},
        302: {
            "description": "It lies there for a few minutes (only where the server is set so).",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
        304: {"description": "Not changed."},
        **documented("not_found", "bad_range"),
    },
)
async def shared(
    request: Request,
    token: Annotated[str, Path(description="The last part of a stable link; it is the only secret.")],
    range_: Annotated[str | None, Header(alias="Range", description="bytes=FIRST-LAST")] = None,
    if_range: Annotated[str | None, Header(description="The range only if the file is this one.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """What a stable link shows. No token of the server is needed. Raises NotFound, Unavailable (in words that name
    nothing).
    """
    reading = desk_of(request).reading
    try:
        found = await reading.shared(token)
        link = await reading.leads_to(found)
        if link is not None:
            return Response(status_code=302, headers={**HEADERS, "Cache-Control": "no-store", "Location": link})
        headers = {**HEADERS, "Content-Disposition": f'inline; filename="{found.plain_name}"'}
        return await file_answer(request, found, Wanted(range_, if_range, if_none_match), headers)
    except NotFound:
        raise NotFound("there is nothing here (any more)") from None
    except Unavailable as why:  # whose words name bucket, key and job, or a folder of this machine
        log.warning(SHARED_AWAY, why=why.message)
        raise Unavailable("this cannot be shown just now") from None


@router.post("/v1/jobs/{job_id}/embed", responses=documented("not_found", "conflict", "invalid"))
async def embed(request: Request, job_id: JobId, caller: Submitter) -> EmbedOut:
    """The HTML that shows a clip on a page. Its links show this clip to anybody who has them, until they are revoked;
    asked for again they are the same. Raises NotFound, Conflict (not finished, or in the trash), Invalid (this server
    has no public address).
    """
    job = await visible_job(request, job_id, caller)
    made = await desk_of(request).reading.embed(job.id)
    await desk_of(request).note(caller, job.project, "share", job.id)
    return EmbedOut(
        html=made.html, clip=made.clip, poster=made.poster, still=made.still, facts=ClipFactsOut(**asdict(made.facts))
    )


@router.delete("/v1/jobs/{job_id}/embed", responses=documented("not_found"))
async def unshare(request: Request, job_id: JobId, caller: Submitter) -> Unshared:
    """End all lasting links to a job's clip and what is derived from it, for good. Raises NotFound."""
    job = await visible_job(request, job_id, caller)
    ended = await desk_of(request).reading.unshare(job.id)
    await desk_of(request).note(caller, job.project, "unshare", job.id)
    return Unshared(revoked=ended)
