"""`/v1/accounts`: what each account may do and does, what is held back by hand, and what so many clips a day need.

An account is shared by all projects, so this is for tokens of no project; a project's own may hold its own jobs back.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Admin, of_all
from wanreel.api.caller import Caller
from wanreel.api.desk import desk_of
from wanreel.api.problems import documented
from wanreel.api.switch import Room
from wanreel.domain.errors import NotFound
from wanreel.domain.event import ALL, SlotKey

router = Room(prefix="/v1", tags=["accounts"])

AccountName = Annotated[str, Path(max_length=200, description="As `GET /v1/accounts` names it.", examples=["main"])]
ProjectName = Annotated[str, Path(max_length=200, examples=["films"])]
_BODIES = ("too_large", "too_slow", "unsupported")


class ModelUseOut(BaseModel):
    """One model on an account. Slots: how many of its tasks may run at once, as is known now."""

    model_config = ConfigDict(title="ModelUse")

    model: str = Field(examples=["wan2.7-t2v"])
    slots: int | None = Field(examples=[5])
    running: int = Field(examples=[2])
    waiting: int = Field(examples=[7])
    learned: bool = Field(description="Whether a refusal of the vendor's has taught that number.")


class AccountOut(BaseModel):
    """An account of the vendor's. No key is ever among this."""

    model_config = ConfigDict(title="Account")

    account: str
    region: str
    base_url: str
    keys: int = Field(description="How many keys are configured for it.")
    running: int
    waiting: int
    models: list[ModelUseOut]
    held: list[str] = Field(description="What is held back, with the reason.")


class AccountList(BaseModel):
    """Every account, and those of jobs whose account is configured no more."""

    model_config = ConfigDict(title="Accounts")

    data: list[AccountOut]


class ParkIn(BaseModel):
    """What to hold back."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(default=ALL, max_length=200, description="`*`: every model.", examples=["*"])
    why: str = Field(
        default="", max_length=500, description="Shown wherever a job waits for it.", examples=["the bill is looked at"]
    )


class ProjectParkIn(BaseModel):
    """Why a project's jobs are held back."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(
        default="", max_length=500, description="Shown wherever a job waits for it.", examples=["no more this week"]
    )


class ResumeIn(BaseModel):
    """What to let go on."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(
        default=ALL,
        max_length=200,
        description="`*`: everything, and what refusals have taught about its limits is forgotten.",
        examples=["*"],
    )


class Parked(BaseModel):
    """What is held back now, until it is resumed."""

    account: str = Field(examples=["main"])
    model: str = Field(examples=["*"])
    project: str | None = Field(description="null: of every project.", examples=["films"])
    why: str = Field(examples=["the bill is looked at"])


class Resumed(BaseModel):
    """How many things are no longer held back."""

    ended: int = Field(examples=[1])


class Need(BaseModel):
    """What so many clips a day need, with the accounts that share the work."""

    model: str = Field(examples=["wan2.5-t2v-preview"])
    clips_a_day: float = Field(examples=[2000])
    run_s: float = Field(description="Seconds a clip runs.", examples=[75.0])
    slots_now: int = Field(examples=[5])
    slots_needed: int = Field(examples=[3])
    busy: str = Field(description="Of the slots there are.", examples=["35%"])
    wait: str = Field(description="Of a clip for its slot, on average.", examples=["0 s on average"])
    to_ask_for: str = Field(description="Of the vendor.", examples=["nothing: there are enough"])


@router.get("/accounts", responses=documented())
async def accounts(request: Request, caller: Admin) -> AccountList:
    """Slots in use, work that waits, and what is parked: of all projects, so the token must be of none."""
    of_all(caller)
    found = await desk_of(request).service.accounts()
    rows = [{**row, "models": [{**m, "learned": bool(m["learned"])} for m in row["models"]]} for row in found]
    return AccountList(data=[AccountOut.model_validate(row) for row in rows])


@router.get("/accounts/plan", responses=documented("not_found"))
async def plan(
    request: Request,
    caller: Admin,
    model: Annotated[str, Query(max_length=200, description="An id or alias.", examples=["wan2.5-t2v-preview"])],
    per_day: Annotated[float, Query(gt=0, le=1e9, allow_inf_nan=False, description="Clips a day.", examples=[2000])],
    run_s: Annotated[
        float | None,
        Query(gt=0, le=1e6, allow_inf_nan=False, description="Seconds a clip runs; default: its usual time."),
    ] = None,
) -> Need:
    """How many slots so many clips a day need, how long they will wait, and what to ask the vendor for."""
    of_all(caller)
    return Need.model_validate(await desk_of(request).service.slots_for(model, per_day, run_s))


@router.post("/accounts/{account}/park", responses=documented("not_found", *_BODIES))
async def park(request: Request, account: AccountName, body: ParkIn, caller: Admin) -> Parked:
    """Send nothing more from an account, or of one model of it, until it is resumed. What runs goes on."""
    of_all(caller)
    desk = desk_of(request)
    name = desk.service.account(account).id
    held = await desk.service.hold(SlotKey(name, body.model or ALL), body.why)
    await _changed(request, caller, "*", "account.parked", f"{name} {held.key.model}")
    return Parked(account=name, model=held.key.model, project=None, why=held.why)


@router.post("/accounts/{account}/resume", responses=documented("not_found", *_BODIES))
async def resume(request: Request, account: AccountName, body: ResumeIn, caller: Admin) -> Resumed:
    """Let an account go on: ends its pauses, by hand or not."""
    of_all(caller)
    desk = desk_of(request)
    name = desk.service.account(account).id
    ended = await desk.service.resume(name, body.model or ALL)
    await _changed(request, caller, "*", "account.resumed", f"{name} {body.model}")
    return Resumed(ended=ended)


@router.post("/projects/{project}/park", responses=documented("not_found", *_BODIES))
async def park_project(request: Request, project: ProjectName, body: ProjectParkIn, caller: Admin) -> Parked:
    """Send nothing more of a project, on any account, until it is resumed. What runs goes on."""
    await _known(request, project, caller)
    held = await desk_of(request).service.hold(SlotKey(ALL, ALL), body.why, project)
    await _changed(request, caller, project, "project.parked", project)
    return Parked(account=ALL, model=ALL, project=project, why=held.why)


@router.post("/projects/{project}/resume", responses=documented("not_found"))
async def resume_project(request: Request, project: ProjectName, caller: Admin) -> Resumed:
    """Let the jobs of a project go on."""
    await _known(request, project, caller)
    ended = await desk_of(request).service.resume_project(project)
    await _changed(request, caller, project, "project.resumed", project)
    return Resumed(ended=ended)


async def _known(request: Request, project: str, caller: Caller) -> None:
    """Raises NotFound for a project that is not here, in the same words as for somebody else's."""
    if not caller.sees(project) or project not in await desk_of(request).projects():
        raise NotFound(f"There is no project {project[:80]} here.")


async def _changed(request: Request, caller: Caller, project: str, what: str, subject: str) -> None:
    desk = desk_of(request)
    desk.glance.forget()
    desk.nudge()
    await desk.note(caller, project, what, subject)
