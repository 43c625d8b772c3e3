"""Pictures and sounds, copied into the home under their hash, so that a job can be sent whatever becomes of them.

A picture is looked into by the media room's child process, never here. What was found stands beside the copy, so that
the same bytes are looked into once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import json
import os
import re
import stat
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from wanreel.domain.clip import Fit, Still
from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.inputs.links import Fetched
from wanreel.inputs.sound import read_sound
from wanreel.ports.inputs import StoredInput
from wanreel.ports.media import FileBytes

SIZE_BYTES_MAX = (
    20 * 1024 * 1024
)  # the largest picture any model takes (FS §2.4); each model's own limit is checked later
FITTED_BYTES_MAX = 64 * 1024 * 1024  # the largest file that is made to fit
_NAME_LETTERS_MAX = 100
_FACTS = ".facts"  # ending of what is noted beside a copy
_FACTS_BYTES_MAX = 10_000


class Eyes(Protocol):
    """Who looks into pictures: a part of `ports.Media`."""

    async def still(self, file: FileBytes, fit: Fit | None = None) -> Still:
        """As `ports.Media.still`."""
        ...


class Follows(Protocol):
    """Who follows links."""

    async def fetch(self, url: str, bytes_max: int) -> Fetched:
        """What a link leads to. Raises Invalid."""
        ...


class HomeInputs:
    """`ports.Inputs` on a folder of the home, made at first use. Without `links` a link is passed on as it is."""

    def __init__(
        self, folder: Path, eyes: Eyes, links: Follows | None = None, size_bytes_max: int = SIZE_BYTES_MAX
    ) -> None:
        self._folder = folder.absolute()
        self._eyes = eyes
        self._links = links
        self._size_bytes_max = size_bytes_max

    async def keep(self, source: Path, fit: Fit | None = None, called: str = "") -> StoredInput:
        """As `ports.Inputs.keep`; a leading `~` is the user's own folder."""
        path = await asyncio.to_thread(_expanded, source)
        data = await asyncio.to_thread(_read, path, self._most(fit))
        return await self._keep(data, path.name, called or str(path), fit)

    async def keep_bytes(self, data: bytes, name: str, fit: Fit | None = None) -> StoredInput:
        """As `ports.Inputs.keep_bytes`."""
        return await self._keep(data, name, name, fit)

    async def keep_link(self, url: str, fit: Fit | None = None) -> StoredInput | None:
        """As `ports.Inputs.keep_link`."""
        if self._links is None:
            return None
        fetched = await self._links.fetch(url, self._most(fit))
        return await self._keep(fetched.data, fetched.name, fetched.name, fit)

    def path(self, sha256: str) -> Path:
        """Where the copy lies. Raises NotFound."""
        path = self._folder / sha256
        if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not path.is_file():
            raise NotFound(f"the input {sha256[:80]} is not in {self._folder} (any more)")
        return path

    async def forget(self, sha256: str) -> bool:
        """As `ports.Inputs.forget`."""
        return await asyncio.to_thread(self._forget, sha256)

    async def kept(self) -> list[str]:
        """As `ports.Inputs.kept`."""
        return await asyncio.to_thread(self._kept)

    async def idle(self, before: float) -> list[str]:
        """As `ports.Inputs.idle`."""
        return await asyncio.to_thread(self._idle, before)

    async def in_use(self, sha256: str) -> None:
        """As `ports.Inputs.in_use`."""
        try:
            await asyncio.to_thread(_touch, self._folder / sha256)
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror or error}") from error

    async def forget_idle(self, sha256: str, before: float) -> bool:
        """As `ports.Inputs.forget_idle`."""
        return await asyncio.to_thread(self._forget_idle, sha256, before)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _most(self, fit: Fit | None) -> int:
        return max(self._size_bytes_max, FITTED_BYTES_MAX) if fit else self._size_bytes_max

    async def _keep(self, data: bytes, name: str, called: str, fit: Fit | None) -> StoredInput:
        if not data:
            raise Invalid(f"{called} is empty: 0 bytes")
        if len(data) > self._most(fit):
            raise Invalid(f"{called} is larger than {self._most(fit) / 1024**2:g} MB: use a smaller file")
        name = name[-_NAME_LETTERS_MAX:]
        known = await asyncio.to_thread(self._known, data, fit)
        if known is not None:
            return replace(known, name=name)
        stored, kept = await self._look(data, name, called, fit)
        try:
            await asyncio.to_thread(self._write, stored, kept, data, fit)
        except OSError as error:
            raise Unavailable(
                f"{called} cannot be copied to {self._folder} ({error.strerror or error}): "
                "free some space there, or give the right to write"
            ) from error
        return stored

    async def _look(self, data: bytes, name: str, called: str, fit: Fit | None) -> tuple[StoredInput, bytes]:
        """What the bytes are, and those to keep: they may be turned upright or made to fit. Raises Invalid."""
        sound = read_sound(data)
        if sound is not None:
            return StoredInput(_sha256(data), sound.mime, len(data), name, format=sound.format), data
        still = await self._eyes.still(_Held(data, called), fit)
        kept = data if still.data is None else still.data
        stored = StoredInput(
            _sha256(kept),
            still.mime,
            len(kept),
            name,
            width=still.width,
            height=still.height,
            format=still.format,
            has_alpha=still.has_alpha,
            changes=still.changes,
        )
        return stored, kept

    def _known(self, data: bytes, fit: Fit | None) -> StoredInput | None:
        """What was found when these very bytes came before, if what was kept of them is still whole."""
        try:
            with self._note(_sha256(data), fit).open("rb") as file:
                row: Any = json.loads(file.read(_FACTS_BYTES_MAX))
            stored = StoredInput(**(row | {"changes": tuple(row["changes"])}))
            kept = self.path(stored.sha256).read_bytes()
            if not _touch(self._folder / stored.sha256):  # let go of this very moment
                return None
        except (OSError, ValueError, TypeError, KeyError, NotFound):
            return None
        return stored if _sha256(kept) == stored.sha256 else None

    def _write(self, stored: StoredInput, kept: bytes, data: bytes, fit: Fit | None) -> None:
        _write_once(self._folder, stored.sha256, kept)
        note = json.dumps(asdict(stored)).encode()
        if len(note) <= _FACTS_BYTES_MAX:
            _write_once(self._folder, self._note(_sha256(data), fit).name, note)

    def _note(self, sha256: str, fit: Fit | None) -> Path:
        """Where it is noted what became of bytes: what they were made to fit is part of the name."""
        bars = f".{fit.side_min}-{fit.side_max}-{fit.bytes_max}-{int(fit.alpha)}" if fit else ""
        return self._folder / f"{sha256}{bars}{_FACTS}"

    def _forget(self, sha256: str) -> bool:
        try:
            path = self.path(sha256)
            path.unlink()
            self._forget_notes(sha256)
        except (NotFound, FileNotFoundError):
            return False
        except OSError as error:
            raise Unavailable(f"the input {sha256} cannot be removed: {error.strerror or error}") from error
        _sync_folder(self._folder)
        return True

    def _forget_idle(self, sha256: str, before: float) -> bool:
        """Moved aside first: whoever asks for it from then on writes it anew, and who asked before has touched it."""
        aside = self._folder / f".{sha256}.{os.getpid()}-{threading.get_ident()}.gone"
        try:
            path = self.path(sha256)
            if path.stat().st_mtime >= before:
                return False
            path.rename(aside)
            if aside.stat().st_mtime >= before:
                aside.replace(path)
                return False
            aside.unlink()
            if not path.exists():
                self._forget_notes(sha256)
        except (NotFound, FileNotFoundError):
            return False
        except OSError as error:
            raise Unavailable(f"the input {sha256} cannot be removed: {error.strerror or error}") from error
        _sync_folder(self._folder)
        return True

    def _forget_notes(self, sha256: str) -> None:
        for note in self._folder.glob(f"*{_FACTS}"):
            if sha256 in note.name or sha256.encode() in note.read_bytes():
                note.unlink(missing_ok=True)

    def _idle(self, before: float) -> list[str]:
        """And what dead processes left half-written or half-removed goes."""
        found: list[str] = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        if entry.stat().st_mtime >= before:
                            continue
                        if re.fullmatch(r"[0-9a-f]{64}", entry.name):
                            found.append(entry.name)
                        elif entry.name.startswith(".") and entry.name.endswith((".part", ".gone")):
                            Path(entry.path).unlink()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be read: {error.strerror or error}") from error
        return sorted(found)

    def _kept(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._folder) if re.fullmatch(r"[0-9a-f]{64}", name))  # noqa: PTH208
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be read: {error.strerror or error}") from error


