"""`/v1/accounts`: what each account may do and does, and what is held back."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from wanreel.api.access import Admin
from wanreel.api.desk import desk_of
from wanreel.api.problems import documented

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])


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


@router.get("", responses=documented())
async def accounts(request: Request, caller: Admin) -> AccountList:
    """Slots in use, work that waits, and what is parked. Counts are of all projects, so this needs an admin's token."""
    found = await desk_of(request).service.accounts()
    rows = [{**row, "models": [{**m, "learned": bool(m["learned"])} for m in row["models"]]} for row in found]
    return AccountList(data=[AccountOut.model_validate(row) for row in rows])
