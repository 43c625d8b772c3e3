"""Projects and tokens: made, shown, revoked, recognised. A secret is told once, to whoever makes it; a hash is kept."""

from __future__ import annotations

from dataclasses import replace

from wanreel.domain.access import Deed, Project, Token, checked_name, checked_scopes, secret_hash
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem
from wanreel.domain.labels import PROJECT, project_name
from wanreel.ports.access import Access
from wanreel.ports.clock import Clock

KEPT_S = 1.0  # how long a token is taken for what it was; so long a revoked one may still be let in
KEPT_MAX = 10_000
USED_EVERY_S = 60.0  # last use is written down no more often than this
PREFIX = "wr_"


class Tokens:
    """The use cases of who may do what, over one home."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._kept: dict[str, tuple[float, Token | None]] = {}
        self._configured_at: tuple[float, bool] = (float("-inf"), False)
        self._by_id: tuple[float, dict[str, Token]] = (float("-inf"), {})

    async def make_project(self, name: str) -> Project:
        """A new project. Raises Invalid, Conflict (it is there already)."""
        project = Project(project_name(name, ""), self._clock.now())
        if not project.name:
            raise Invalid("", (Problem("project", "needs a name"),))
        if project.name in {p.name for p in await self.projects()}:
            raise Conflict(f"there is a project {project.name} already")
        await self._access.add_project(project)
        await self.note("", project.name, "project.made", project.name)
        return project

    async def projects(self) -> list[Project]:
        """All projects, the default one first."""
        found = await self._access.projects()
        return [Project(PROJECT, 0.0), *(p for p in found if p.name != PROJECT)]

    async def make(
        self,
        name: str,
        project: str | None,
        scopes: tuple[str, ...],
        *,
        per_minute: int | None = None,
        resend_s: float | None = None,
    ) -> tuple[Token, str]:
        """A new token and its secret, which nobody can ask for again. `project` None: for all, an operator's. Raises
        Invalid, NotFound (no such project).
        """
        if project is not None and project not in {p.name for p in await self.projects()}:
            raise NotFound(f"there is no project {project}: make it first (wanreel projects add)")
        if per_minute is not None and per_minute < 0:
            raise Invalid("", (Problem("per_minute", "must be 0 (no limit) or more", str(per_minute)),))
        secret = PREFIX + "".join(self._clock.new_id("x").removeprefix("x_") for _ in range(2))
        token = Token(
            id=self._clock.new_id("tok"),
            name=checked_name(name),
            project=project,
            scopes=checked_scopes(scopes),
            sha256=secret_hash(secret),
            created_at=self._clock.now(),
        )
        if per_minute is not None:
            token = replace(token, per_minute=per_minute)
        if resend_s is not None:
            token = replace(token, resend_s=max(0.0, resend_s))
        await self._access.put_token(token)
        self._configured_at = (float("-inf"), False)
        await self.note("", project or "*", "token.made", token.id)
        return token, secret

    async def list(self) -> list[Token]:
        """All tokens, revoked ones too, oldest first."""
        return await self._access.tokens()

    async def revoke(self, token_id: str) -> Token:
        """End a token; twice is harmless. Raises NotFound."""
        found = next((t for t in await self._access.tokens() if t.id == token_id), None)
        if found is None:
            raise NotFound(f"there is no token {token_id}")
        if found.revoked_at is None:
            found = replace(found, revoked_at=self._clock.now())
            await self._access.put_token(found)
            self._kept.pop(found.sha256, None)
            self._by_id = (float("-inf"), {})
            await self.note("", found.project or "*", "token.revoked", found.id)
        return found

    async def configured(self) -> bool:
        """Whether there are tokens, so that callers need one. A revoked one counts: revoking the last opens nothing."""
        asked_at, answer = self._configured_at
        if not answer and self._clock.now() - asked_at >= KEPT_S:
            answer = bool(await self._access.tokens())
            self._configured_at = (self._clock.now(), answer)
        return answer

    async def recognise(self, secret: str) -> Token | None:
        """The token of a secret, if it is in force; its use is noted now and then."""
        sha256, now = secret_hash(secret), self._clock.now()
        kept_at, token = self._kept.get(sha256, (float("-inf"), None))
        if now - kept_at >= KEPT_S:
            token = await self._access.token_of(sha256)
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            if token is not None:
                self._kept[sha256] = (now, token)
        if token is None or token.revoked_at is not None:
            return None
        if token.used_at is None or now - token.used_at >= USED_EVERY_S:
            used = replace(token, used_at=now)
            self._kept[sha256] = (now, used)
            await self._access.mark_used(token.id, now)
            return used
        return token

    async def in_force(self, token_id: str) -> Token | None:
        """A token by its id, if it is in force; a revoked one may be taken for what it was for `KEPT_S`."""
        kept_at, known = self._by_id
        now = self._clock.now()
        if now - kept_at >= KEPT_S:
            known = {token.id: token for token in await self._access.tokens()}
            self._by_id = (now, known)
        found = known.get(token_id)
        return found if found is not None and found.revoked_at is None else None

    async def note(self, token: str, project: str, what: str, subject: str) -> None:
        """Write a line into the audit log."""
        await self._access.note(Deed(self._clock.now(), token, project, what, subject))

    async def log(self, limit: int = 100) -> list[Deed]:
        """The audit log, newest first."""
        return await self._access.deeds(limit)
