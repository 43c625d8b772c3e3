"""Copies archived clips to where the user wants to see them, each whole or not at all."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wanreel.domain.errors import Invalid, Problem, Unavailable

if TYPE_CHECKING:
    from wanreel.client.video import Video


@dataclass(frozen=True, slots=True)
class Destination:
    """Where `-o` points: a file, or a folder in which every clip gets a name of its own."""

    path: Path
    is_folder: bool

    async def take(self, source: Path, video: Video) -> Path:
        """Copy a clip; where it lies now. Raises Unavailable."""
        target = self.path / file_name(video) if self.is_folder else self.path
        try:
            if not (self.is_folder and await asyncio.to_thread(_is_there, source, target)):
                await asyncio.to_thread(_copy, source, target)
        except OSError as error:
            raise Unavailable(
                f"the clip is archived as {source}, but could not be copied to {target}: {error.strerror}"
            ) from None
        return target

    async def fetch(self, pieces: AsyncIterator[bytes], video: Video) -> Path:
        """Write a clip that lies in a bucket; where it lies now. Raises NotFound, Unavailable."""
        target = self.path / file_name(video) if self.is_folder else self.path
        draft = target.with_name(f".{target.name[:80]}.{os.getpid()}.part")
        try:
            with draft.open("wb") as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
            draft.replace(target)
        except OSError as error:
            raise Unavailable(f"the clip is archived, but could not be copied to {target}: {error.strerror}") from None
        finally:
            draft.unlink(missing_ok=True)
        return target


def destination(out: str | None, *, many: bool) -> Destination | None:
    """Where `-o` points, proven to be usable before anything is paid. Raises Invalid."""
    if out is None:
        return None
    path = Path(out).expanduser()
    is_folder = many or path.is_dir() or out.endswith(("/", os.sep))
    folder = path if is_folder else path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise Invalid("", (Problem("out", "must be a folder when there is more than one clip", out),)) from None
    except OSError as error:
        raise Invalid("", (Problem("out", f"cannot be written to: {error.strerror}", str(folder)),)) from None
    return Destination(path, is_folder)


def file_name(video: Video) -> str:
    """A safe file name: the caller's name for the job where it has one, and the job's id."""
    name = re.sub(r"[^\w.-]+", "_", video.job.name or "", flags=re.UNICODE).strip("._")[:80]
    while len(name.encode()) > 120:  # file systems count bytes
        name = name[:-1]
    return f"{name}-{video.id}.mp4" if name else f"{video.id}.mp4"


def _is_there(source: Path, target: Path) -> bool:
    """Whether an earlier run copied it already: its name holds the job's id, and a clip never changes."""
    return target.is_file() and target.stat().st_size == source.stat().st_size


def _copy(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name[:80]}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
