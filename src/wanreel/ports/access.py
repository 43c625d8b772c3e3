"""Projects, tokens, the audit log."""

from __future__ import annotations

from typing import Protocol

from wanreel.domain.access import Deed, Project, Token


class Access(Protocol):
    """Projects, tokens and the audit log. Raises Unavailable only."""

    async def add_project(self, project: Project) -> None:
        """Store a project; one of that name stays as it is."""
        ...

    async def projects(self) -> list[Project]:
        """All projects, oldest first."""
        ...

    async def put_token(self, token: Token) -> None:
        """Store a token, in place of what stood under its id."""
        ...

    async def tokens(self) -> list[Token]:
        """All tokens, revoked ones too, oldest first."""
        ...

    async def token_of(self, sha256: str) -> Token | None:
        """The token whose secret has this hash."""
        ...

    async def mark_used(self, token_id: str, at: float) -> None:
        """Note its last use."""
        ...

    async def note(self, deed: Deed) -> None:
        """Append to the audit log."""
        ...

    async def deeds(self, limit: int) -> list[Deed]:
        """The audit log, newest first."""
        ...
