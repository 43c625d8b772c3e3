"""The file operations an archive in a folder stands on: blocking, durable, in one place so that a test can fail them.

Every method raises OSError and nothing else; `why_not` turns that into words.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from io import FileIO
from pathlib import Path

if os.name == "posix":
    import fcntl

_BLOCK_BYTES = 1024 * 1024

# What link() says where a file system has no hard links (FAT, exFAT, some network and FUSE mounts).
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL})


class Disk:
    """The machine's file systems. A descriptor returned by `create` is locked for as long as it is open."""

    def create(self, path: Path) -> int:
        """Make a file that was not there, open it for writing and hold its lock."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        if lock(fd) and os.fstat(fd).st_nlink:
            return fd
        os.close(fd)
        raise FileExistsError(errno.EEXIST, "swept in the instant it was made", str(path))

    def lay(self, path: Path, data: bytes) -> None:
        """Make a small file that was not there, its bytes durable, its name not yet. Whole or not there, but for a
        crash. Raises FileExistsError.
        """
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            self.write(fd, data)
            self.sync(fd)
        except OSError:
            with contextlib.suppress(OSError):
                self.remove(path)
            raise
        finally:
            os.close(fd)

    def write(self, fd: int, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        left = memoryview(data)
        while left:
            left = left[os.write(fd, left) :]

    def sync(self, fd: int) -> None:
        """Return when the file's bytes would survive a power cut."""
        os.fsync(fd)

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's list of names would survive a power cut."""
        if os.name != "posix":
            return  # Windows opens no folder for this, and writes its journal by itself
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):  # not offered here: nothing to do
                raise
        finally:
            os.close(fd)

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name, if nothing has that name."""
        os.link(source, target)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, in one instant, in place of what had it."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Take a name away; none there is as good."""
        path.unlink(missing_ok=True)

    def free_bytes(self, folder: Path) -> int:
        """What may still be written below a folder, which need not be there yet."""
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def make_folders(self, folder: Path) -> None:
        """Make a folder and whatever is missing above it, durably."""
        missing: list[Path] = []
        while not folder.is_dir():
            missing.append(folder)
            if folder == folder.parent:
                break
            folder = folder.parent
        for folder in reversed(missing):
            try:
                folder.mkdir()
            except FileExistsError:
                if not folder.is_dir():
                    raise
            self.sync_folder(folder.parent)


def put_if_absent(disk: Disk, source: Path, target: Path) -> bool:
    """Give `source`'s bytes the name `target` in one instant, unless something has that name: then False.

    `source` may keep its own name besides. Without hard links the name is reserved by an empty file first, held by a
    lock; a process that died in between leaves that empty file, which the next to come takes over.
    """
    try:
        disk.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _reserve_and_replace(source, target)
    return True


def _reserve_and_replace(source: Path, target: Path) -> bool:
    try:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        taken = open_regular(target, os.O_WRONLY)
        if taken is None:
            return False
        fd = taken
    try:
        # Empty, held by nobody, and still the file of that name: ours just now, or left by a process that died.
        if not lock(fd) or os.fstat(fd).st_size or not _is_named(fd, target):
            return False
        try:
            source.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    finally:
        os.close(fd)
    return True


def _is_named(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def same_bytes(path: Path, size_bytes: int, sha256: str) -> bool:
    """Whether a plain file of just these bytes lies there; what cannot be read is not the same. Made durable."""
    fd = open_regular(path, os.O_RDONLY)
    if fd is None:
        return False
    with FileIO(fd) as file:
        if os.fstat(fd).st_size != size_bytes:
            return False
        digest = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
        if digest.hexdigest() != sha256:
            return False
        with contextlib.suppress(OSError):  # whoever put it there should have; a second fsync costs nothing
            os.fsync(fd)
    return True


def open_regular(path: Path, flags: int) -> int | None:
    """Open a plain file without ever waiting for a pipe's other end; None for anything else or unreadable."""
    try:
        fd = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def lock(fd: int) -> bool:
    """Hold a file's lock until it is closed or the process dies; False when somebody else does.

    Where locks are not offered (Windows, some network mounts) this is True: there, an open file defends itself or the
    sweep leaves the temporary alone.
    """
    if os.name != "posix":
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def abandoned(fd: int) -> bool:
    """Whether nobody alive holds this file, for certain."""
    if os.name != "posix":
        return True  # the removal fails by itself while somebody has it open
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def why_not(error: OSError, root: Path) -> str:
    """What is wrong with an archive's folder and what to do, in a sentence."""
    at = error.filename or str(root)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"no space is left for the archive {root}: free some there; the clip is fetched again by itself"
        case errno.EFBIG:
            return f"the clip is larger than a file may be in the archive {root}: raise that limit or use another disk"
        case errno.EROFS:
            return f"the archive {root} is mounted read-only: mount it for writing"
        case errno.EACCES | errno.EPERM:
            return f"no permission to write {at} in the archive {root}: give this user the right to"
        case errno.ENOENT:
            return f"a folder of the archive {root} is gone ({at}): mount it, or create it again"
        case errno.ENOTDIR | errno.EEXIST | errno.EISDIR:
            return f"the archive {root} cannot be used because {at} is not a folder: move it away"
        case errno.EIO:
            return f"the disk of the archive {root} answers with errors: look after its health"
        case _:
            return f"the archive {root} cannot be written ({error.strerror or error})"
