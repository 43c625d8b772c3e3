"""Starts the process that looks into one foreign file, answers its questions, and ends it, whatever it does.

A decoder reads bytes that a stranger may have made. It crashes, or eats all there is, in a process of its own that
holds no key, no path and no connection (`media/inside.py`); the service that asked gets an error in words.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from wanreel.cancels import wait_through
from wanreel.domain.errors import Internal, Invalid, Unavailable, WanreelError
from wanreel.media.limits import Limits
from wanreel.media.speech import GONE, HEAD, READ, Say, Why, framed
from wanreel.ports.media import FileBytes
from wanreel.telemetry import LOOK_ENDED, log

_PROGRAM = (sys.executable, "-P", "-m", "wanreel.media")
_READ_BYTES_MAX = 64 * 1024 * 1024  # of one question; a still is asked for whole
_PASSED_ON = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # never a key


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child said in the end, and the bytes it said before."""

    told: Mapping[str, Any]
    pieces: Sequence[bytes]


class Child:
    """A door to child processes, so many at once. `program` is what is started."""

    def __init__(self, at_once: int = 2, program: Sequence[str] = _PROGRAM) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._program = tuple(program)

    async def ask(self, do: str, file: FileBytes, args: Mapping[str, Any], limits: Limits) -> Answer:
        """Have something done with a file. Raises Invalid (not such a file, or past a limit), Unavailable (no child
        can be started, or it takes too long), Internal, and whatever reading the file raises.
        """
        async with self._gate:
            process = await self._start()
            try:
                async with asyncio.timeout(limits.wall_s):
                    return await _Talk(process, file, limits).hold(do, args)
            except TimeoutError:
                raise Unavailable(f"looking into {file.name} took longer than {limits.wall_s:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                raise _died(file.name, await _gone(process), limits) from None
            finally:
                await _gone(process)

    async def _start(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._program,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                start_new_session=True,  # Ctrl-C at a terminal is for the parent to act on
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            )
        except OSError as error:
            words = f"no process can be started to look into files ({error.strerror or error})"
            raise Unavailable(words) from error


class _Talk:
    """One order and its answer."""

    def __init__(self, process: Process, file: FileBytes, limits: Limits) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._says = process.stdin
        self._hears = process.stdout
        self._file = file
        self._limits = limits
        self._read_bytes = 0
        self._answer_bytes = 0

    async def hold(self, do: str, args: Mapping[str, Any]) -> Answer:
        order = {"do": do, "size_bytes": self._file.size_bytes, "args": args, "limits": asdict(self._limits)}
        await self._say(Say.ORDER, json.dumps(order).encode())
        pieces: list[bytes] = []
        while True:
            say, body = await self._next()
            if say == Say.READ:
                await self._hand_out(*READ.unpack(body))
            elif say == Say.PIECE:
                pieces.append(body)
            elif say == Say.DONE:
                return Answer(_object(body), pieces)
            elif say == Say.REFUSED:
                raise self._refusal(_object(body))
            else:
                raise Internal(f"the process that looked into {self._file.name} spoke out of turn")

    async def _next(self) -> tuple[int, bytes]:
        say, size = HEAD.unpack(await self._hears.readexactly(HEAD.size))
        self._answer_bytes += size
        if self._answer_bytes > self._limits.answer_bytes_max:
            raise Invalid(f"{self._file.name} gives more to look at than {self._limits.answer_bytes_max} bytes")
        return say, await self._hears.readexactly(size)

    async def _hand_out(self, start: int, size: int) -> None:
        self._read_bytes += size
        if size > _READ_BYTES_MAX or self._read_bytes > self._limits.read_bytes_max:
            raise Invalid(
                f"{self._file.name} cannot be looked into without reading more than "
                f"{self._limits.read_bytes_max // 1024**2} MB of it"
            )
        try:
            data = await self._file.read(start, size)
        except WanreelError:
            with contextlib.suppress(ConnectionError):
                self._says.write(HEAD.pack(Say.BYTES, GONE))
            raise
        await self._say(Say.BYTES, data[:size])

    async def _say(self, say: Say, body: bytes) -> None:
        self._says.write(framed(say, body))
        await self._says.drain()

    def _refusal(self, told: Mapping[str, Any]) -> WanreelError:
        words = str(told.get("words"))[:500]
        if told.get("why") == Why.INVALID:
            return Invalid(f"{self._file.name} {words}")
        return Internal(f"looking into {self._file.name} failed: {words}")


def _object(body: bytes) -> Mapping[str, Any]:
    found: object = json.loads(body)
    if not isinstance(found, dict):
        raise Internal("the process that looks into files answered nonsense")
    return cast("dict[str, Any]", found)


def _died(name: str, status: int, limits: Limits) -> WanreelError:
    """What a child's silent end means."""
    log.warning(LOOK_ENDED, file=name, status=status)
    if os.name == "posix" and status == -signal.SIGXCPU:
        return Invalid(f"{name} takes more than {limits.cpu_s} s of computing to look into")
    how = f"signal {-status}" if status < 0 else f"exit status {status}"
    return Invalid(f"{name} is not a file that can be looked into: it ended the decoder ({how})")


async def _gone(process: Process) -> int:
    """End it, and say with which status it ended. However often this is cancelled meanwhile, it goes on to the end
    first: else nobody ever waits for the process.
    """
    _end(process)
    return await wait_through(lambda: _ended(process))


async def _ended(process: Process) -> int:
    """Wait for its end. What it wrote and nobody read is read and dropped: asyncio stops reading a pipe of which too
    much lies unread, so never learns that it is closed, and `wait` would last for ever.
    """
    assert process.stdout is not None
    with contextlib.suppress(OSError):
        while await process.stdout.read(1 << 16):
            pass
    return await process.wait()


def _end(process: Process) -> None:
    """At once, with everything it may have started."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
