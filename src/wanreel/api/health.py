"""`/healthz` and `/readyz`, for whoever keeps the process running; and what each problem type means."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from wanreel.api.access import Admin
from wanreel.api.desk import desk_of
from wanreel.api.problems import TABLE, TYPES, Refusal, documented
from wanreel.api.schemas import Alive, Ready
from wanreel.api.switch import Room
from wanreel.domain.errors import NotFound
from wanreel.version import VERSION

router = Room(tags=["health"])


class ProblemType(BaseModel):
    """A kind of error, and what to do about it."""

    code: str = Field(examples=["not_found"])
    status: int
    title: str
    advice: str


@router.get("/healthz", responses=documented())
async def healthz() -> Alive:
    """The process answers. Asks nothing else."""
    return Alive(ok=True, version=VERSION)


@router.get("/readyz", responses={**documented(), 503: {"model": Ready, "description": "It cannot do its work now."}})
async def readyz(request: Request, answer: Response) -> Ready:
    """Whether new orders are stored and worked on here; details are kept short, anybody may ask."""
    told = await desk_of(request).ready()
    amiss = {part: words for part, words in told.items() if words}
    answer.status_code = 503 if amiss else 200
    return Ready(ok=not amiss, amiss=amiss)


METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={
        **documented("unavailable"),
        200: {
            "content": {"text/plain": {"example": 'wanreel_jobs{state="queued"} 3\n'}},
            "description": "Prometheus' text.",
        },
    },
)
async def metrics(request: Request, caller: Admin) -> Response:
    """How jobs, slots, money and calls stand, for Prometheus. It counts over all projects, so it needs `admin`."""
    if caller.project is not None:
        raise Refusal("forbidden", "Metrics count over all projects: ask with a token that is not of one.")
    return Response(await desk_of(request).metrics(), media_type=METRICS_TYPE)


@router.get(TYPES + "{code}", responses=documented("not_found"))
async def problem_type(code: Annotated[str, Path(max_length=40)]) -> ProblemType:
    """What a problem's `type` means."""
    kind = TABLE.get(code)
    if kind is None:
        raise NotFound(f"There is no problem type {code}.")
    return ProblemType(code=code, status=kind.status, title=kind.title, advice=kind.advice)
