"""Every archive a home has ever used, so that changing the setting loses no clip that lies in an earlier one.

An artifact remembers the name of its archive. How that one is reached (region, endpoints, profile; no secret) is
remembered in the home. A folder inside the home is named by its way from there, so that a home may be moved.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from wanreel.domain.address import Address, address_of
from wanreel.domain.errors import Conflict, Invalid, NotFound, Problem, Unavailable, WanreelError
from wanreel.domain.job import Artifact
from wanreel.ports.archive import Archives, Label, Shelf, Shelved, Span

IN_HOME = "home:"


@dataclass(frozen=True, slots=True)
class Reach:
    """How a bucket is reached, beyond its address."""

    region: str | None = None
    endpoint: str | None = None
    link_endpoint: str | None = None
    public_base: str | None = None
    path_style: bool = False
    profile: str | None = None
    tags: bool = True
    silence_s: float = 60.0


def name_of(address: Address, home: Path) -> str:
    """What artifacts remember of an archive. A folder's name keeps its links, so that a link may be turned to where the
    clips were moved; so one place may have several names, and what lies where is compared by `Shelf.where`.
    """
    if address.folder is None:
        return str(address)
    folder = Path(address.folder).absolute()
    if ".." in folder.parts:
        folder = folder.resolve()
    root = next((root for root in (home.absolute(), home.resolve()) if folder.is_relative_to(root)), None)
    return str(folder) if root is None else IN_HOME + folder.relative_to(root).as_posix()


def place_of(name: str, home: Path) -> Address:
    """The archive of a name. Raises Invalid."""
    if name.startswith(IN_HOME):
        inside = name.removeprefix(IN_HOME)
        if inside.startswith("/") or ".." in inside.split("/"):
            raise Invalid("", (Problem("archive", "is named as a folder of the home and leads out of it", name[:200]),))
        return Address("file", folder=str(home.absolute() / name.removeprefix(IN_HOME)))
    _, sep, rest = name.partition("://")
    bucket, at, host = rest.partition("/")[0].partition("@")
    return address_of(name.replace(f"{bucket}@{host}", bucket, 1) if sep and at else name)


def endpoint_of(scheme: str, reach: Reach) -> str:
    """Whose storage an endpoint leads to: "" for AWS's or Alibaba Cloud's own, in which a bucket's name is taken once,
    by whatever region, internal or dual-stack endpoint it is reached; else its host and port.
    """
    host = urlsplit(reach.endpoint or "").netloc.lower()
    own = (".amazonaws.com", ".amazonaws.com.cn") if scheme == "s3" else (".aliyuncs.com",)
    return "" if host.partition(":")[0].endswith(own) else host


def name_among(known: Mapping[str, Reach], address: Address, reach: Reach, home: Path) -> str:
    """The name of an archive in a home that knows some: where its own one is taken by a bucket of the same name in
    another storage, it is named with its host (`s3://bucket@host/prefix/`).
    """
    name, host = name_of(address, home), endpoint_of(address.scheme, reach)
    taken = known.get(name)
    if address.folder is not None or taken is None or endpoint_of(address.scheme, taken) == host:
        return name
    host = host or ("amazonaws.com" if address.scheme == "s3" else "aliyuncs.com")
    return f"{address.scheme}://{address.bucket}@{host}/{address.prefix}"


class Memory(Protocol):
    """The archives of a home and how each was reached last."""

    def all(self) -> Mapping[str, Reach]:
        """By name, as far as is known here. Raises Unavailable."""
        ...

    async def look(self) -> None:
        """Learn what others have noted. Raises Unavailable."""
        ...

    async def note(self, name: str, reach: Reach) -> None:
        """Remember an archive. Raises Unavailable."""
        ...

    async def forget(self, name: str) -> bool:
        """Look for its clips in the archive that is set now, from now on; whether it was known. Raises Unavailable."""
        ...


class FileMemory:
    """`Memory` in a small file of the home."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> dict[str, Reach]:
        """By name; nothing where none was ever noted. Raises Unavailable for a file that cannot be read."""
        try:
            body: object = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self._file} cannot be read ({error}): mend it, or move it away") from None
        rows = cast("dict[str, object]", body) if isinstance(body, dict) else {}
        return {name: _reach(row) for name, row in rows.items()}

    async def look(self) -> None:
        """The file is read whenever it is asked."""

    async def note(self, name: str, reach: Reach) -> None:
        """As `Memory.note`."""
        known = self.all()
        if known.get(name) != reach:
            self._write(known | {name: reach})

    def clear(self) -> None:
        """Forget all: it is remembered elsewhere by now. Raises Unavailable."""
        if self.all():
            self._write({})

    async def forget(self, name: str) -> bool:
        """As `Memory.forget`."""
        known = self.all()
        there = known.pop(name, None) is not None
        if there:
            self._write(known)
        return there

    def _write(self, known: Mapping[str, Reach]) -> None:
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            draft.write_text(json.dumps({name: asdict(reach) for name, reach in sorted(known.items())}, indent=1))
            draft.replace(self._file)
        except OSError as error:
            raise Unavailable(f"{self._file} cannot be written ({error.strerror or error})") from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


