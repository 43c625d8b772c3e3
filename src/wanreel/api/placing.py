"""How a create of a foreign face comes to its job: by its key, by its library's retry count, or by what came before."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from wanreel.api.caller import Caller
from wanreel.api.creates import Asked, Placed
from wanreel.api.desk import desk_of
from wanreel.api.orders import ask_of, checked_key, scoped_key
from wanreel.api.problems import Refusal
from wanreel.domain.job import Job
from wanreel.domain.request import canonical

RESEND_OF = "Wanreel-Resend-Of"
"""On the answer to a create that was taken for an earlier one sent again: the job both have."""

_COUNTS = ("x-stainless-retry-count",)
_SESSIONS = ("x-dashscope-sdk-session-id",)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a job that is made for a create is to remember: its unique key, if any, and the hash of the call."""

    key: str | None
    ask: str


async def place(
    request: Request, caller: Caller, path: str, said: Any, make: Callable[[Mark], Awaitable[Job]]
) -> Placed:
    """The job of a create that said so much, made now where it is a new one. Raises Refusal (a key that is none),
    Conflict (a known key, for something else), and as `make`.
    """
    desk = desk_of(request)
    try:
        canonical(said)
    except (ValueError, RecursionError):
        raise Refusal("malformed", "The body holds a number that is none.") from None
    key = checked_key(request.headers.get("idempotency-key"))
    if key is not None:
        began_at = desk.clock.now()
        job = await make(Mark(scoped_key(caller, key), ask_of(path, said)))
        return Placed(job, resend=job.created_at < began_at)
    sessions = [request.headers.get(name, "") for name in _SESSIONS]
    ask = _print([caller.token, caller.project, path, said, sessions])
    asked = Asked(ask, caller.resend_s, _count(request), request.is_disconnected, caller.project)
    return await desk.creates.place(asked, lambda: make(Mark(None, ask)))


def resend_headers(placed: Placed) -> dict[str, str]:
    """What an answer says of where its job comes from."""
    return {RESEND_OF: placed.job.id} if placed.resend else {}


def _count(request: Request) -> int | None:
    found = next((request.headers[name] for name in _COUNTS if name in request.headers), "")
    return int(found) if found.isascii() and found.isdecimal() and len(found) < 6 else None


def _print(parts: list[Any]) -> str:
    return hashlib.sha256(canonical(parts).encode("utf-8", "surrogatepass")).hexdigest()
