"""How SQLAlchemy speaks to PostgreSQL here: as through a pooler that gives each transaction another session.

What SQLAlchemy itself runs is prepared without a name, which holds for the transaction it is in and leaves nothing
behind in the session; nothing is asked outside a transaction. Text compares and sorts by its code points, as in SQLite
and in memory: an id is found by its beginning, and who goes first is the same, whatever language the database speaks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi, PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler
from sqlalchemy.util import await_

from wanreel.store.postgres.line import Line
from wanreel.store.postgres.sessions import Session

NAME = "postgresql+wanreel"


class _Definitions(PGDDLCompiler):
    """Tables as the migrations describe them for any database, with what PostgreSQL needs said."""

    def get_column_specification(self, column: Column[Any], **how: Any) -> str:
        """The text of a column: its letters are compared by code point, and a number that counts up has 64 bits."""
        said = super().get_column_specification(column, **how)
        if isinstance(column.type, sqltypes.Text):
            return said.replace(" TEXT", ' TEXT COLLATE "C"', 1)
        return said.replace(" SERIAL", " BIGSERIAL", 1)


class _Text(sqltypes.Text):
    """Text with the one character PostgreSQL cannot store shown as the sign for "no such character"."""

    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Any:
        """What becomes of a value on its way in."""
        return _storable


def _storable(value: Any, /) -> Any:
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class _Driver(AsyncAdapt_asyncpg_dbapi):
    """asyncpg as SQLAlchemy drives it, with sessions of ours over lines of ours."""

    def connect(self, *, line: Line, **given: Any) -> Session:
        """A new session."""
        made: Any = Session.create(
            self, line.connect(**given), prepared_statement_cache_size=0, prepared_statement_name_func=unnamed
        )
        session: Session = await_(made)
        return session


class Dialect(PGDialect_asyncpg):
    """PostgreSQL over asyncpg, session by session unknown."""

    @classmethod
    def import_dbapi(cls) -> Any:
        """What connections are made by."""
        return _Driver(__import__("asyncpg"))

    ddl_compiler = _Definitions
    supports_statement_cache = True
    colspecs = {**PGDialect_asyncpg.colspecs, sqltypes.Text: _Text}  # noqa: RUF012 - as the class it is made from has it


def unnamed() -> str:
    """The name of every prepared statement."""
    return ""


registry.register("postgresql.wanreel", __name__, "Dialect")
