"""Tells whose clip it is: fetches a finished clip and holds its end frames against the pictures of several jobs."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from wanreel.domain.clip import Frame, Sampling
from wanreel.domain.errors import Invalid, NotFound, WanreelError
from wanreel.domain.event import Trouble
from wanreel.domain.job import Account
from wanreel.ports.archive import KeepFailed, Results
from wanreel.ports.inputs import Inputs
from wanreel.ports.media import Media
from wanreel.ports.vendor import LikenessFailed

WIDTH = 192  # pixels across at which pictures are held against each other
CLIP_BYTES_MAX = 2_000_000_000
_FOR_GOOD = (Trouble.UNSAFE_URL, Trouble.BAD_BYTES)


class ClipLikeness:
    """`ports.Likeness`. A clip is fetched into `folder` and removed again; it was not known to be ours."""

    def __init__(self, results: Results, media: Media, inputs: Inputs, folder: Path) -> None:
        self._results = results
        self._media = media
        self._inputs = inputs
        self._folder = folder

    async def distances(
        self, account: Account, url: str, pictures: Mapping[str, tuple[str | None, str | None]]
    ) -> Mapping[str, float]:
        """As `ports.Likeness.distances`."""
        if not url:
            raise LikenessFailed("the vendor gave no clip", final=True)
        try:
            first, last = await self._ends(account, url)
            kept = {mark: await self._picture(mark) for pair in pictures.values() for mark in pair if mark}
        except KeepFailed as failed:
            raise LikenessFailed(failed.why, final=failed.trouble in _FOR_GOOD) from failed
        except (Invalid, NotFound) as wrong:
            raise LikenessFailed(str(wrong), final=True) from wrong
        except (WanreelError, OSError) as why:
            raise LikenessFailed(str(why)) from why
        return await asyncio.to_thread(_distances, (first, last), pictures, kept)

    async def _ends(self, account: Account, url: str) -> tuple[Frame, Frame]:
        """The first and the last frame of the clip behind a URL."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            size = 0
            async for piece in self._results.fetch(account, url):
                size += len(piece)
                if size > CLIP_BYTES_MAX:
                    raise KeepFailed(Trouble.BAD_BYTES, f"the clip is larger than {CLIP_BYTES_MAX} bytes")
                await asyncio.to_thread(file.write, piece)
            await asyncio.to_thread(file.flush)
            clip = _Fetched(file.fileno(), size)
            ends = await self._media.frames(clip, Sampling(count=2, width=WIDTH, ends=True, grey=True))
        return ends.frames[0], ends.frames[-1]

    async def _picture(self, sha256: str) -> Frame:
        path = self._inputs.path(sha256)
        data = await asyncio.to_thread(path.read_bytes)
        return await self._media.pixels(_Held(data, sha256[:12]), WIDTH)


class _Fetched:
    """An open file without a name, as `ports.FileBytes`."""

    def __init__(self, fd: int, size_bytes: int) -> None:
        self._fd = fd
        self.name = "a candidate's clip"
        self.size_bytes = size_bytes

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        return await asyncio.to_thread(os.pread, self._fd, size, start)


class _Held:
    """Bytes in memory, as `ports.FileBytes`."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self.name = name
        self.size_bytes = len(data)

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        return self._data[start : start + size]


def _distances(
    ends: tuple[Frame, Frame], pictures: Mapping[str, tuple[str | None, str | None]], kept: Mapping[str, Frame]
) -> dict[str, float]:
    """The mean over the frames that a job has a picture for; one that has none is as far as can be."""
    from wanreel.judge.measure import likeness  # noqa: PLC0415 - loads numpy, which most commands never need

    found: dict[str, float] = {}
    for name, pair in pictures.items():
        apart = [1.0 - likeness(end, kept[mark]) for end, mark in zip(ends, pair, strict=True) if mark]
        found[name] = sum(apart) / len(apart) if apart else 1.0
    return found
