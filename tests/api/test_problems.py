"""Tests of the problems: one table, whole, and true in both directions."""

from __future__ import annotations

from tests.api.served import Served
from wanreel.api.problems import CODE_OF_STATUS, TABLE, told
from wanreel.domain.errors import Internal, WanreelError


def _children(kind: type[WanreelError]) -> set[type[WanreelError]]:
    return {kind, *(grandchild for child in kind.__subclasses__() for grandchild in _children(child))}


def test_every_error_of_ours_has_a_row() -> None:
    """No code is without a status."""
    assert {kind.code for kind in _children(WanreelError)} <= set(TABLE)


def test_no_two_codes_share_a_status() -> None:
    """So that a client can read the table backwards."""
    assert len(TABLE) == len(CODE_OF_STATUS)


def test_bugs_are_not_quoted() -> None:
    """What went wrong inside is for the log, not for the caller."""
    for bug in (Internal("the password is x"), ValueError("the password is x")):
        assert "password" not in told(bug).message


async def test_every_type_can_be_looked_up(idle: Served) -> None:
    """A problem's `type` leads to what it means."""
    for code, kind in TABLE.items():
        got = await idle.ask("GET", f"/v1/problems/{code}")
        assert (200, kind.status) == (got.status, got.json["status"])
    assert 404 == (await idle.ask("GET", "/v1/problems/strange")).status
