"""`/v1/budgets`: how much a project may commit in a day or a month."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Admin, Reader
from wanreel.api.caller import Caller
from wanreel.api.desk import desk_of
from wanreel.api.problems import documented
from wanreel.api.switch import Room
from wanreel.domain.errors import NotFound
from wanreel.service.view_money import view_budget

router = Room(prefix="/v1/budgets", tags=["budgets"])

Project = Annotated[str, Path(max_length=200, description="A project, or `*`: all together.", examples=["films"])]
Period = Annotated[Literal["day", "month"], Path(examples=["month"])]
Currency = Annotated[str, Path(max_length=20, description="CNY or USD; nothing is converted.", examples=["CNY"])]


class BudgetIn(BaseModel):
    """How much, where its days begin, and when to warn. Amounts are decimal numbers as text."""

    model_config = ConfigDict(extra="forbid")

    amount: str = Field(max_length=40, examples=["250"])
    zone: str | None = Field(
        default=None, max_length=100, description="Of its days and months; null: as before, at first Asia/Shanghai."
    )
    warn_at: str | None = Field(
        default=None, max_length=40, description="The share at which a notice warns; null: as before, at first 0.8."
    )


class BudgetOut(BaseModel):
    """A budget, and what is committed of it in the period that holds now: reserved, spent and unproven."""

    model_config = ConfigDict(title="Budget")

    budget: str
    project: str
    period: str
    amount: str
    committed: str
    left: str
    currency: str
    zone: str
    warn_at: str
    begins_at: str | None
    ends_at: str | None


class BudgetList(BaseModel):
    """All budgets one may see."""

    data: list[BudgetOut]


@router.get("", responses=documented())
async def list_budgets(request: Request, caller: Reader) -> BudgetList:
    """The project's budgets; those of all projects together are seen by tokens of no project."""
    found = await desk_of(request).till.budgets()
    return BudgetList(data=[BudgetOut.model_validate(view_budget(u)) for u in found if caller.sees(u.budget.project)])


@router.put("/{project}/{period}/{currency}", responses=documented("not_found", "too_large", "too_slow", "unsupported"))
async def put(
    request: Request, project: Project, period: Period, currency: Currency, body: BudgetIn, caller: Admin
) -> BudgetOut:
    """Set a budget. What it stops waits, or ends, by the server's settings; what it frees is sent."""
    _own(caller, project)
    desk = desk_of(request)
    budget = await desk.till.set_budget(
        body.amount, period=period, project=project, currency=currency, zone=body.zone, warn_at=body.warn_at
    )
    desk.nudge()
    await desk.note(caller, budget.project, "budget.set", f"{budget.id} {budget.amount:f}")
    found = await desk.till.budget(budget.id)
    return BudgetOut.model_validate(view_budget(found))


@router.delete("/{project}/{period}/{currency}", status_code=204, responses=documented("not_found"))
async def drop(request: Request, project: Project, period: Period, currency: Currency, caller: Admin) -> None:
    """End a budget."""
    _own(caller, project)
    desk = desk_of(request)
    budget_id = f"{project}/{period}/{currency.upper()}"
    await desk.till.drop_budget(budget_id)
    desk.nudge()
    await desk.note(caller, project, "budget.ended", budget_id)


def _own(caller: Caller, project: str) -> None:
    """Raises NotFound for another project, and for all projects together, in the words for one that is missing."""
    if not caller.sees(project):
        raise NotFound(f"There is no budget of {project[:80]} here.")
