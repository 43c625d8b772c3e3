"""Runs an emulator as a program: one line with its base URL when it is ready, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
import sys

from wanreel.emulator.options import EmulatorOptions


def serve(options: EmulatorOptions) -> None:
    """Run until told to stop. Raises OSError when the port is taken."""
    asyncio.run(_serve(options))


async def _serve(options: EmulatorOptions) -> None:
    # Imported here so that a command line may import this module for its options without paying for a web server.
    from wanreel.emulator.server import Emulator  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Emulator(options) as emulator:
        sys.stdout.write(f"wanreel emulator ready: {emulator.base_url}  (page: {emulator.host_url}/)\n")
        sys.stdout.flush()
        await stop.wait()
