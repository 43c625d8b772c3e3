"""What every store of projects, tokens, webhooks and their deliveries does alike: in memory and in SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from wanreel.domain.access import Deed, Project, Token
from wanreel.domain.hook import Hook, Message, Secret
from wanreel.domain.policy import Policy
from wanreel.ports.access import Access
from wanreel.ports.hooks import Hooks
from wanreel.store.access import MemoryAccess
from wanreel.store.hooks import MemoryHooks
from wanreel.store.postgres.store import PostgresStore
from wanreel.store.sqlite import SqliteStore

TOKEN = Token("tok_1", "ci", "films", ("read",), "ab" * 32, 5.0)
HOOK = Hook("hook_1", "https://a.example/", "films", (Secret("whsec_eA=="),), 1.0, kinds=("job.failed",))


@dataclass
class Doors:
    """The two doors under test."""

    access: Access
    hooks: Hooks


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def doors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Doors]:
    """Each adapter in turn."""
    if request.param == "memory":
        yield Doors(MemoryAccess(), MemoryHooks())
        return
    if request.param == "postgres":
        async with PostgresStore(request.getfixturevalue("pg_url"), lambda _: 1, Policy()) as store:
            yield Doors(store.access, store.hooks)
        return
    async with SqliteStore(tmp_path / "db.sqlite3", lambda _: 1, Policy()) as store:
        yield Doors(store.access, store.hooks)


async def test_tokens_are_found_by_their_hash(doors: Doors) -> None:
    """A token comes back as it was stored, changed and used."""
    await doors.access.put_token(TOKEN)
    await doors.access.put_token(replace(TOKEN, id="tok_2", sha256="cd" * 32, project=None, created_at=6.0))
    await doors.access.mark_used("tok_1", 9.0)
    assert replace(TOKEN, used_at=9.0) == await doors.access.token_of("ab" * 32)
    assert await doors.access.token_of("ef" * 32) is None
    await doors.access.put_token(replace(TOKEN, revoked_at=10.0))
    assert [10.0, None] == [token.revoked_at for token in await doors.access.tokens()]


async def test_projects_are_kept_once(doors: Doors) -> None:
    """A project that is there stays as it is."""
    for at in (2.0, 1.0):
        await doors.access.add_project(Project("films", at))
    assert [Project("films", 2.0)] == await doors.access.projects()


async def test_the_log_is_read_newest_first(doors: Doors) -> None:
    """So many lines as were asked for."""
    for at in (1.0, 2.0, 3.0):
        await doors.access.note(Deed(at, "tok_1", "films", "order", f"job_{at}"))
    assert [3.0, 2.0] == [deed.at for deed in await doors.access.deeds(2)]


def message(number: int, kind: str = "job.failed", project: str | None = "films") -> Message:
    """A message told at its number."""
    return Message(f"msg_{number}", kind, float(number), project, "{}")


async def test_a_message_is_owed_once(doors: Doors) -> None:
    """Telling it again changes nothing, not even after it was delivered."""
    await doors.hooks.put(HOOK)
    await doors.hooks.tell(message(1), ["hook_1"], 1.0)
    [(delivery, told)] = await doors.hooks.due(1.0, 10)
    assert message(1) == told
    await doors.hooks.settle(replace(delivery, tries=1, delivered_at=2.0))
    await doors.hooks.tell(message(1), ["hook_1"], 1.0)
    assert [] == await doors.hooks.due(99.0, 10)
    assert [2.0] == [d.delivered_at for d, _ in await doors.hooks.owed("hook_1", 10)]


async def test_messages_nobody_is_owed_any_more_are_pruned_by_age(doors: Doors) -> None:
    """Delivered ones and those nobody was to hear go when they are old; what is owed stays however old it is."""
    await doors.hooks.put(HOOK)
    for number, hooks in ((1, ["hook_1"]), (2, []), (4, [])):
        await doors.hooks.tell(message(number), hooks, float(number))
    await doors.hooks.tell(message(3), ["hook_2"], 3.0)
    [(delivery, _)] = [row for row in await doors.hooks.due(9.0, 10) if row[0].hook == "hook_1"]
    await doors.hooks.settle(replace(delivery, tries=1, delivered_at=2.0))
    assert 2 == await doors.hooks.prune(3.5)
    assert 0 == await doors.hooks.prune(3.5)
    assert [] == await doors.hooks.owed("hook_1", 10)
    assert ["msg_3"] == [d.message for d, _ in await doors.hooks.owed("hook_2", 10)]
    assert 2 == await doors.hooks.again(HOOK, 10.0, message=None, since=0.0), "of the third and the fourth"


async def test_one_of_each_hook_is_due(doors: Doors) -> None:
    """However much a hook is owed, it is given one at a time, the longest due first; what is later is not due."""
    for number in (1, 2, 3):
        await doors.hooks.tell(message(number), ["hook_1", "hook_2"], float(number))
    assert [("hook_1", "msg_1"), ("hook_2", "msg_1")] == [
        (d.hook, d.message) for d, _ in await doors.hooks.due(2.5, 10)
    ]
    assert 1 == len(await doors.hooks.due(2.5, 1))
    assert [] == await doors.hooks.due(0.5, 10)


async def test_what_is_parked_waits_to_be_asked_for(doors: Doors) -> None:
    """A parked delivery is not due; asking again makes it so, by message or by time, of what the hook wants."""
    await doors.hooks.put(HOOK)
    await doors.hooks.tell(message(1), ["hook_1"], 1.0)
    await doors.hooks.tell(message(2, kind="job.succeeded"), [], 2.0)
    await doors.hooks.tell(message(3, project="other"), [], 3.0)
    await doors.hooks.tell(message(4), [], 4.0)
    [(delivery, _)] = await doors.hooks.due(9.0, 10)
    await doors.hooks.settle(replace(delivery, tries=11, parked_at=9.0, trouble="it answered 500"))
    assert [] == await doors.hooks.due(99.0, 10)
    assert 1 == await doors.hooks.again(HOOK, 10.0, message="msg_1", since=None)
    assert [0] == [d.tries for d, _ in await doors.hooks.due(10.0, 10)]
    assert 2 == await doors.hooks.again(HOOK, 11.0, message=None, since=0.5)
    assert 0 == await doors.hooks.again(HOOK, 11.0, message="msg_2", since=None)
    assert ["msg_4", "msg_1"] == [d.message for d, _ in await doors.hooks.owed("hook_1", 10)]


async def test_a_hook_is_forgotten_with_what_it_was_owed(doors: Doors) -> None:
    """After removal nothing is due to it."""
    await doors.hooks.put(HOOK)
    await doors.hooks.put(replace(HOOK, name="renamed"))
    assert ["renamed"] == [hook.name for hook in await doors.hooks.all()]
    await doors.hooks.tell(message(1), ["hook_1"], 1.0)
    await doors.hooks.remove("hook_1")
    await doors.hooks.remove("hook_1")
    assert ([], []) == (await doors.hooks.all(), await doors.hooks.due(9.0, 10))