class SharedMemory:
    """`Memory` in a store that several machines share, so that each knows where any of them has put clips."""

    def __init__(self, archives: Archives, file: FileMemory) -> None:
        """`file` is what the home remembered by itself before; it is handed over once."""
        self._archives = archives
        self._file = file
        self._known: dict[str, Reach] = {}

    def all(self) -> Mapping[str, Reach]:
        """As it was when it was last looked at."""
        return self._known

    async def look(self) -> None:
        """As `Memory.look`."""
        known = {name: _reach(_json(text)) for name, text in (await self._archives.archives()).items()}
        for name, reach in self._file.all().items():
            if name not in known:
                await self._archives.remember_archive(name, json.dumps(asdict(reach)))
                known[name] = reach
        self._file.clear()
        self._known = known

    async def note(self, name: str, reach: Reach) -> None:
        """As `Memory.note`."""
        if self._known.get(name) != reach:
            await self._archives.remember_archive(name, json.dumps(asdict(reach)))
            self._known[name] = reach

    async def forget(self, name: str) -> bool:
        """As `Memory.forget`."""
        self._known.pop(name, None)
        return await self._archives.forget_archive(name)


class Shelves:
    """`ports.Shelf` of the archive that is set now; what lies in an earlier one is read, linked and removed there."""

    def __init__(self, name: str, here: Shelf, memory: Memory, opened: Callable[[str, Reach], Shelf]) -> None:
        """`opened` makes the shelf of another archive of this home."""
        self._name = name
        self._here = here
        self._memory = memory
        self._opened = opened
        self._others: dict[str, Shelf] = {}

    @property
    def name(self) -> str:
        """What new artifacts remember of the archive that is set."""
        return self._name

    def of(self, archive: str) -> Shelf:
        """An earlier archive that is not known (any more) stands for the present one: its clips were moved there."""
        if archive in ("", self._name):
            return self._here
        if archive not in self._others:
            reach = self._memory.all().get(archive)
            if reach is None:
                return self._here
            self._others[archive] = self._opened(archive, reach)
        return self._others[archive]

    def all(self) -> Mapping[str, Shelf]:
        return {self._name: self._here} | {name: self.of(name) for name in self._memory.all() if name != self._name}

    async def know(self) -> None:
        """Learn of archives that other machines have used. Raises Unavailable."""
        await self._memory.look()

    async def forget(self, archive: str) -> None:
        """Its clips were moved to the archive that is set now. Raises Conflict: it is that one; NotFound."""
        if archive == self._name:
            raise Conflict(f"{archive} is the archive that is set: set another one first")
        if not await self._memory.forget(archive):
            raise NotFound(f"no archive of this home is called {archive}: `wanreel storage archives` lists them")
        self._others.pop(archive, None)

    def where(self, artifact: Artifact) -> str:
        try:
            return self.of(artifact.archive).where(artifact)
        except WanreelError:  # a driver that is not installed any more
            return f"{artifact.archive.rstrip('/')}/{artifact.key}"

    def place(self, key: str) -> str:
        return self._here.place(key)

    async def open(self, artifact: Artifact, span: Span | None = None) -> AsyncIterator[bytes]:
        await self._met(artifact.archive)
        return await self.of(artifact.archive).open(artifact, span)

    async def link(self, artifact: Artifact, life_s: float, filename: str | None = None) -> str | None:
        await self._met(artifact.archive)
        return await self.of(artifact.archive).link(artifact, life_s, filename)

    async def _met(self, archive: str) -> None:
        """An archive nobody here knows may be one that another machine has begun to use."""
        if archive not in ("", self._name) and archive not in self._memory.all():
            await self._memory.look()

    async def look(self, key: str) -> Shelved | None:
        return await self._here.look(key)

    def list(self, prefix: str = "") -> AsyncIterator[Shelved]:
        return self._here.list(prefix)

    async def put(self, key: str, data: bytes, label: Label) -> Artifact:
        return await self._here.put(key, data, label)

    async def remove(self, key: str) -> None:
        await self._here.remove(key)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _reach(row: object) -> Reach:
    known = {one.name for one in fields(Reach)}
    given: dict[str, Any] = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    return Reach(**{name: value for name, value in given.items() if name in known})
