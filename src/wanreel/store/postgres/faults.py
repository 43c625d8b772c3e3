"""What PostgreSQL says when it cannot, in our words: the one table from its codes to errors a caller can act on."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wanreel.domain.errors import Internal, Invalid, Unavailable, WanreelError

AGAIN = frozenset(("40001", "40P01", "23505", "55P03"))
"""Two met: nothing was written, and whoever comes second sees what the first has done."""

READ_ONLY = "25006"

_WORDS = {
    "28P01": "does not take this password. Check WANREEL_DATABASE_URL.",
    "28000": "does not let this user in. Check WANREEL_DATABASE_URL and the server's pg_hba.conf.",
    "3D000": "is not there. Create it (CREATE DATABASE …) or mend the name in WANREEL_DATABASE_URL.",
    "42501": "does not allow this to its user. Give that user the rights to its tables, or name their owner.",
    "3F000": "has no schema to make tables in. Create the one its search_path names, or mend that (ALTER ROLE … SET).",
    "53300": "has no connection left. Raise max_connections, or put a pooler in front of it.",
    "53100": "cannot grow: its disk is full. Nothing was half-written.",
    "57P03": "is starting up or shutting down. Try again.",
    "57014": "took too long over a statement, which was ended. Try again.",
    READ_ONLY: "takes no writes: it is a standby, or was set read-only. `wanreel doctor` says which.",
}
_CLASSES = {
    "08": "cannot be reached, or has let go of the connection. Try again.",
    "53": "has run out of memory, disk or connections.",
    "57": "has ended the connection. Try again.",
    "58": "has trouble with its disk. Nothing was half-written.",
    "25": "has ended the transaction. Try again.",
    "40": "was busy with others who wanted the same. Try again.",
    "55": "was busy with others who wanted the same. Try again.",
    "XX": "has found itself damaged. Nothing was changed.",
}


def code_of(error: BaseException) -> str:
    """PostgreSQL's own code for what went wrong; "" where it did not say."""
    cause = _cause(error)
    while cause is not None:
        code = getattr(cause, "sqlstate", None)
        if isinstance(code, str):
            return code
        cause = cause.__cause__
    return ""


def gone(error: BaseException) -> bool:
    """Whether it is a session's own that has ended, though its connection may not know yet."""
    is_drivers = isinstance(_cause(error), asyncpg.InternalClientError | asyncpg.InterfaceError)
    return is_drivers or code_of(error).startswith(("08", "57P", "25P03"))


def _cause(error: BaseException) -> BaseException:
    """What the driver said, out of what SQLAlchemy made of it."""
    said = (error.orig if isinstance(error, DBAPIError) else error) or error
    return (said.__cause__ or said) if isinstance(said, EmulatedDBAPIException) else said


def cut_off(error: BaseException) -> bool:
    """Whether the connection was lost."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def translated(error: BaseException, where: str) -> BaseException:
    """Our error for one of PostgreSQL's, its driver's or the network's; any other is handed back as it is."""
    if isinstance(error, WanreelError):
        return error
    if isinstance(error, UnicodeEncodeError) or isinstance(error.__cause__, UnicodeEncodeError):
        return Invalid("a text holds characters that no database can store; use plain text")
    code = code_of(error)
    cause = _cause(error)
    if "UnicodeEncodeError" in str(cause) or "surrogates not allowed" in str(cause):
        return Invalid("a text holds characters that no database can store; use plain text")
    words = _WORDS.get(code) or _CLASSES.get(code[:2])
    if words is not None:
        return Unavailable(f"the database {where} {words} (PostgreSQL says: {_brief(cause)})")
    if isinstance(cause, OSError | TimeoutError | PoolTimeout) or cut_off(error):
        return Unavailable(f"the database {where} cannot be reached: {_brief(cause)}. Is it running? Is the URL right?")
    if isinstance(cause, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return Unavailable(f"the connection to the database {where} broke: {_brief(cause)}")
    if isinstance(error, DBAPIError) or isinstance(cause, asyncpg.PostgresError):
        return Internal(f"the database {where} did not understand us: {_brief(cause)}")
    return error


def _brief(error: BaseException) -> str:
    """The first line of what was said, without the name of the driver's class."""
    said = str(error).strip().splitlines()
    return said[0].removeprefix(f"{type(error).__name__}: ") if said else type(error).__name__
