"""`/s/TOKEN`: what a stable link shows, to anybody who has it: a fresh signed link, or the bytes where there are none.

Pages of other origins embed it, so it says that they may. Whatever is not to be seen (never given, revoked, deleted)
is answered in the same words.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path
from starlette.requests import Request
from starlette.responses import Response

from wanreel.api.artifacts import Wanted, file_answer, file_name
from wanreel.api.desk import desk_of
from wanreel.api.jobs import IfNoneMatch
from wanreel.api.problems import documented
from wanreel.domain.errors import NotFound
from wanreel.service.reading import SHARED_PATH

router = APIRouter(tags=["artifacts"])

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
        302: {"description": "It lies there for a while.", "headers": {"Location": {"schema": {"type": "string"}}}},
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
    """What a stable link shows. No token of the server is needed. Raises NotFound."""
    reading = desk_of(request).reading
    try:
        found = await reading.shared(token)
        link = await reading.link(found)
        if link is not None:
            return Response(status_code=302, headers={**HEADERS, "Cache-Control": "no-store", "Location": link})
        headers = {**HEADERS, "Content-Disposition": f'inline; filename="{file_name(found)}"'}
        return await file_answer(request, found, Wanted(range_, if_range, if_none_match), headers)
    except NotFound:
        raise NotFound("there is nothing here (any more)") from None
