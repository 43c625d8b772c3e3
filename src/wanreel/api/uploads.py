"""`/v1/uploads`: a file sent ahead of an order, which names it as `upload://ID`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from wanreel.api.access import Submitter
from wanreel.api.desk import desk_of
from wanreel.api.orders import UPLOAD
from wanreel.api.problems import documented
from wanreel.api.schemas import UploadOut
from wanreel.api.switch import Room
from wanreel.service.view import iso

router = Room(prefix="/v1", tags=["uploads"])


@router.post(
    "/uploads",
    status_code=201,
    responses=documented("conflict", "too_large", "too_slow", "not_found"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(
    request: Request,
    caller: Submitter,
    name: Annotated[str, Query(max_length=200, description="What it is called.", examples=["first.png"])] = "upload",
) -> UploadOut:
    """Send a picture or a sound as the body. It can be ordered from for two days; an order keeps its own copy."""
    uploads = desk_of(request).uploads
    begun = await uploads.begin(caller.project)
    kept = await uploads.keep(begun.id, name, _pieces(request))
    return UploadOut(
        reference=f"{UPLOAD}{kept.id}",
        name=kept.name,
        size_bytes=kept.size_bytes,
        expires_at=iso(kept.expires_at) or "",
    )


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        if piece:
            yield piece