class _Held:
    """Bytes in memory, as `ports.FileBytes`."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self.name = name
        self.size_bytes = len(data)

    async def read(self, start: int, size: int) -> bytes:
        """As `ports.FileBytes.read`."""
        return self._data[start : start + size]


def _expanded(source: Path) -> Path:
    with contextlib.suppress(RuntimeError):  # no such user: then it is a plain name
        return source.expanduser()
    return source


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path, size_bytes_max: int) -> bytes:
    """The content of a plain file, one byte more than allowed at most. Never waits for a pipe. Raises Invalid."""
    try:
        # Looked at before it is opened, since opening some devices does something; and after, since names change hands.
        _must_be_plain(path, path.stat())
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(fd, "rb") as file:
            _must_be_plain(path, os.fstat(fd))
            return file.read(size_bytes_max + 1)
    except OSError as error:
        raise Invalid(_unreadable(path, error)) from None
    except ValueError:
        raise Invalid(f"{str(path)!r} cannot be a path: it holds a zero character") from None


def _must_be_plain(path: Path, facts: os.stat_result) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise Invalid(f"{path} is a folder: name one file in it")
    if not stat.S_ISREG(facts.st_mode):
        raise Invalid(f"{path} is a pipe, a socket or a device: save it to a plain file first")


def _unreadable(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return f"{path} is not there: check the name, and the folder it is seen from"
        case errno.EACCES | errno.EPERM:
            return f"{path} may not be read by this user: change its permissions"
        case errno.ELOOP:
            return f"{path} is a link that leads in a circle: name the file itself"
        case errno.ENAMETOOLONG:
            return f"{str(path)[:80]}… is too long for a path"
        case _:
            return f"{path} cannot be read: {error.strerror or error}"


def _write_once(folder: Path, sha256: str, data: bytes) -> None:
    """Have the bytes lie durably under their hash; a copy that has gone bad is replaced. Raises OSError."""
    target = folder / sha256
    if _holds(target, data) and _touch(target):
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{sha256}.{os.getpid()}-{threading.get_ident()}.part"
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(fd)
        draft.replace(target)  # whoever else does this at the same time puts the same bytes there
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(folder)


def _touch(path: Path) -> bool:
    """Note that a copy is in use; False where there is none."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; Windows offers no such thing and needs none."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
