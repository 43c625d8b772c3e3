"""The search for lost calls, over the real desk: what it reads, what it asks, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.factories import FakeClock, make_account, make_intent, make_job, make_state
from tests.watch.desk_vendor import BODY, DeskVendor
from wanreel.domain.event import Event, Found, NotFound, Undecided
from wanreel.domain.facts import Facts
from wanreel.domain.job import Account, Generating, Job, Submitting, Task, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.domain.request import FIRST_FRAME, Media, Stored
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.ports.jobs import Filter
from wanreel.ports.vendor import LikenessFailed, Listing, Window
from wanreel.store.memory import MemoryStore
from wanreel.watch.doubts import Search

FOX: dict[str, Any] = {"prompt": BODY["input"]["prompt"], "model": BODY["model"], "duration_s": 5, "size": "1280*720"}
PENGUIN = {**BODY, "input": {"prompt": "a penguin on a tram"}}


@dataclass
class Eyes:
    """`ports.Likeness` with a fixed answer."""

    answer: Mapping[str, float] | None = None
    asked: int = 0

    async def distances(
        self, account: Account, url: str, pictures: Mapping[str, tuple[str | None, str | None]]
    ) -> Mapping[str, float]:
        self.asked += 1
        if self.answer is None:
            raise LikenessFailed("the clip cannot be fetched")
        assert set(pictures) == set(self.answer)
        return self.answer


class Scene:
    """A store, a desk and a search."""

    def __init__(self, *, alone: bool = False, eyes: Eyes | None = None, **quirks: Any) -> None:
        self.clock = FakeClock()
        self.desk = Desk(DeskSettings(quirks=Quirks(foreign_media="assume", **quirks)), seed=1)
        self.vendor = DeskVendor(self.desk, self.clock)
        self.policy = Policy()
        self.store = MemoryStore(lambda key: 5, self.policy)
        self.eyes = eyes or Eyes()
        self.alone = frozenset({"main"}) if alone else frozenset[str]()
        self.restart()

    def restart(self) -> None:
        """A new process: what was only remembered is gone."""
        self.search = Search(self.clock, self.store, self.store, self.vendor, self.eyes, self.policy, self.alone)

    async def lost(self, name: str = "j", **request: Any) -> Job:
        """A job whose call's answer was lost just now."""
        now = self.clock.now()
        state = make_state(Unconfirmed, intent=make_intent(now - 1, f"int_{name}"), since=now)
        job = make_job(state, id=f"job_{name}", **{**FOX, **request})
        await self.store.add([job])
        return job

    async def answered(self) -> str:
        """A task of ours whose answer came."""
        task = self.vendor.made()
        state = make_state(Generating, task=Task(task, self.clock.now()))
        await self.store.add([make_job(state, **FOX)])
        return task

    async def turns(self, seconds: float) -> list[tuple[str, Event]]:
        """What the search says in so long; each job's last word only."""
        until, said = self.clock.now() + seconds, dict[str, Event]()
        while self.clock.now() < until:
            found, wait_s = await self.search.turn()
            for job, event in found:
                said[job.id] = event
                if not isinstance(event, Undecided):
                    return list(said.items())
            self.clock.advance(max(wait_s, 1.0))
        return list(said.items())


async def test_nothing_lost_nothing_asked() -> None:
    """Without a doubt the vendor is left alone."""
    scene = Scene()
    assert [] == await scene.turns(60)
    assert 0 == sum(scene.vendor.calls.values())


async def test_a_lost_call_is_found_by_its_words_once_its_clip_is_made() -> None:
    """The only candidate, asked for its words when it has ended."""
    scene = Scene()
    task = scene.vendor.made()
    job = await scene.lost()
    ((name, event),) = await scene.turns(3600)
    assert (job.id, Found(task, "list", event.evidence, seed_certain=True)) == (name, event)  # type: ignore[union-attr]
    assert 1 == scene.vendor.calls["look"]


