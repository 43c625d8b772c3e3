"""Reading back from the archive in a folder: bytes, parts of them, what lies there, small files, removal."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from io import FileIO
from itertools import islice
from pathlib import Path

from wanreel.archive.disk import Disk, why_not
from wanreel.archive.draft import Draft
from wanreel.archive.facts import encoded, facts_path, read_facts
from wanreel.archive.naming import check_key
from wanreel.archive.threads import P, T, Threads
from wanreel.domain.errors import NotFound, Unavailable
from wanreel.domain.job import Artifact
from wanreel.ports.archive import Label, Shelf, Shelved, Span

_BLOCK_BYTES = 1024 * 1024
_LISTED_AT_ONCE = 500
_THREADS = 4
_FOLDERS_REMEMBERED_MAX = 10_000


class LocalShelf:
    """`ports.Shelf` on the folder of a `LocalArchive`."""

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self._root = root.absolute()
        self._disk = disk or Disk()
        self._threads = Threads(_THREADS, "shelf")
        self._real: dict[Path, str] = {}

    def of(self, archive: str) -> LocalShelf:
        """Itself: it knows no other."""
        return self

    def all(self) -> Mapping[str, Shelf]:
        """Itself."""
        return {"": self}

    def where(self, artifact: Artifact) -> str:
        """The absolute path of the file."""
        return str(self._path(artifact.key))

    def place(self, key: str) -> str:
        """The real path of the file, its folders' links followed."""
        path = self._path(key)
        if len(self._real) >= _FOLDERS_REMEMBERED_MAX:
            self._real.clear()
        if path.parent not in self._real:
            self._real[path.parent] = os.path.realpath(path.parent)
        return os.path.join(self._real[path.parent], path.name)  # noqa: PTH118 - of a hundred thousand names

    async def open(self, artifact: Artifact, span: Span | None = None) -> AsyncIterator[bytes]:
        """The stored bytes in pieces of at most a mebibyte. Raises NotFound, Unavailable; so does the iterating."""
        path = self._path(artifact.key)
        await self._threads.run(_checked, path, artifact)  # nothing stays open if nobody iterates
        return self._read(path, artifact, span or Span())

    async def link(self, artifact: Artifact, life_s: float, filename: str | None = None) -> str | None:
        """A folder has no links that others could open."""
        return None

    async def look(self, key: str) -> Shelved | None:
        return await self._on_disk(_looked_at, self._path(key), key)

    async def list(self, prefix: str = "") -> AsyncIterator[Shelved]:
        found = _walk(self._root, prefix)
        while rows := await self._on_disk(lambda: list(islice(found, _LISTED_AT_ONCE))):
            for row in rows:
                yield row

    async def put(self, key: str, data: bytes, label: Label) -> Artifact:
        path = self._path(key)
        await self._on_disk(self._replace, path, data)
        await self._on_disk(self._replace, facts_path(path), encoded(label))
        return Artifact(key, len(data), hashlib.sha256(data).hexdigest(), label.media_type)

    async def remove(self, key: str) -> None:
        await self._on_disk(self._unlink, self._path(key))

    # --- steps, each in one thread ---

    def _replace(self, path: Path, data: bytes) -> None:
        self._disk.make_folders(path.parent)
        draft = Draft(self._disk, path, whole_clip=False)
        try:
            draft.begin()
            draft.add(data)
            draft.seal()
            draft.replace()
        finally:
            draft.discard()
        self._disk.sync_folder(path.parent)

    def _unlink(self, path: Path) -> None:
        with suppress(NotADirectoryError):
            self._disk.remove(path)
            self._disk.remove(facts_path(path))
            if path.parent.is_dir():
                self._disk.sync_folder(path.parent)
        for folder in path.parents:
            if folder == self._root:
                break
            try:
                folder.rmdir()  # days without clips leave no empty folders
            except OSError:
                break

    # --- edges ---

    async def _read(self, path: Path, artifact: Artifact, span: Span) -> AsyncIterator[bytes]:
        held: list[FileIO] = []  # filled in the thread: a cancel while it opens must not lose it
        try:
            await self._threads.run(lambda: held.append(_opened(path, artifact)))
            file = held[0]
            await self._threads.run(file.seek, span.start)
            left = (artifact.size_bytes if span.stop is None else span.stop) - span.start
            while left > 0 and (block := await self._threads.run(_block, file, path, min(left, _BLOCK_BYTES))):
                left -= len(block)
                yield block
        finally:
            for one in held:
                one.close()

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*check_key(key).split("/"))

    async def _on_disk(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._threads.run(step, *args, **kwargs)
        except OSError as error:
            raise Unavailable(why_not(error, self._root)) from error


def _checked(path: Path, artifact: Artifact) -> None:
    _opened(path, artifact).close()


def _opened(path: Path, artifact: Artifact) -> FileIO:
    try:
        file = FileIO(path)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"the clip {path} is not there (any more)") from None
    except OSError as error:
        raise Unavailable(f"the clip {path} cannot be read: {error.strerror or error}") from error
    size_bytes = os.fstat(file.fileno()).st_size
    if size_bytes != artifact.size_bytes:
        file.close()
        raise Unavailable(f"the clip {path} was changed: {artifact.size_bytes} bytes were kept, {size_bytes} are there")
    return file


def _block(file: FileIO, path: Path, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise Unavailable(f"the clip {path} cannot be read: {error.strerror or error}") from error


def _looked_at(path: Path, key: str) -> Shelved | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    media_type, facts = read_facts(path)
    return Shelved(key, found.st_size, found.st_mtime, media_type, facts)


def _walk(root: Path, prefix: str) -> Iterator[Shelved]:
    """Files whose key begins so, hidden ones left out. A folder that is a link is gone into like any other, for clips
    are put and found through it: each folder once, by its own name where it has one here, and none that holds the
    archive itself. Raises OSError.
    """

    def cannot(error: OSError) -> None:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise error

    inside = prefix.rpartition("/")[0]
    starts, met = [root / inside if inside else root], set[tuple[int, int]]()
    real_root = Path(os.path.realpath(root))
    while starts:
        for folder, below, names in os.walk(starts.pop(0), onerror=cannot):
            mark = _mark(folder)
            if mark is None or mark in met:
                below.clear()
                continue
            met.add(mark)
            below[:] = [name for name in below if not name.startswith(".")]
            links = [name for name in below if Path(folder, name).is_symlink()]
            below[:] = [name for name in below if name not in links]
            starts += [
                link
                for link in (Path(folder, name) for name in links)
                if not {real_root, *real_root.parents, *_above(folder)} & {Path(os.path.realpath(link))}
            ]
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(root).as_posix()
                if name.startswith(".") or not key.startswith(prefix):
                    continue
                with suppress(FileNotFoundError):
                    found = _stat(path)
                    if found is not None and stat.S_ISREG(found.st_mode):
                        yield Shelved(key, found.st_size, found.st_mtime)


def _above(folder: str) -> set[Path]:
    """A folder and all that hold it, links followed."""
    real = Path(os.path.realpath(folder))
    return {real, *real.parents}


def _mark(folder: str) -> tuple[int, int] | None:
    """Which folder it is, by whatever name; None where it went away meanwhile."""
    try:
        found = os.stat(folder)  # noqa: PTH116 - of very many
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _stat(path: Path) -> os.stat_result | None:
    """Facts of a file; None for a link that leads in a circle."""
    try:
        return path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
