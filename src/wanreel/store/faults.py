"""What SQLite says when it cannot, in our words: the one table from its error codes to errors a caller can act on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from wanreel.domain.errors import Internal, Invalid, Unavailable, WanreelError

_WORDS = {
    sqlite3.SQLITE_BUSY: "is busy: another process has been writing to it all the while. Try again.",
    sqlite3.SQLITE_LOCKED: "is busy: another process has been writing to it all the while. Try again.",
    sqlite3.SQLITE_READONLY: "cannot be written to. Check who owns it, and that its folder is not read-only.",
    sqlite3.SQLITE_PERM: "may not be opened. Check who owns it and its permissions.",
    sqlite3.SQLITE_AUTH: "may not be opened. Check who owns it and its permissions.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Check that its folder exists, is yours, and is not read-only.",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full. Free some space; nothing was half-written.",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk is full or failing. Nothing was half-written.",
    sqlite3.SQLITE_NOLFS: "has grown larger than this file system allows. Move the home to another disk.",
    sqlite3.SQLITE_NOMEM: "needs more memory than this process may have.",
}
_DAMAGED = (
    "is damaged, or no database at all. Nothing was changed. Stop all wanreel processes and copy the file, with the "
    "-wal file beside it, to a safe place. Then put a backup in its place; or try `sqlite3 FILE .recover`; or move it "
    "away to begin with an empty database (tasks that run at the vendor are then no longer known here)."
)


def translated(error: BaseException, path: Path) -> BaseException:
    """Our error for one of SQLite's or its driver's; any other error is handed back as it is."""
    if isinstance(error, WanreelError):
        return error
    if isinstance(error, UnicodeEncodeError):
        return Invalid(f"{error.object!r} holds characters that no database can store; use plain text")
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return error
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte; the rest is detail
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Unavailable(f"the database {path} {_DAMAGED} (SQLite says: {cause})")
    if code in _WORDS:
        return Unavailable(f"the database {path} {_WORDS[code]} (SQLite says: {cause})")
    return Internal(f"the database {path} did not understand us: {cause}")
