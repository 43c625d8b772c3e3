"""Tests of projects and tokens."""

from __future__ import annotations

import pytest

from tests.factories import FakeClock
from wanreel.domain.errors import Conflict, Invalid, NotFound
from wanreel.service.tokens import KEPT_S, USED_EVERY_S, Tokens
from wanreel.store.access import MemoryAccess


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def tokens(clock: FakeClock) -> Tokens:
    """Nobody has a token yet."""
    return Tokens(MemoryAccess(), clock)


async def test_a_secret_is_told_once_and_recognised(tokens: Tokens) -> None:
    """What is kept of a secret is its hash, and the secret itself is long and begins with our mark."""
    token, secret = await tokens.make("ci", "default", ("submit", "read"))
    assert secret.startswith("wr_")
    assert len(secret) >= 50
    assert secret not in repr(await tokens.list())
    found = await tokens.recognise(secret)
    assert found is not None
    assert (token.id, ("submit", "read")) == (found.id, found.scopes)
    assert await tokens.recognise(secret + "x") is None
    assert await tokens.recognise(token.sha256) is None


async def test_a_revoked_token_opens_nothing(tokens: Tokens, clock: FakeClock) -> None:
    """Revoking ends it, and revoking the last one does not open the house."""
    token, secret = await tokens.make("ci", "default", ("read",))
    assert await tokens.recognise(secret)
    await tokens.revoke(token.id)
    await tokens.revoke(token.id)
    assert await tokens.recognise(secret) is None
    assert await tokens.configured()


async def test_another_process_revoking_is_noticed(clock: FakeClock) -> None:
    """A token is remembered for a second, no longer."""
    access = MemoryAccess()
    here, there = Tokens(access, clock), Tokens(access, clock)
    token, secret = await here.make("ci", "default", ("read",))
    assert await here.recognise(secret)
    await there.revoke(token.id)
    clock.advance(KEPT_S + 0.1)
    assert await here.recognise(secret) is None


async def test_last_use_is_written_now_and_then(tokens: Tokens, clock: FakeClock) -> None:
    """The first use is noted at once, the next ones once a minute at most."""
    _, secret = await tokens.make("ci", "default", ("read",))
    began = clock.now()
    await tokens.recognise(secret)
    clock.advance(USED_EVERY_S / 2)
    await tokens.recognise(secret)
    assert [began] == [token.used_at for token in await tokens.list()]
    clock.advance(USED_EVERY_S)
    await tokens.recognise(secret)
    assert [clock.now()] == [token.used_at for token in await tokens.list()]


async def test_tokens_belong_to_projects_that_exist(tokens: Tokens) -> None:
    """A project is made before its tokens, once."""
    with pytest.raises(NotFound):
        await tokens.make("ci", "films", ("read",))
    await tokens.make_project("films")
    with pytest.raises(Conflict):
        await tokens.make_project("films")
    token, _ = await tokens.make("ci", "films", ("read",))
    assert ("films", ["default", "films"]) == (token.project, [p.name for p in await tokens.projects()])


async def test_scopes_are_of_three(tokens: Tokens) -> None:
    """A scope that does not exist, or none at all, is refused."""
    for scopes in (("write",), ()):
        with pytest.raises(Invalid):
            await tokens.make("ci", "default", scopes)


async def test_what_was_done_stands_in_the_log(tokens: Tokens) -> None:
    """Making and revoking leave lines, newest first."""
    token, _ = await tokens.make("ci", "default", ("read",))
    await tokens.revoke(token.id)
    assert ["token.revoked", "token.made"] == [deed.what for deed in await tokens.log()]
