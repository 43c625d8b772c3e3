"""A storage that fails keeps no memory: what was gathered for it goes at once, not whenever Python looks for cycles."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from tests.archive.clips import bare_clip, pieces
from tests.factories import FakeClock
from wanreel.archive.bucket import PART_BYTES, BucketArchive, Place
from wanreel.archive.storage import Part, StorageTrouble
from wanreel.ports.archive import KeepFailed

CLIP = bare_clip(b"c" * (3 * PART_BYTES))
TRIES = 6


class Broken:
    """`archive.storage.Bucket`, of which one kind of call always fails."""

    def __init__(self, broken: str) -> None:
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        async def call(*_: object) -> Any:
            if name == self._broken:
                raise StorageTrouble("the storage answered 503", again=True)
            return {"head": None, "begin": "upload-1", "pending": [], "part": Part(1, "e")}.get(name)

        return call


@pytest.fixture
def no_cycles_collected() -> Iterator[None]:
    """Storage calls are tried again at once, and nobody collects cycles."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        with stamina.set_testing(True, attempts=3):
            yield
    finally:
        tracemalloc.stop()
        gc.enable()


@pytest.mark.parametrize("call", ["head", "begin", "part", "finish"])
async def test_what_a_failed_try_held_is_gone_with_it(call: str, tmp_path: Path, no_cycles_collected: None) -> None:
    """Six tries with 24 MiB leave less than one part."""
    bucket: Any = Broken(call)
    archive = BucketArchive(bucket, Place("", tmp_path), FakeClock())
    for _ in range(TRIES):
        with pytest.raises(KeepFailed, match="503"):
            await archive.keep("a/b.mp4", pieces(CLIP, 1024 * 1024))
    assert tracemalloc.get_traced_memory()[0] < PART_BYTES
