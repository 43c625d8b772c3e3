"""A lost answer among jobs that look alike, and beside a stranger: nobody pays twice or gets another's clip."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.place import KEY, client, emulator, is_kept
from tests.judge.film import still
from wanreel.client import EmbeddedClient, Video
from wanreel.emulator.server import Emulator

WISH = "a paper boat in the rain"
MODEL = "wan2.5-t2v-preview"
LOST = [
    {"fault": "drop_after"},
    {"fault": "error_after", "status": 500},
    {"fault": "error_after", "status": 502},
    {"fault": "error_after", "status": 504},
    {"fault": "half_body"},
]


def stranger(emu: Emulator) -> str:
    """Somebody else on the same account asks for the very same, under a key of theirs; the task's id."""
    body = {"model": MODEL, "input": {"prompt": WISH}, "parameters": {"size": "1280*720", "duration": 5, "seed": 0}}
    headers = {"Authorization": "Bearer sk-stranger", "X-DashScope-Async": "enable", "Content-Type": "application/json"}
    url = f"{emu.base_url}/services/aigc/video-generation/video-synthesis"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)["output"]["task_id"]


async def ordered(wan: EmbeddedClient, seeds: list[int]) -> list[str]:
    """One job a seed, all of one wish; their ids."""
    return [(await wan.submit(WISH, model=MODEL, seed=seed))[0].id for seed in seeds]


async def ended(wan: EmbeddedClient, ids: list[str]) -> list[Video]:
    """Each of them, once nothing can move without a person."""
    return list(await asyncio.gather(*(wan.wait(one, timeout_s=120) for one in ids)))


@pytest.mark.parametrize("seeds", [[7] * 8, list(range(8))], ids=["equal bodies", "equal but for the seed"])
async def test_eight_lookalikes_with_lost_answers_are_each_found(seeds: list[int], tmp_path: Path) -> None:
    """Some answers are lost, in every way; each job ends with a clip of its own, paid once, and unsure seeds say so."""
    async with emulator() as emu, client(tmp_path / "home", emu.base_url, answer_timeout_s=1.0) as wan:
        emu.script({"create": LOST}, account="*")
        videos = await ended(wan, await ordered(wan, seeds))
        assert all(is_kept(video) for video in videos), [video.attention for video in videos]
        assert 8 == emu.counters()["tasks_accepted"] == len({video.task_id for video in videos})
        assert {} == emu.unmet()
        told: dict[str, Any] = {task["task_id"]: task["request"]["parameters"]["seed"] for task in emu.tasks()}
        for video in videos:
            task = video.job.state.task  # type: ignore[union-attr]
            assert task is not None
            assert video.seed == told[task.id] or not task.seed_certain


async def test_a_strangers_task_with_our_words_is_never_ours(tmp_path: Path) -> None:
    """Our key known from an earlier clip, the stranger's row is told apart; paid once, and nobody has to be asked."""
    async with emulator() as emu, client(tmp_path / "home", emu.base_url, answer_timeout_s=1.0) as wan:
        facts = (await ended(wan, await ordered(wan, [1])))[0]
        assert is_kept(facts)
        emu.script({"create": [{"fault": "drop_after"}]}, key=KEY)
        (lost,) = await ordered(wan, [0])
        theirs = await asyncio.to_thread(stranger, emu)
        (video,) = await ended(wan, [lost])
        assert theirs != video.task_id
        assert 3 == emu.counters()["tasks_accepted"]
        if not video.attention:  # the list may not have shown whose key is ours in time
            assert is_kept(video)


async def test_equal_words_with_other_pictures_each_get_their_own(tmp_path: Path) -> None:
    """Both answers lost, both clips made: their first frames say whose is whose. Real clips, really looked at."""
    pictures = {name: tmp_path / f"{name}.png" for name in ("fox", "harbour")}
    for name, path in pictures.items():
        path.write_bytes(still(f"a {name}", seed=3 if name == "fox" else 8))
    async with emulator(render=None) as emu, client(tmp_path / "home", emu.base_url, answer_timeout_s=1.0) as wan:
        emu.script({"create": [{"fault": "drop_after", "times": 2}]}, account="*")
        orders = {
            name: (await wan.submit(WISH, first_frame=path, model="wan2.5-i2v-preview", resolution="480P"))[0].id
            for name, path in pictures.items()
        }
        videos = dict(zip(orders, await ended(wan, list(orders.values())), strict=True))
        assert 2 == emu.counters()["tasks_accepted"]
        assert all(video.state == "succeeded" for video in videos.values()), [v.attention for v in videos.values()]
        made = [task["task_id"] for task in emu.tasks()]  # oldest first, as they were ordered
        assert made == [videos["fox"].task_id, videos["harbour"].task_id]
