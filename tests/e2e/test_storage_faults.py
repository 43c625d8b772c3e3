"""Whatever the source, the storage or a kill -9 do to a clip on its way: whole in the end, or a recorded failure.

Looked at afterwards in the storage itself: no other object, no upload that was begun and not ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import stamina

from tests.archive.clips import bare_clip
from tests.archive.faulty_storage import Fault, FaultyStorage
from tests.archive.seaweed import ACCESS_KEY, REGION, SECRET_KEY, make_bucket, signer
from tests.contract.archives import new_bucket_name
from tests.e2e.place import KEY, QUICK, client, emulator, tasks_by_prompt
from wanreel.archive.s3 import S3Bucket, S3Place
from wanreel.client import EmbeddedClient, Video
from wanreel.ports.archive import Span

SMALL = bare_clip(b"small" * 200_000)
LARGE = bare_clip(b"large" * 4_000_000)  # three parts
KILLS = int(os.environ.get("WANREEL_TEST_KILLS", "25")) // 3
JOBS = 4


@dataclass(frozen=True)
class Row:
    """What goes wrong, at the source and in the storage, and how the job ends."""

    name: str
    source: tuple[dict[str, Any], ...] = ()
    storage: tuple[Fault, ...] = ()
    clip: bytes = LARGE
    state: str = "succeeded"

    def __str__(self) -> str:
        return self.name


ROWS = [
    *(Row(f"source cut at {share:.0%}", source=({"fault": "cut", "fraction": share},)) for share in (0.25, 0.5, 0.99)),
    Row("source cut, then 403", source=({"fault": "cut", "fraction": 0.5}, {"fault": "status", "status": 403})),
    Row("source cut again and again", source=({"fault": "cut", "fraction": 0.1, "times": 4},)),
    Row("source sends xml", source=({"fault": "xml"},)),
    *(
        Row(f"storage {kind} on {call}", storage=(Fault(call, kind, times=2),), clip=clip)
        for clip, calls in ((LARGE, ("begin", "part", "finish", "head")), (SMALL, ("put", "head")))
        for call in calls
        for kind in ("500", "503", "drop")
    ),
    Row("storage hangs on a part", storage=(Fault("part", "hang"),)),
    Row("storage hangs on a small clip", storage=(Fault("put", "hang"),), clip=SMALL),
    Row("answer to the last call lost", storage=(Fault("finish", "drop_after"),)),
    Row("answer to a put lost", storage=(Fault("put", "drop_after"),), clip=SMALL),
    Row("answer to the first call lost", storage=(Fault("begin", "drop_after"),)),
    Row("bytes change on the way up", storage=(Fault("part", "corrupt_up"), Fault("part", "corrupt_up"))),
    Row("bytes of a small clip change", storage=(Fault("put", "corrupt_up"),), clip=SMALL),
    Row("a sum that says nothing", storage=(Fault("head", ""), Fault("head", "wrong_etag"))),
    Row(
        "what is stored is not what was sent",
        storage=(Fault("head", ""), Fault("head", "wrong_etag"), Fault("get", "corrupt_down")),
    ),
    Row("storage refuses for a while", storage=(Fault("any", "403", times=4),)),
    Row("storage is down for a while", storage=(Fault("any", "503", times=40),)),
]


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Storage calls are tried again at once."""
    with stamina.set_testing(True, attempts=5):
        yield


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_every_clip_ends_whole_or_told(
    row: Row, tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, no_waiting: None
) -> None:
    """The fault is met, the job ends as it should, the object is byte-identical, and nothing else is left."""
    place = await make_bucket(s3_endpoint, new_bucket_name())
    _keys(monkeypatch)
    async with (
        FaultyStorage(s3_endpoint) as storage,
        emulator(render=lambda _: row.clip) as emu,
        client(tmp_path / "home", emu.base_url, **_settings(place, storage.url)) as wan,
    ):
        storage.script(*row.storage)
        if row.source:
            emu.script({"download": list(row.source)}, account="*")
        (order,) = await wan.submit("a paper boat", model="wan2.5-t2v-preview", seed=0)
        video = await wan.wait(order.id, timeout_s=60)
        met, source_met = storage.unmet(), emu.unmet()
    assert row.state == video.state, video.error or video.attention
    assert ({}, {}) == (met, source_met)
    await _only(place, [row.clip])