async def test_a_key_that_is_ours_alone_is_adopted_at_once() -> None:
    """Its id known from an earlier task of ours, a running candidate needs no words."""
    scene = Scene(alone=True)
    ours = await scene.answered()
    scene.clock.advance(30)
    rows = scene.desk.tasks(scene.clock.now())
    await scene.store.note("main", replace(await scene.store.facts("main"), key_ids=(rows[0].key_id,)))
    task = scene.vendor.made()
    await scene.lost()
    ((_, event),) = await scene.turns(5)
    assert isinstance(event, Found)
    assert task == event.task_id != ours
    assert 0 == scene.vendor.calls["look"]


async def test_a_call_that_begins_while_the_list_is_read_may_have_made_the_row() -> None:
    """Another seed of the same words, sent after the search had asked the store what is in doubt."""
    scene = Scene(alone=True)
    await scene.answered()
    scene.clock.advance(30)
    rows = scene.desk.tasks(scene.clock.now())
    await scene.store.note("main", replace(await scene.store.facts("main"), key_ids=(rows[0].key_id,)))
    await scene.lost(seed=1)
    plainly = scene.vendor.list

    async def meanwhile(account: Account, window: Window, page: int) -> Listing:
        scene.vendor.list = plainly
        state = make_state(Submitting, intent=make_intent(scene.clock.now(), "int_k"))
        await scene.store.add([make_job(state, id="job_k", **{**FOX, "seed": 2})])
        scene.vendor.made()
        return await plainly(account, window, page)

    scene.vendor.list = meanwhile
    found, _ = await scene.search.turn()
    assert not [event for _, event in found if isinstance(event, Found) and event.seed_certain]


@pytest.mark.parametrize("later", [True, False])
async def test_absence_is_proven_by_later_tasks_of_ours_only(later: bool) -> None:
    """Six minutes and three reads that show one of ours sent later: absent. Without one a person is asked."""
    scene = Scene()
    if not later:
        await scene.answered()
        scene.clock.advance(60)
    job = await scene.lost()
    scene.clock.advance(20)
    if later:
        await scene.answered()
    began = scene.clock.now()
    ((name, event),) = await scene.turns(900)
    assert job.id == name
    assert isinstance(event, NotFound if later else Undecided)
    assert scene.clock.now() - began >= 340


async def test_a_task_that_a_person_wrote_off_is_not_anothers() -> None:
    """Its job was wrongly sent again by hand: for a day the key alone proves nothing, and other words are theirs."""
    scene = Scene(alone=True)
    ours = await scene.answered()
    rows = scene.desk.tasks(scene.clock.now())
    assert ours == rows[0].id
    facts = Facts(key_ids=(rows[0].key_id,), overruled_at=scene.clock.now())
    await scene.store.note("main", facts)
    scene.clock.advance(30)
    scene.vendor.made()
    await scene.lost(prompt="a kite")
    said = await scene.turns(3600)
    assert not any(isinstance(event, Found) for _, event in said)
    assert scene.vendor.calls["look"]


async def test_a_restart_costs_time_and_proves_nothing_early() -> None:
    """The reads of a process that died count no more."""
    scene = Scene()
    await scene.lost()
    scene.clock.advance(20)
    await scene.answered()
    assert [] == await scene.turns(350)
    scene.restart()
    assert [] == await scene.turns(300)
    ((_, event),) = await scene.turns(200)
    assert isinstance(event, NotFound)


async def test_another_program_with_our_words_is_not_ours() -> None:
    """Our key's id being known, its task is nobody's; ours never arrived."""
    scene = Scene()
    await scene.answered()
    rows = scene.desk.tasks(scene.clock.now())
    await scene.store.note("main", replace(await scene.store.facts("main"), key_ids=(rows[0].key_id,)))
    scene.clock.advance(60)
    scene.vendor.made("sk-theirs")
    await scene.lost()
    scene.clock.advance(20)
    await scene.answered()
    ((_, event),) = await scene.turns(3600)
    assert isinstance(event, NotFound)


