"""What came out: why a clip looks wrong, what judges say of a group's clips, and which one a person takes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from wanreel.api.access import Reader, Submitter, visible_job
from wanreel.api.caller import Caller
from wanreel.api.desk import Desk, desk_of
from wanreel.api.groups import GroupId, jobs_of_group
from wanreel.api.jobs import WHERE, JobId, Key
from wanreel.api.orders import keyed, one_out
from wanreel.api.problems import documented
from wanreel.api.schemas import JobOut, PickOut
from wanreel.api.switch import Room
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Job
from wanreel.service.picture import NOTE_CHARS_MAX
from wanreel.service.pictures import diagnosis_body, pick_body, review_body, reviews_body

router = Room(prefix="/v1", tags=["reviews"])

IN_LINE_MAX = 50  # clips to be looked at; whoever asks for more is told to come back
BY_CHARS_MAX = 100


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


class ReviewsOut(BaseModel):
    """A group's finished clips, the best first, and the pick. Scores and picks are kept apart; the pick wins."""

    model_config = ConfigDict(title="Reviews")

    group: str
    pick: PickOut | None
    data: list[StandingOut]


class ReviewIn(BaseModel):
    """Whether judges are to look once more."""

    model_config = ConfigDict(extra="forbid", title="ReviewIn")

    again: bool = Field(default=False, description="Look although somebody has looked already.")


class ReviewOut(BaseModel):
    """All that judges have said of a job's clip."""

    model_config = ConfigDict(title="Review")

    job: str
    at: str
    score: float
    opinions: list[OpinionOut]
    amiss: list[str] = Field(description="Which judges said nothing, and why.")


class ReplaceIn(BaseModel):
    """How the new take is to differ."""

    model_config = ConfigDict(extra="forbid", title="ReplaceIn")

    seed: int | None = Field(default=None, description="Drawn when not given; one that was tried is refused.")


class WordIn(BaseModel):
    """A person's word on a clip."""

    model_config = ConfigDict(extra="forbid", title="WordIn")

    change: bool = Field(default=False, description="Take back what was picked before.")
    by: str = Field(default="", max_length=BY_CHARS_MAX, description="Who says so; kept beside the token's id.")
    note: str = Field(default="", max_length=NOTE_CHARS_MAX)


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


@router.post(
    "/jobs/{job_id}/review",
    responses=documented("not_found", "conflict", "too_large", "too_slow", "unsupported"),
)
async def review(request: Request, job_id: JobId, caller: Submitter, body: ReviewIn | None = None) -> ReviewOut:
    """What judges say of a clip: what they have said, or, where nobody has looked or it is to be done `again`, what
    they say now. A judge elsewhere may cost money and minutes; what is said is kept.
    """
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    if desk.picture.looking >= IN_LINE_MAX:
        raise Unavailable("The judges have more to look at than they can: ask again in a minute.")
    said = await desk.picture.review(job.id, again=body.again if body else False)
    await desk.note(caller, job.project, "review", job.id)
    return ReviewOut.model_validate(review_body(said))


@router.post(
    "/jobs/{job_id}/pick",
    responses=documented("not_found", "conflict", "too_large", "too_slow", "unsupported"),
)
async def pick_job(request: Request, job_id: JobId, caller: Submitter, body: WordIn | None = None) -> PickOut:
    """It is this clip, of its group, or by itself where it has none. Another pick stands until `change` is said."""
    job = await visible_job(request, job_id, caller)
    word = body or WordIn()
    by = ": ".join(filter(None, (caller.token, word.by)))
    return await _picked(desk_of(request), caller, job, by, word)


@router.post(
    "/jobs/{job_id}/replace",
    status_code=202,
    responses={
        202: {"headers": WHERE},
        **documented("not_found", "conflict", "too_large", "too_slow", "unsupported"),
    },
)
async def replace(
    request: Request,
    answer: Response,
    job_id: JobId,
    caller: Submitter,
    body: ReplaceIn | None = None,
    key: Key = None,
) -> JobOut:
    """Order another take in the place of one that has ended: the same wish, a seed its group has not had. What it
    replaces is kept.
    """
    desk = desk_of(request)
    job = await visible_job(request, job_id, caller)
    seed = body.seed if body else None
    fresh = await desk.picture.replace(job.id, seed, **keyed(caller, key, request.url.path, {"seed": seed}))
    desk.nudge()
    await desk.note(caller, job.project, "replace", job.id)
    answer.headers["Location"] = f"/v1/jobs/{fresh.id}"
    return await one_out(desk, await desk.service.look(fresh.id))


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
    return await _picked(desk, caller, job, caller.token, body)


async def _picked(desk: Desk, caller: Caller, job: Job, by: str, word: WordIn | PickIn) -> PickOut:
    kept = await desk.picture.pick(job.id, change=word.change, by=by, note=word.note)
    await desk.note(caller, job.project, "pick", job.id)
    return PickOut.model_validate(pick_body(kept))
