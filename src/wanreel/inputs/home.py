"""Local pictures and sounds, copied into the home under their hash, so that a job can be sent whatever they become."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import stat
import threading
from pathlib import Path

from wanreel.domain.errors import Invalid, NotFound, Unavailable
from wanreel.inputs.picture import NotUsable, read_picture
from wanreel.inputs.sound import read_sound
from wanreel.ports import StoredInput

SIZE_BYTES_MAX = (
    20 * 1024 * 1024
)  # the largest picture any model takes (FS §2.4); each model's own limit is checked later
_NAME_LETTERS_MAX = 100


class HomeInputs:
    """`ports.Inputs` on a folder of the home, made at first use."""

    def __init__(self, folder: Path, size_bytes_max: int = SIZE_BYTES_MAX) -> None:
        self._folder = folder.absolute()
        self._size_bytes_max = size_bytes_max

    async def keep(self, source: Path) -> StoredInput:
        """As `ports.Inputs.keep`; a leading `~` is the user's own folder. Also raises Unavailable: the home is full."""
        return await asyncio.to_thread(self._keep_file, source)

    async def keep_bytes(self, data: bytes, name: str) -> StoredInput:
        """The same for content that came inline. Raises Invalid, Unavailable."""
        return await asyncio.to_thread(self._keep, data, name)

    def path(self, sha256: str) -> Path:
        """Where the copy lies. Raises NotFound."""
        path = self._folder / sha256
        if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not path.is_file():
            raise NotFound(f"the input {sha256[:80]} is not in {self._folder} (any more)")
        return path

    def _keep_file(self, source: Path) -> StoredInput:
        with contextlib.suppress(RuntimeError):  # no such user: then it is a plain name
            source = source.expanduser()
        return self._keep(_read(source, self._size_bytes_max), source.name, str(source))

    def _keep(self, data: bytes, name: str, called: str = "") -> StoredInput:
        called = called or name
        if not data:
            raise Invalid(f"{called} is empty: 0 bytes")
        if len(data) > self._size_bytes_max:
            raise Invalid(f"{called} is larger than {self._size_bytes_max / 1024**2:g} MB: use a smaller file")
        stored = _facts(data, name[-_NAME_LETTERS_MAX:], called)
        try:
            _write_once(self._folder, stored.sha256, data)
        except OSError as error:
            raise Unavailable(
                f"{called} cannot be copied to {self._folder} ({error.strerror or error}): "
                "free some space there, or give the right to write"
            ) from error
        return stored


def _facts(data: bytes, name: str, called: str) -> StoredInput:
    """What the bytes are. Raises Invalid."""
    sha256 = hashlib.sha256(data).hexdigest()
    sound = read_sound(data)
    if sound is not None:
        return StoredInput(sha256, sound.mime, len(data), name, format=sound.format)
    try:
        picture = read_picture(data)
    except NotUsable as error:
        raise Invalid(f"{called} {error.why}") from None
    return StoredInput(
        sha256,
        picture.mime,
        len(data),
        name,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        has_alpha=picture.has_alpha,
    )


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
    if _holds(target, data):
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