async def test_equal_words_with_other_pictures_are_told_apart_by_frames() -> None:
    """Two lost calls, two clips; the frames say whose is whose."""
    eyes = Eyes({"job_cat": 0.02, "job_dog": 0.5})
    scene = Scene(eyes=eyes)

    def wish(name: str) -> dict[str, Any]:
        media = (Media(FIRST_FRAME, Stored(name, "image/png", 9)),)
        return {"mode": "i2v", "model": "wan2.5-i2v-preview", "size": None, "resolution": "720P", "media": media}

    body: dict[str, Any] = {
        "model": "wan2.5-i2v-preview",
        "input": {"prompt": FOX["prompt"], "img_url": "https://pictures.example/a.png"},
        "parameters": {"resolution": "720P", "duration": 5},
    }
    task = scene.vendor.made(**body)
    await scene.lost("cat", **wish("cat"))
    await scene.lost("dog", **wish("dog"))
    said = dict(await scene.turns(3600))
    assert isinstance(said["job_cat"], Found)
    assert task == said["job_cat"].task_id
    assert 1 == eyes.asked


async def test_a_list_that_cannot_be_read_for_long_is_a_persons_matter() -> None:
    """First it is tried again, then somebody is asked, with the vendor's words."""
    scene = Scene()
    scene.vendor.broken[1] = 1_000
    await scene.lost()
    assert [] == await scene.turns(290)
    ((_, event),) = await scene.turns(120)
    assert isinstance(event, Undecided)
    assert "connection reset" in event.why


async def test_doubts_of_several_accounts_are_looked_for_in_their_own_lists() -> None:
    """Each account has a memory of its own, forgotten with its last doubt."""
    scene = Scene()
    await scene.lost("a")
    job = await scene.lost("b", account=make_account("other"))
    await scene.search.turn()
    assert len(scene.vendor.windows) >= 2
    assert job.account.id == "other"


async def test_a_reading_proves_nothing_of_a_call_that_was_lost_after_it() -> None:
    """A worker reads the list and stands still; others work on. What they lost meanwhile its reading says nothing
    about, and a task of theirs is found by the readings that come.
    """
    scene = Scene()
    await scene.lost("early", prompt="a kite nobody made")
    await scene.answered()
    find, asked = scene.store.find, 0

    async def stands_still(which: Filter) -> list[Job]:
        nonlocal asked
        asked += 1
        if asked == 2:  # the list was read
            scene.clock.advance(1000.0)
            await scene.lost("late")
            scene.vendor.made()
        return await find(which)

    scene.store.find = stands_still
    for _ in range(40):
        found, wait_s = await scene.search.turn()
        if asked > 2:
            await scene.answered()
        assert "job_late" not in [job.id for job, event in found if isinstance(event, NotFound)]
        scene.clock.advance(max(wait_s, 20.0))


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("fast_s", [120.0, 3600.0])
async def test_a_call_of_a_clock_that_was_put_right_since_is_not_called_absent(fast_s: float, *, arrived: bool) -> None:
    """The process died with its fast clock, and a right one searches: the call was made before it seems to have been.
    Sent again it would be bought twice, so a person is told which task it may be. Other words are in nobody's way.
    """
    scene = Scene()
    await scene.answered()
    scene.clock.advance(5)
    task = scene.vendor.made() if arrived else ""
    scene.vendor.made(input=PENGUIN["input"])
    scene.clock.advance(fast_s)
    await scene.lost()
    scene.clock.advance(60 - fast_s)
    scene.restart()
    said: list[Event] = []
    for _ in range(2):
        said += [event for _, event in await scene.turns(fast_s)]
        await scene.answered()
    said += [event for _, event in await scene.turns(1200)]
    assert said
    assert isinstance(said[-1], Undecided if arrived else NotFound)
    assert not isinstance(said[-1], Undecided) or f"task {task} may be its own" in said[-1].why
