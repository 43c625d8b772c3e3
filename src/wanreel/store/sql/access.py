"""Projects, tokens and the audit log as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from wanreel.domain.access import Deed, Project, Token
from wanreel.store.sql.tables import deeds as deeds_table
from wanreel.store.sql.tables import projects as projects_table
from wanreel.store.sql.tables import tokens as tokens_table

_PROJECTS = select(projects_table).order_by(projects_table.c.created_at, projects_table.c.name)
_PROJECT = select(projects_table).where(projects_table.c.name == bindparam("the_name"))
_ADD_PROJECT = insert(projects_table)
_TOKENS = select(tokens_table).order_by(tokens_table.c.created_at, tokens_table.c.id)
_TOKEN = select(tokens_table).where(tokens_table.c.sha256 == bindparam("the_hash"))
_DROP_TOKEN = delete(tokens_table).where(tokens_table.c.id == bindparam("the_id"))
_PUT_TOKEN = insert(tokens_table)
_USED = update(tokens_table).where(tokens_table.c.id == bindparam("the_id")).values(used_at=bindparam("at"))
_NOTE = insert(deeds_table)
_DEEDS = select(deeds_table).order_by(deeds_table.c.seq.desc()).limit(bindparam("most"))


def add_project(conn: Connection, project: Project) -> None:
    """Store a project; one that is there stays as it is."""
    if conn.execute(_PROJECT, {"the_name": project.name}).first() is None:
        conn.execute(_ADD_PROJECT, {"name": project.name, "created_at": project.created_at})


def projects(conn: Connection) -> list[Project]:
    """All projects, oldest first."""
    return [Project(row.name, row.created_at) for row in conn.execute(_PROJECTS)]


def put_token(conn: Connection, token: Token) -> None:
    """Store a token, in place of what stood under its id."""
    conn.execute(_DROP_TOKEN, {"the_id": token.id})
    conn.execute(
        _PUT_TOKEN,
        {
            "id": token.id,
            "name": token.name,
            "project": token.project,
            "scopes": " ".join(token.scopes),
            "sha256": token.sha256,
            "created_at": token.created_at,
            "per_minute": token.per_minute,
            "resend_s": token.resend_s,
            "revoked_at": token.revoked_at,
            "used_at": token.used_at,
        },
    )


def tokens(conn: Connection) -> list[Token]:
    """All tokens, oldest first."""
    return [_token(row) for row in conn.execute(_TOKENS)]


def token_of(conn: Connection, sha256: str) -> Token | None:
    """The token whose secret has this hash."""
    row = conn.execute(_TOKEN, {"the_hash": sha256}).first()
    return None if row is None else _token(row)


def mark_used(conn: Connection, token_id: str, at: float) -> None:
    """Its last use."""
    conn.execute(_USED, {"the_id": token_id, "at": at})


def note(conn: Connection, deed: Deed) -> None:
    """Append to the audit log."""
    row = {"at": deed.at, "token": deed.token, "project": deed.project, "what": deed.what, "subject": deed.subject}
    conn.execute(_NOTE, row)


def deeds(conn: Connection, limit: int) -> list[Deed]:
    """The audit log, newest first."""
    return [Deed(r.at, r.token, r.project, r.what, r.subject) for r in conn.execute(_DEEDS, {"most": limit})]


def _token(row: Any) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        project=row.project,
        scopes=tuple(row.scopes.split()),
        sha256=row.sha256,
        created_at=row.created_at,
        per_minute=row.per_minute,
        resend_s=row.resend_s,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
