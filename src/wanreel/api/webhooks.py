"""`/v1/webhooks`: who is told what happens, signed as Standard Webhooks has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from wanreel.api.access import Admin
from wanreel.api.desk import Desk, desk_of
from wanreel.api.problems import documented
from wanreel.api.switch import Room
from wanreel.domain.hook import KINDS, Delivery, Hook, Message
from wanreel.service.view import iso

router = Room(prefix="/v1/webhooks", tags=["webhooks"])

HookId = Annotated[str, Path(max_length=100, examples=["hook_01k8xgjt2k3m4n5p6q7r8s9t0v"])]
_BODIES = ("too_large", "too_slow", "unsupported")


class HookIn(BaseModel):
    """A receiver."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, examples=["https://app.example/hooks/wanreel"])
    kinds: list[str] = Field(default=[], max_length=50, description=f"Of {', '.join(KINDS)}; none: all of them.")
    name: str = Field(default="", max_length=64)


class ReplayIn(BaseModel):
    """What to send again: one message, or all since an instant (seconds since the epoch, UTC)."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(default=None, max_length=100)
    since: float | None = Field(default=None, ge=0, lt=1e12, allow_inf_nan=False)


class HookOut(BaseModel):
    """A webhook, without its secret."""

    model_config = ConfigDict(title="Webhook")

    id: str
    url: str
    project: str | None = Field(description="null: of all projects.")
    kinds: list[str]
    name: str
    created_at: str | None
    paused_at: str | None
    paused_why: str


class HookMade(HookOut):
    """A webhook with the secret that signs from now on, shown this once."""

    model_config = ConfigDict(title="WebhookWithSecret")

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class HookList(BaseModel):
    """Webhooks, oldest first."""

    data: list[HookOut]


class DeliveryOut(BaseModel):
    """What a webhook was told, or is still owed."""

    model_config = ConfigDict(title="Delivery")

    message: str
    kind: str
    at: str | None
    tries: int
    due_at: str | None
    delivered_at: str | None
    parked_at: str | None
    trouble: str


class DeliveryList(BaseModel):
    """Deliveries, newest first."""

    data: list[DeliveryOut]


class Sent(BaseModel):
    """The id of a message that is on its way."""

    message: str


class Replayed(BaseModel):
    """How many messages are sent again."""

    messages: int


@router.post("", status_code=201, responses=documented("conflict", *_BODIES))
async def add(request: Request, answer: Response, body: HookIn, caller: Admin) -> HookMade:
    """Tell a receiver what happens in this project. The secret is shown this once."""
    desk = desk_of(request)
    hook = await desk.hooks.add(body.url, caller.project, body.kinds, body.name)
    await desk.note(caller, hook.project or "*", "webhook.made", hook.id)
    answer.headers["Location"] = f"/v1/webhooks/{hook.id}"
    return _made(hook)


@router.get("", responses=documented())
async def list_hooks(request: Request, caller: Admin) -> HookList:
    """The project's webhooks."""
    return HookList(
        data=[HookOut.model_validate(_fields(hook)) for hook in await desk_of(request).hooks.list(caller.project)]
    )


@router.get("/{hook_id}", responses=documented("not_found"))
async def get(request: Request, hook_id: HookId, caller: Admin) -> HookOut:
    """One webhook."""
    return HookOut.model_validate(_fields(await desk_of(request).hooks.get(hook_id, caller.project)))


@router.delete("/{hook_id}", status_code=204, responses=documented("not_found"))
async def remove(request: Request, hook_id: HookId, caller: Admin) -> None:
    """End a webhook; what it was still owed is dropped."""
    desk = desk_of(request)
    await desk.hooks.remove(hook_id, caller.project)
    await desk.note(caller, caller.project or "*", "webhook.removed", hook_id)


@router.post("/{hook_id}/rotate", responses=documented("not_found"))
async def rotate(request: Request, hook_id: HookId, caller: Admin) -> HookMade:
    """A new secret; the old one signs beside it for a day."""
    desk = desk_of(request)
    hook = await desk.hooks.rotate(hook_id, caller.project)
    await desk.note(caller, hook.project or "*", "webhook.rotated", hook.id)
    return _made(hook)


@router.post("/{hook_id}/pause", responses=documented("not_found"))
async def pause(request: Request, hook_id: HookId, caller: Admin) -> HookOut:
    """Tell it nothing for now."""
    return HookOut.model_validate(_fields(await desk_of(request).hooks.pause(hook_id, caller.project)))


@router.post("/{hook_id}/resume", responses=documented("not_found"))
async def resume(request: Request, hook_id: HookId, caller: Admin) -> HookOut:
    """Tell it again what happens from now on; what it missed can be replayed."""
    return HookOut.model_validate(_fields(await desk_of(request).hooks.resume(hook_id, caller.project)))


@router.post("/{hook_id}/ping", status_code=202, responses=documented("not_found"))
async def ping(request: Request, hook_id: HookId, caller: Admin) -> Sent:
    """Send a test message, signed like any other."""
    return Sent(message=(await desk_of(request).hooks.ping(hook_id, caller.project)).id)


@router.post("/{hook_id}/replay", status_code=202, responses=documented("not_found", *_BODIES))
async def replay(request: Request, hook_id: HookId, caller: Admin, body: ReplayIn) -> Replayed:
    """Send again one message, or everything since an instant; delivered or not. Ids stay the same."""
    count = await desk_of(request).hooks.replay(hook_id, caller.project, message=body.message, since=body.since)
    return Replayed(messages=count)


@router.get("/{hook_id}/deliveries", responses=documented("not_found"))
async def deliveries(request: Request, hook_id: HookId, caller: Admin) -> DeliveryList:
    """What it was told, what it is still owed, and what was set aside after a day of tries."""
    desk: Desk = desk_of(request)
    return DeliveryList(data=[_delivery(*pair) for pair in await desk.hooks.owed(hook_id, caller.project)])


def _fields(hook: Hook) -> dict[str, object]:
    return {
        "id": hook.id,
        "url": hook.url,
        "project": hook.project,
        "kinds": list(hook.kinds),
        "name": hook.name,
        "created_at": iso(hook.created_at),
        "paused_at": iso(hook.paused_at),
        "paused_why": hook.paused_why,
    }


def _made(hook: Hook) -> HookMade:
    return HookMade.model_validate(_fields(hook) | {"secret": hook.secrets[0].value})


def _delivery(delivery: Delivery, message: Message) -> DeliveryOut:
    over = delivery.delivered_at is not None or delivery.parked_at is not None
    return DeliveryOut(
        message=message.id,
        kind=message.kind,
        at=iso(message.at),
        tries=delivery.tries,
        due_at=None if over else iso(delivery.due_at),
        delivered_at=iso(delivery.delivered_at),
        parked_at=iso(delivery.parked_at),
        trouble=delivery.trouble,
    )
