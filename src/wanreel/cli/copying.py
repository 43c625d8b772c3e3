"""Copies an archived clip to where the user wants to see it, whole or not at all."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from wanreel.domain.errors import Unavailable

if TYPE_CHECKING:
    from wanreel.client.video import Video


async def copy_clip(source: Path, out: Path, video: Video, *, into_folder: bool) -> Path:
    """The copy's path: `out` itself, or a file named for the job inside it. Raises Unavailable."""
    target = out / file_name(video) if into_folder else out
    try:
        await asyncio.to_thread(_copy, source, target)
    except OSError as error:
        raise Unavailable(
            f"the clip is archived as {source}, but could not be copied to {target}: {error.strerror}"
        ) from None
    return target


def file_name(video: Video) -> str:
    """A safe file name: the caller's name for the job where it has one, its place among variants, its id."""
    name = re.sub(r"[^\w.-]+", "_", video.job.name or "", flags=re.UNICODE).strip("._")[:80]
    return f"{name}-{video.id}.mp4" if name else f"{video.id}.mp4"


def _copy(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
