"""What came out: why a clip looks wrong, what judges say of a group's clips, and which one a person takes."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Reader, Submitter
from wanreel.api.desk import desk_of
from wanreel.api.groups import GroupId, jobs_of_group
from wanreel.api.jobs import JobId, visible_job
from wanreel.api.problems import documented
from wanreel.domain.errors import NotFound
from wanreel.service.picture import NOTE_CHARS_MAX
from wanreel.service.pictures import diagnosis_body, pick_body, reviews_body

router = APIRouter(prefix="/v1", tags=["reviews"])


class CauseOut(BaseModel):
    """A known cause of a clip that looks wrong, and the one command for a better try."""

    model_config = ConfigDict(title="Cause")

    code: str
    title: str
    weight: float = Field(description="How sure the evidence is, from 0 to 1.")
    evidence: list[str]
    command: str


class WordOut(BaseModel):
    """A word of the prompt, and what the vendor's rewriting did to it."""

    model_config = ConfigDict(title="RewrittenWord")

    text: str
    what: str = Field(description="kept, lost or added.")


class DiagnosisOut(BaseModel):
    """Why a clip looks wrong: causes, the likeliest first."""

    model_config = ConfigDict(title="Diagnosis")

    job: str
    causes: list[CauseOut]
    words: list[WordOut]
    command: str


class CheckOut(BaseModel):
    """One thing looked for in a clip."""

    model_config = ConfigDict(title="Check")

    name: str
    ok: bool | None = Field(description="Null: it could not be told.")
    severity: str
    words: str
    figure: float | None


class PartOut(BaseModel):
    """How well one part of the prompt is seen, with the judge's sentence."""

    model_config = ConfigDict(title="PartScore")

    slot: str
    text: str
    score: float
    sentence: str


class OpinionOut(BaseModel):
    """What one judge says of a clip."""

    model_config = ConfigDict(title="Opinion")

    judge: str
    score: float
    checks: list[CheckOut]
    parts: list[PartOut]


class StandingOut(BaseModel):
    """A clip's place among its group's, from 1, and what was said of it."""

    model_config = ConfigDict(title="Standing")

    job: str
    place: int | None
    score: float | None
    picked: bool
    why: str
    opinions: list[OpinionOut]
    amiss: list[str] = Field(description="Which judges said nothing, and why.")


class PickOut(BaseModel):
    """A person's word: it is this clip."""

    model_config = ConfigDict(title="Pick")

    subject: str = Field(description="The group, or the job itself where it has none.")
    job: str
    project: str
    at: str
    by: str
    note: str


class ReviewsOut(BaseModel):
    """A group's finished clips, the best first, and the pick. Scores and picks are kept apart; the pick wins."""

    model_config = ConfigDict(title="Reviews")

    group: str
    pick: PickOut | None
    data: list[StandingOut]


class PickIn(BaseModel):
    """Which clip it is."""

    model_config = ConfigDict(extra="forbid", title="PickIn")

    job: str = Field(max_length=100, description="A finished job of this group.")
    change: bool = Field(default=False, description="Take back what was picked before.")
    note: str = Field(default="", max_length=NOTE_CHARS_MAX)


@router.get("/jobs/{job_id}/diagnosis", responses=documented("not_found", "conflict"))
async def diagnosis(request: Request, job_id: JobId, caller: Reader) -> DiagnosisOut:
    """Which known cause fits a clip that looks wrong, from what is known by now; no judge is asked."""
    job = await visible_job(request, job_id, caller)
    found = await desk_of(request).picture.diagnose(job.id, judge=False)
    return DiagnosisOut.model_validate(diagnosis_body(found))


@router.get("/groups/{group_id}/reviews", responses=documented("not_found"))
async def reviews(
    request: Request,
    group_id: GroupId,
    caller: Reader,
) -> ReviewsOut:
    """A group's finished clips, the best first, with what was said of each so far; no judge is asked."""
    desk = desk_of(request)
    jobs = await jobs_of_group(desk, group_id, caller)
    group = jobs[0].group or group_id
    view = await desk.picture.group(group, caller.project)
    standings = await desk.picture.rank(group, judge=False, project=caller.project)
    known = await desk.picture.reviews([s.job_id for s in standings])
    return ReviewsOut.model_validate(reviews_body(group, view.pick, standings, known))


@router.post(
    "/groups/{group_id}/pick",
    responses=documented("not_found", "conflict", "too_large", "too_slow", "unsupported"),
)
async def pick(request: Request, group_id: GroupId, body: PickIn, caller: Submitter) -> PickOut:
    """It is this clip: a person's word, which no score changes. Another pick stands until `change` is said."""
    desk = desk_of(request)
    jobs = await jobs_of_group(desk, group_id, caller)
    job = next((one for one in jobs if one.id == body.job), None)
    if job is None:
        raise NotFound(f"There is no job {body.job[:80]} in this group.")
    word = await desk.picture.pick(job.id, change=body.change, by=caller.token, note=body.note)
    await desk.note(caller, job.project, "pick", job.id)
    return PickOut.model_validate(pick_body(word))