async def test_a_source_that_is_gone_is_a_recorded_failure(
    tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, no_waiting: None
) -> None:
    """403 until the URL has died: the job says so in words, and no object and no upload is left."""
    place = await make_bucket(s3_endpoint, new_bucket_name())
    _keys(monkeypatch)
    async with (
        emulator(render=lambda _: LARGE, quirks={"result_life_s": 2}) as emu,
        client(tmp_path / "home", emu.base_url, {"expiry_grace_s": 0.0}, **_settings(place, s3_endpoint)) as wan,
    ):
        emu.script({"download": [{"fault": "status", "status": 403, "times": "always"}]}, account="*")
        (order,) = await wan.submit("a paper boat", model="wan2.5-t2v-preview", seed=0)
        video = await wan.wait(order.id, timeout_s=60)
    assert ("failed", "artifact_expired") == (video.state, getattr(video.job.state, "code", ""))
    await _only(place, [])


@pytest.mark.kill9
async def test_killed_at_drawn_instants(tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real worker is killed again and again while clips go up: each ends whole, once, and no upload stays behind."""
    place = await make_bucket(s3_endpoint, new_bucket_name())
    _keys(monkeypatch)
    left_open = 0
    rng = random.Random(seed := 20261125)
    async with FaultyStorage(s3_endpoint) as storage, emulator(render=lambda _: LARGE) as emu:
        settings = _settings(place, storage.url)
        env = _env(tmp_path / "home", emu.base_url, settings)
        storage.script(Fault("any", "503", times=1_000_000))
        async with client(tmp_path / "home", emu.base_url, **settings) as wan:
            orders = [(await wan.submit(f"boat {n}", model="wan2.5-t2v-preview"))[0] for n in range(JOBS)]
            await _all_made(wan, orders)
        storage.clear()
        left_open += await _killed_at_an_upload(env, place)
        for _ in range(KILLS):
            await _killed_after(env, rng.uniform(0.5, 3.0))
            left_open += await _open_uploads(place)
        async with client(tmp_path / "home", emu.base_url, **settings) as wan:
            videos = await wan.wait_all([order.id for order in orders], timeout_s=120)
    print(f"\nkill -9 while archiving: seed {seed}, {KILLS} kills, {left_open} uploads open at them")
    assert ["succeeded"] * JOBS == [video.state for video in videos], seed
    assert left_open, "no kill has met an upload: nothing was proven"
    await _only(place, [LARGE] * JOBS)


@pytest.mark.kill9
async def test_killed_while_clips_go_into_the_spool_and_out_of_it(
    tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage is down and a real worker is killed while it spools; then the URLs are dead, the storage is back, and
    it is killed while it empties the spool. Each clip ends whole, once, paid for once, and nothing is left anywhere.
    """
    place = await make_bucket(s3_endpoint, new_bucket_name())
    _keys(monkeypatch)
    home, rng, left_open = tmp_path / "home", random.Random(seed := 20261126), 0
    halves = 0
    spooling = {"spool_after_s": 0.0, "spool_retry_s": 0.1}
    async with FaultyStorage(s3_endpoint) as storage, emulator(render=lambda _: LARGE) as emu:
        settings = _settings(place, storage.url)
        env = _env(home, emu.base_url, settings, spooling)
        storage.script(Fault("any", "503", times=1_000_000))
        async with client(home, emu.base_url, **settings) as wan:
            orders = [(await wan.submit(f"boat {n}", model="wan2.5-t2v-preview"))[0] for n in range(JOBS)]
            await _all_made(wan, orders)
        halves += await _killed_when(env, lambda: bool(_drafts(home)), lambda: len(_drafts(home)))
        for _ in range(KILLS // 4):
            await _killed_after(env, rng.uniform(0.3, 1.5))
            halves += len(_drafts(home))
        await _killed_when(env, lambda: len(_spooled(home)) == JOBS, lambda: 0)
        assert [LARGE] * JOBS == [path.read_bytes() for path in _spooled(home)]

        emu.script({"download": [{"fault": "status", "status": 403, "times": "always"}]}, account="*")
        storage.clear()
        left_open += await _killed_at_an_upload(env, place)
        for _ in range(KILLS // 3):
            await _killed_after(env, rng.uniform(0.3, 2.0))
            left_open += await _open_uploads(place)
        async with client(home, emu.base_url, spooling, **settings) as wan:
            videos = await wan.wait_all([order.id for order in orders], timeout_s=120)
        paid = {prompt: len(tasks) for prompt, tasks in tasks_by_prompt(emu).items()}
    print(f"\nkill -9 with a spool: seed {seed}, {halves} half-written there, {left_open} uploads open at the kills")
    assert ["succeeded"] * JOBS == [video.state for video in videos], seed
    assert {f"boat {n}": 1 for n in range(JOBS)} == paid
    assert halves, "no kill has met a clip on its way into the spool: nothing was proven"
    assert left_open, "no kill has met an upload: nothing was proven"
    await _only(place, [LARGE] * JOBS)
    assert [] == [path.name for path in (home / "spool").iterdir()]


async def _all_made(wan: EmbeddedClient, orders: list[Video]) -> None:
    """Return when every clip has been made and waits for the storage: a kill at a paid call is another test's."""
    while {"archiving"} != {(await wan.get(order.id)).state for order in orders}:
        await asyncio.wait({asyncio.create_task(wan.list())})


def _spooled(home: Path) -> list[Path]:
    return sorted(path for path in (home / "spool").glob("*.mp4") if not path.name.startswith("."))


def _drafts(home: Path) -> list[Path]:
    return list((home / "spool").glob(".*"))


async def _killed_when(env: dict[str, str], now: Callable[[], bool], count: Callable[[], int]) -> int:
    """Kill a worker as soon as something can be seen from outside; how many there are then."""
    process = await _worker(env)
    heard = asyncio.create_task(process.communicate())
    while not heard.done() and not now():
        await asyncio.wait({heard}, timeout=0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await heard
    return count()


def _env(home: Path, vendor: str, settings: dict[str, Any], policy: dict[str, float] | None = None) -> dict[str, str]:
    """The environment of a worker; each clip takes a while, so that kills find one on its way."""
    env = os.environ | {
        "DASHSCOPE_API_KEY": KEY,
        "WANREEL_VENDOR_URL": vendor,
        "WANREEL_HOME": str(home),
        "WANREEL_LOG": "info",
        "WANREEL_ARCHIVE_BYTES_S": str(60_000_000),
    }
    env |= {f"WANREEL_{name.upper()}": str(value) for name, value in settings.items()}
    return env | {f"WANREEL_POLICY__{name.upper()}": str(value) for name, value in (QUICK | (policy or {})).items()}


async def _worker(env: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wanreel", "worker", "--until-idle"),
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


async def _killed_at_an_upload(env: dict[str, str], place: S3Place) -> int:
    """Kill a worker as soon as the storage shows an upload that is not whole; how many there were afterwards."""
    process = await _worker(env)
    heard = asyncio.create_task(process.communicate())
    while not heard.done() and not await _open_uploads(place):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await heard
    return await _open_uploads(place)


async def _killed_after(env: dict[str, str], seconds: float) -> None:
    """Let a worker begin, and kill it so much later."""
    process = await _worker(env)
    assert process.stderr is not None
    await process.stderr.readline()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while await process.stderr.readline():
                pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # with whatever it had started, which holds its pipes
    await process.communicate()


async def _open_uploads(place: S3Place) -> int:
    bucket = S3Bucket(place, signer())
    try:
        return len(await bucket.pending(""))
    finally:
        await bucket.close()


def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


def _settings(place: S3Place, endpoint: str) -> dict[str, Any]:
    return {
        "archive": f"s3://{place.bucket}/wan",
        "archive_region": REGION,
        "archive_endpoint": endpoint,
        "archive_path_style": True,
        "archive_silence_s": 2.0,
    }


async def _only(place: S3Place, clips: list[bytes]) -> None:
    """Just these clips lie in the bucket, under our prefix, and no upload is open."""
    bucket = S3Bucket(place, signer())
    try:
        found = [b"".join([p async for p in bucket.get(row.key, Span())]) async for row in bucket.list("")]
        assert sorted(map(len, clips)) == sorted(map(len, found))
        assert sorted(clips) == sorted(found)
        assert [] == await bucket.pending("")
    finally:
        await bucket.close()
