"""Letting callers in: what a route asks of a token, and what of a project's things it may show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from fastapi.security import HTTPBearer
from starlette.requests import Request

from wanreel.api.caller import Caller
from wanreel.api.desk import desk_of
from wanreel.api.problems import Refusal
from wanreel.domain.access import ADMIN, READ, SUBMIT
from wanreel.domain.errors import NotFound
from wanreel.domain.job import Job
from wanreel.ports.overview import Sight
from wanreel.service.uses import ID_CHARS

_T = TypeVar("_T")


def secret_in(authorization: str) -> str:
    """What comes after `Bearer` in a header; "" where there is none."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


class _Bearer(HTTPBearer):
    """Where the document says that a token goes, and the token of a request; "" where there is none."""

    def __init__(self) -> None:
        """The one scheme there is."""
        super().__init__(
            auto_error=False,
            scheme_name="token",
            description="A token of this server (`wanreel tokens add`). "
            "On loopback, without any tokens, none is needed.",
        )

    @staticmethod
    def secret(request: Request) -> str:
        """What came after `Bearer`."""
        return secret_in(request.headers.get("authorization", ""))


class _Needs(_Bearer):
    """Whoever comes with a token that has a scope. One dependency and not one in another: each layer of the framework's
    costs every request a twentieth of a millisecond.
    """

    def __init__(self, scope: str) -> None:
        """The scope that is asked for."""
        super().__init__()
        self._scope = scope

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Who asks. Raises Refusal."""
        who = await desk_of(request).admit(self.secret(request) or None, _address(request))
        request.state.caller = who
        if not who.may(self._scope):
            raise Refusal("forbidden", f"This token may not do that: it lacks the scope `{self._scope}`.")
        return who


SHOWN_BY = "pass"


class _Looks(_Needs):
    """Whoever may look at one view of one job: by a token, or by a pass for just that."""

    async def __call__(
        self,
        request: Request,
        given: Annotated[
            str | None,
            Query(alias=SHOWN_BY, max_length=200, description="In place of a token: what `artifact/link` put there."),
        ] = None,
    ) -> Caller:
        """Who looks. Raises Refusal."""
        if self.secret(request) or given is None:
            return await super().__call__(request)
        job_id, shows = str(request.path_params["job_id"]), request.query_params.get("variant", "video")
        who = await desk_of(request).admit_pass(given, job_id, shows, _address(request))
        request.state.caller = who
        return who


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


Looker = Annotated[Caller, Depends(_Looks(READ))]
Reader = Annotated[Caller, Depends(_Needs(READ))]
Submitter = Annotated[Caller, Depends(_Needs(SUBMIT))]
Admin = Annotated[Caller, Depends(_Needs(ADMIN))]


def of_all(caller: Caller) -> None:
    """Raises Refusal for a token of one project, where something concerns them all."""
    if caller.project is not None:
        raise Refusal("forbidden", "This concerns all projects of an account: it needs a token that is of no project.")


async def visible_job(request: Request, job_id: str, caller: Caller) -> Job:
    """A job by its whole id. Raises NotFound, in the same words for missing and for somebody else's."""
    return await _visible(desk_of(request).service.get, lambda job: job, job_id, caller)


async def visible_sight(request: Request, job_id: str, caller: Caller) -> Sight:
    """The same, with what an answer about it says beside."""
    return await _visible(desk_of(request).service.look, lambda sight: sight.job, job_id, caller)


async def _visible(
    look: Callable[[str], Awaitable[_T]], job_of: Callable[[_T], Job], job_id: str, caller: Caller
) -> _T:
    missing = NotFound(f"There is no job {job_id[:80]} here.")
    if len(job_id) < ID_CHARS:
        raise missing
    try:
        found = await look(job_id)
    except NotFound:
        raise missing from None
    if not caller.sees(job_of(found).project):
        raise missing
    return found
