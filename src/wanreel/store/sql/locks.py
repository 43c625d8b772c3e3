"""Turns: where several transactions are under way at a time, some things are read and written by one after the other.

A turn is taken before what it guards is read, and ends with the transaction; it belongs to no session. SQLite has one
writer at a time, so that everything there has its turn already.

Order: turns first, each transaction's in the order of their names; rows after them.
"""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import BigInteger, BindParameter, Connection, bindparam, func, select

from wanreel.domain.event import SlotKey

_NUMBER: BindParameter[int] = bindparam("the_turn", type_=BigInteger)
_TAKE = select(func.pg_advisory_xact_lock(_NUMBER))
_TRY = select(func.pg_try_advisory_xact_lock(_NUMBER))


def concurrent(conn: Connection) -> bool:
    """Whether others may write at the same time."""
    return conn.dialect.name == "postgresql"


def take(conn: Connection, *names: str) -> None:
    """Wait for a turn at each of these."""
    if concurrent(conn):
        for number in sorted({_number(name) for name in names}):
            conn.execute(_TAKE, {"the_turn": number})


def take_if_free(conn: Connection, name: str) -> bool:
    """Take a turn, or say at once that somebody else has it."""
    return not concurrent(conn) or bool(conn.execute(_TRY, {"the_turn": _number(name)}).scalar())


def of_key(key: SlotKey) -> str:
    """The turn at a key's slots, its limits, and who of its queue goes next."""
    return f"slots {key.account} {key.model}"


def _number(name: str) -> int:
    return int.from_bytes(blake2b(f"wanreel {name}".encode(errors="replace"), digest_size=8).digest(), signed=True)
