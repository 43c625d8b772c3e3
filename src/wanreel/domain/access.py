"""Who may do what: projects, tokens and the log of what was done with them. Of secrets only hashes are known here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from wanreel.domain.errors import Invalid, Problem

SUBMIT, READ, ADMIN = "submit", "read", "admin"
SCOPES = (SUBMIT, READ, ADMIN)
PER_MINUTE = 1200
RESEND_S = 360.0  # longer than any client known that does not count its retries waits for an answer (300 s)
NAME_CHARS_MAX = 64


@dataclass(frozen=True, slots=True)
class Project:
    """What jobs, artifacts, budgets and webhooks are kept apart by."""

    name: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Token:
    """The right to act for a project (None: for all). `sha256` is of the secret, which is shown once and not kept."""

    id: str
    name: str
    project: str | None
    scopes: tuple[str, ...]
    sha256: str
    created_at: float
    per_minute: int = PER_MINUTE  # requests; 0: no limit
    resend_s: float = RESEND_S  # how long an unacknowledged create is taken for a resend; 0: never
    revoked_at: float | None = None
    used_at: float | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit log: who did what to which thing."""

    at: float
    token: str  # its id; "" for this machine itself
    project: str
    what: str  # order, cancel, retry, resolve, token.made, token.revoked, project.made, webhook.…
    subject: str


def secret_hash(secret: str) -> str:
    """How a secret is kept: one round is enough for 160 bits that nobody can guess."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def checked_scopes(given: tuple[str, ...]) -> tuple[str, ...]:
    """Scopes in their order, each once. Raises Invalid."""
    strange = [scope for scope in given if scope not in SCOPES]
    if strange or not given:
        raise Invalid("", (Problem("scope", f"must be of {', '.join(SCOPES)}", ", ".join(strange)),))
    return tuple(scope for scope in SCOPES if scope in given)


def checked_name(given: str) -> str:
    """A name for a person to know a token or a webhook by. Raises Invalid."""
    name = given.strip()
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise Invalid("", (Problem("name", f"must be 1 to {NAME_CHARS_MAX} printable characters", given[:80]),))
    return name
