"""Records of groups."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, tuple_

from wanreel.domain.errors import NotFound
from wanreel.domain.group import Group
from wanreel.store.rows import group_of, group_text
from wanreel.store.sql.tables import groups

_INSERT = insert(groups)
_ONE = select(groups).where(groups.c.id == bindparam("the_id"))


def keep(conn: Connection, group: Group) -> None:
    """Store a record, if there is none yet."""
    if conn.execute(_ONE, {"the_id": group.id}).first() is None:
        row = {"id": group.id, "project": group.project, "created_at": group.created_at, "body": group_text(group)}
        conn.execute(_INSERT, row)


def get(conn: Connection, group_id: str) -> Group:
    """The record. Raises NotFound."""
    row = conn.execute(_ONE, {"the_id": group_id}).first()
    if row is None:
        raise NotFound(f"there is no group {group_id} here")
    return group_of(row.body)


def newest(conn: Connection, project: str | None, limit: int, after: str | None) -> list[Group]:
    """Records, newest first. Raises NotFound for `after`."""
    statement = select(groups.c.body)
    if project is not None:
        statement = statement.where(groups.c.project == project)
    if after is not None:
        last = get(conn, after)
        statement = statement.where(tuple_(groups.c.created_at, groups.c.id) < tuple_(last.created_at, last.id))
    statement = statement.order_by(groups.c.created_at.desc(), groups.c.id.desc()).limit(limit)
    return [group_of(text) for text in conn.execute(statement).scalars()]
