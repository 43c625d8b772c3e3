"""Runs an emulator inside this process: in your event loop (`async with`) or in a thread of its own (`with`)."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from wanreel.emulator import control
from wanreel.emulator.answers import task_view
from wanreel.emulator.app import BASE, Rooms, build
from wanreel.emulator.clock import VIRTUAL_START_AT, Clock, RealClock, VirtualClock, fresh_word
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.gallery import Gallery
from wanreel.emulator.inputs import Inputs
from wanreel.emulator.journal import Journal
from wanreel.emulator.options import EmulatorOptions
from wanreel.emulator.scripts import Script
from wanreel.emulator.sender import Sender
from wanreel.emulator.shelf import Shelf


class Emulator:
    """The emulated vendor on a port of this machine.

    ``async with Emulator(speed=100) as emu: client(base_url=emu.base_url)``, or plain ``with`` to run it in a thread.
    Takes an `EmulatorOptions`, or its fields as keywords.
    """

    def __init__(self, options: EmulatorOptions | None = None, **fields: Any) -> None:
        if options is not None and fields:
            raise TypeError("give options or keywords, not both")
        self.options = options or EmulatorOptions(**fields)
        self._own: tempfile.TemporaryDirectory[str] | None = None
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._gallery: Gallery | None = None
        self._thread: _Thread | None = None
        self._sending: asyncio.Task[None] | None = None
        self.sender: Sender | None = None
        self.port = 0
        self._journal = Journal(self.options.state) if self.options.state else None
        try:
            self.desk = self._desk()
        except BaseException:
            if self._journal is not None:
                self._journal.close()
            raise

    @property
    def host_url(self) -> str:
        """``http://host:port``, with an address clients on this machine can reach."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.options.host, self.options.host)  # noqa: S104
        return self.options.public_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """What a client takes for the vendor's base URL; ends with /api/v1."""
        return f"{self.host_url}{BASE}"

    def _desk(self) -> Desk:
        """A desk as the options say, with what an earlier life left in the state folder; sets the clock too."""
        options = self.options
        desk = Desk(
            DeskSettings(
                accounts=options.all_accounts(),
                quirks=options.all_quirks(),
                speed=options.speed,
                rates=options.rates,
                log_max=options.log_max,
            ),
            seed=options.seed if options.seed is not None else fresh_word(),
            id_space="" if options.virtual and options.seed is not None else fresh_word(),
            journal=self._journal,
        )
        lines = self._journal.load() if self._journal else []
        last_at = Journal.last_at(lines)
        self.clock: Clock = _clock(options, last_at)
        if self._journal:
            desk.restore(lines)
            self._journal.rewrite([*desk.snapshot(), {"k": "wake", "at": last_at}])
        return desk

    # ---- what tests ask -----------------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        """Tasks accepted, paid seconds, calls by kind and answer, faults met; per account too."""
        return self._ask(lambda: self.desk.figures(self.clock.now()))

    def tasks(self) -> list[dict[str, Any]]:
        """Every known task with the request that made it, oldest first."""

        def views() -> list[dict[str, Any]]:
            now = self.clock.now()
            return [task_view(task, now) for task in self.desk.tasks(now)]

        return self._ask(views)

    def script(self, script: dict[str, Any], *, account: str | None = None, key: str | None = None) -> Script:
        """Add a fault script ``{operation: [instruction, ...]}``, bound to an account ("*": all), a key, or its id."""
        return self._ask(lambda: self.desk.add_script(script, account=account, key=key))

    def unmet(self) -> dict[str, Any]:
        """Instructions nobody met, by script. Empty is what a test wants to see."""
        return self._ask(self.desk.gate.scripts.unmet)

    def advance(self, seconds: float) -> float:
        """Move the emulator's time forward; its new now."""

        def move() -> float:
            now = self.clock.advance(seconds)
            self.desk.advance(now)
            return now

        return self._ask(move)

    # ---- starting and stopping ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the port. Starting twice is harmless; a start that fails leaves nothing behind. Raises OSError."""
        if self._runner is not None:
            return
        try:
            await self._open()
        except BaseException:
            await self.stop()
            raise

    async def _open(self) -> None:
        options = self.options
        self._own = tempfile.TemporaryDirectory(prefix="wanreel-emulator-")
        home = options.state or Path(self._own.name)
        pictures = Shelf(home / "pictures")
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._gallery = Gallery(options.clips or home / "clips", pictures, options.render)
        inputs = Inputs(pictures, self.desk, self._session)
        rooms = Rooms(self.desk, self.clock, pictures, self._gallery, inputs, options.clip_bytes)
        app = build(rooms)
        if options.events is not None:
            self.sender = Sender(options.events, self.desk, self.clock, self._session)
        control.add(app, rooms, self.sender)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, options.host, options.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.desk.host_url = self.host_url
        if self.sender is not None:
            self._sending = asyncio.create_task(self.sender.run())

    async def stop(self) -> None:
        """Close the port and let go of everything. Stopping twice, or before starting, is harmless."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._gallery is not None:
            await asyncio.to_thread(self._gallery.close)
            self._gallery = None
        if self._journal is not None:
            self._journal.close()
        if self._own is not None:
            self._own.cleanup()
            self._own = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        thread = self._thread = _Thread()
        try:
            thread.run(self.start())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.run(self.stop())
            thread.close()

    def _ask(self, question: Any) -> Any:
        """Put a question to the desk: directly, or in its own thread when it runs in one."""
        if self._thread is None or self._thread.is_current():
            return question()

        async def asked() -> Any:
            return question()

        return self._thread.run(asked())


class _Thread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wanreel-emulator", daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        """Run a coroutine there and wait for it."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    def is_current(self) -> bool:
        """Whether the caller is in this thread already."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Stop the loop and wait for the thread."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _clock(options: EmulatorOptions, last_at: float) -> Clock:
    """A clock that does not fall behind an earlier life, which may have been moved ahead."""
    if options.virtual:
        return VirtualClock(max(last_at, VIRTUAL_START_AT if options.start_at is None else options.start_at))
    clock = RealClock(options.clock_rate)
    clock.advance(max(0.0, last_at - clock.now()))
    return clock
