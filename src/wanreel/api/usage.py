"""`/v1/usage` and `/v1/overruns`: where the money went, the vendor's bill against it, and prices that were wrong."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Admin, Reader, of_all
from wanreel.api.desk import desk_of
from wanreel.api.problems import documented
from wanreel.api.switch import Room
from wanreel.money.report import By
from wanreel.service.view_money import text, view_difference, view_line, view_overrun

router = Room(prefix="/v1", tags=["usage"])

DAY = Query(max_length=40, description="A day such as 2026-11-22.", examples=["2026-11-22"])
ZONE = Query(max_length=100, description="Time zone of the days; default Asia/Shanghai, the vendor's.")


class LineOut(BaseModel):
    """What was paid under one key, in one currency. Amounts are decimal numbers as text."""

    model_config = ConfigDict(title="UsageLine")

    key: str = Field(description="The project, model, day or tag.")
    currency: str
    clips: int
    seconds: str
    estimated: str = Field(description="What had been reserved for what has been settled since.")
    settled: str
    reserved: str = Field(description="Held now for what is under way.")
    unproven: str = Field(description="May have been billed; nobody knows.")
    per_clip: str | None
    accepted: int = Field(description="Wishes fulfilled: takes of one wish count once.")
    per_accepted: str | None = Field(description="What a fulfilled wish has cost, with everything paid on the way.")
    unknown: int = Field(description="Clips of which no price or length is known.")


class UsageOut(BaseModel):
    """A report over some days. Money counts on the day its task was sent."""

    model_config = ConfigDict(title="Usage")

    by: By
    since: str
    until: str
    zone: str
    data: list[LineOut]


class BillIn(BaseModel):
    """A bill exported from the vendor's console, and what it covers."""

    model_config = ConfigDict(extra="forbid")

    bill: str = Field(max_length=60_000_000, description="Its text, as CSV.", examples=["task_id,amount\n"])
    since: str | None = Field(default=None, max_length=40, description="First day it covers; null: all there ever was.")
    until: str | None = Field(default=None, max_length=40, description="Last day it covers; null: today.")
    zone: str | None = Field(default=None, max_length=100)
    account: str | None = Field(default=None, max_length=200, description="Whose bill it is; null: of all accounts.")
    task_column: str | None = Field(default=None, max_length=200)
    amount_column: str | None = Field(default=None, max_length=200)


class DifferenceOut(BaseModel):
    """One task that bill and ledger do not agree on."""

    model_config = ConfigDict(title="BillDifference")

    verdict: str = Field(description="missing, extra or changed.")
    task_id: str = Field(description="The vendor's task, or the line of a row that names none.")
    job: str | None = Field(description="null: unknown to us.")
    billed: str | None
    settled: str | None
    currency: str
    words: str


class ReconciledOut(BaseModel):
    """A bill held against what was settled."""

    model_config = ConfigDict(title="Reconciled")

    agreed: int
    billed: dict[str, str | None] = Field(description="By currency.")
    settled: dict[str, str | None] = Field(description="By currency.")
    differences: list[DifferenceOut]


class OverrunOut(BaseModel):
    """A settlement above its reservation: nothing more of the model is sent until somebody has looked at its price."""

    model_config = ConfigDict(title="Overrun")

    model: str
    account: str
    job: str
    task_id: str
    at: str | None
    reserved: str
    settled: str
    currency: str


class OverrunList(BaseModel):
    """Prices that turned out wrong and that nobody has looked at yet."""

    data: list[OverrunOut]


class Cleared(BaseModel):
    """How many stops were ended."""

    cleared: int


@router.get("/usage", responses=documented())
async def usage(
    request: Request,
    caller: Reader,
    by: By = By.PROJECT,
    since: Annotated[str | None, DAY] = None,
    until: Annotated[str | None, DAY] = None,
    zone: Annotated[str | None, ZONE] = None,
    project: Annotated[str | None, Query(max_length=200)] = None,
) -> UsageOut:
    """What was paid, held and left unproven in the last thirty days, or others; a token sees its own project's."""
    till = desk_of(request).till
    span = till.span(since, until, zone)
    found = [] if project and not caller.sees(project) else await till.usage(span, by, caller.project or project)
    data = [LineOut.model_validate(view_line(line)) for line in found]
    return UsageOut(by=by, since=span.first, until=span.last, zone=zone or till.usual_zone, data=data)


@router.post("/usage/reconcile", responses=documented("too_large", "too_slow", "unsupported"))
async def reconcile(request: Request, body: BillIn, caller: Admin) -> ReconciledOut:
    """Hold a bill against the ledger. A bill is a whole account's, so the token must be of no project."""
    of_all(caller)
    till = desk_of(request).till
    span = till.span(body.since, body.until, body.zone) if body.since or body.until else None
    columns: dict[str, Any] = {"task_column": body.task_column, "amount_column": body.amount_column}
    found = await till.reconcile(body.bill, span, account=body.account, **columns)
    return ReconciledOut(
        agreed=found.agreed,
        billed={currency: text(amount) for currency, amount in found.billed.items()},
        settled={currency: text(amount) for currency, amount in found.settled.items()},
        differences=[DifferenceOut.model_validate(view_difference(d)) for d in found.differences],
    )


@router.get("/overruns", responses=documented())
async def overruns(request: Request, caller: Admin) -> OverrunList:
    """Settlements above their reservations that stop a model. The token must be of no project."""
    of_all(caller)
    found = await desk_of(request).till.overruns()
    return OverrunList(data=[OverrunOut.model_validate(view_overrun(one)) for one in found])


@router.delete("/overruns", responses=documented())
async def clear(request: Request, caller: Admin, model: Annotated[str | None, Query(max_length=200)] = None) -> Cleared:
    """Somebody has looked at the price of a model, or of all: it is sent again. The token must be of no project."""
    of_all(caller)
    desk = desk_of(request)
    cleared = await desk.till.clear(model)
    desk.nudge()
    await desk.note(caller, "*", "price.cleared", model or "*")
    return Cleared(cleared=cleared)
