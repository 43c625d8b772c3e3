"""`/v1/jobs/ID/links`: stable links by which anybody can see a clip, its poster or its still, until revoked."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Reader, Submitter, visible_job
from wanreel.api.desk import Desk, desk_of
from wanreel.api.jobs import JobId
from wanreel.api.problems import documented
from wanreel.api.switch import Room
from wanreel.domain.clip import Aspect
from wanreel.domain.errors import NotFound
from wanreel.domain.keeping import Share
from wanreel.service.reading import SHARED_PATH
from wanreel.service.view import iso

router = Room(prefix="/v1", tags=["links"])

LinkToken = Annotated[
    str, Path(max_length=100, description="The link's last part.", examples=["0123456789abcdefghjkmnpqrstvwxyz"])
]


class Shown(StrEnum):
    """What a stable link can show."""

    VIDEO = "video"
    POSTER = "poster"
    STILL = "still"

    @property
    def aspect(self) -> Aspect:
        """What the reading room calls it."""
        return Aspect.CLIP if self is Shown.VIDEO else Aspect(self.value)


class LinkIn(BaseModel):
    """What the link shall show."""

    model_config = ConfigDict(extra="forbid", title="LinkIn")

    shows: Shown = Shown.VIDEO


class LinkOut(BaseModel):
    """A stable link. Whoever has it can see what it shows, without a token of the server."""

    model_config = ConfigDict(title="Link")

    token: str = Field(description="Its only secret.", examples=["0123456789abcdefghjkmnpqrstvwxyz"])
    path: str = Field(description="Below this server's address.", examples=["/s/0123456789abcdefghjkmnpqrstvwxyz"])
    url: str | None = Field(description="Whole, where the server knows how it is seen from outside.")
    shows: str = Field(examples=["video"])
    created_at: str | None = Field(examples=["2026-11-26T10:00:00.000Z"])
    revoked_at: str | None


class LinkList(BaseModel):
    """A job's stable links, revoked ones too."""

    model_config = ConfigDict(title="Links")

    data: list[LinkOut]


class Revoked(BaseModel):
    """How many links were live and are not any more."""

    revoked: int = Field(examples=[1])


@router.post(
    "/jobs/{job_id}/links",
    status_code=201,
    responses=documented("not_found", "conflict", "too_large", "too_slow", "unsupported"),
)
async def share(request: Request, job_id: JobId, body: LinkIn, caller: Submitter) -> LinkOut:
    """A link that lasts: the same one as long as it is not revoked. Raises NotFound, Conflict (no clip yet)."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    made = await desk.reading.share(job.id, body.shows.aspect)
    await desk.note(caller, job.project, "share", job.id)
    return _link(desk, made)


@router.get("/jobs/{job_id}/links", responses=documented("not_found"))
async def links(request: Request, job_id: JobId, caller: Reader) -> LinkList:
    """Every link ever made of this job."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    return LinkList(data=[_link(desk, one) for one in await desk.reading.shares(job.id)])


@router.delete("/jobs/{job_id}/links", responses=documented("not_found"))
async def revoke_all(request: Request, job_id: JobId, caller: Submitter) -> Revoked:
    """End all links of a job for good."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    count = await desk.reading.unshare(job.id)
    await desk.note(caller, job.project, "unshare", job.id)
    return Revoked(revoked=count)


@router.delete("/jobs/{job_id}/links/{link}", status_code=204, responses=documented("not_found"))
async def revoke(request: Request, job_id: JobId, link: LinkToken, caller: Submitter) -> None:
    """End a link for good. Raises NotFound where this job has no such link."""
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    if link not in {one.token for one in await desk.reading.shares(job.id)}:
        raise NotFound("This job has no such link.")
    await desk.reading.revoke(link)
    await desk.note(caller, job.project, "unshare", job.id)


def _link(desk: Desk, share_: Share) -> LinkOut:
    path = f"{SHARED_PATH}{share_.token}"
    base = desk.reading.public_url
    return LinkOut(
        token=share_.token,
        path=path,
        url=f"{base.rstrip('/')}{path}" if base else None,
        shows="video" if share_.aspect is Aspect.CLIP else share_.aspect.value,
        created_at=iso(share_.created_at),
        revoked_at=iso(share_.revoked_at),
    )
