"""Who asks: the project and the scopes a request comes with, from its token or from being on this very machine."""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.access import ADMIN, RESEND_S, SCOPES


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `project` is None for somebody who may see all of them."""

    project: str | None
    scopes: tuple[str, ...] = SCOPES
    token: str = ""  # the id of the token, "" on this machine without tokens
    resend_s: float = RESEND_S  # how long an unacknowledged create of a foreign face is taken for a resend

    def sees(self, project: str) -> bool:
        """Whether what belongs to a project may be shown."""
        return self.project is None or self.project == project

    def may(self, scope: str) -> bool:
        """Whether a scope was given; admin may everything."""
        return scope in self.scopes or ADMIN in self.scopes


NOBODY = Caller(None)
"""Whoever asks on loopback while there are no tokens."""
