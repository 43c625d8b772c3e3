"""Looks at one job again and again from a process of its own, and prints how long each look took, as JSON.

In a process of its own, so that what is measured is the server and not whoever puts it under load.
`python -m tests.e2e.looker URL JOB LOOKS_A_SECOND SECONDS`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp


class Pace:
    """Gives out so many goes a second, evenly."""

    def __init__(self, rate: float, ends_at: float) -> None:
        self._gap_s = 1 / rate
        self._next_at = time.monotonic()
        self._ends_at = ends_at

    async def go(self) -> bool:
        """Wait for a turn; False once it is over."""
        at, self._next_at = self._next_at, self._next_at + self._gap_s
        if at >= self._ends_at:
            return False
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        loop.call_later(max(0.0, at - time.monotonic()), turn.set_result, None)
        await turn
        return True


async def looks(base: str, job: str, per_s: float, seconds: float) -> list[float]:
    """Milliseconds of each look in these seconds, evenly begun."""
    taken: list[float] = []
    ends_at = time.monotonic() + seconds
    pace = Pace(per_s, ends_at)
    async with aiohttp.ClientSession() as session:
        while await pace.go() and time.monotonic() < ends_at:
            began = time.perf_counter()
            async with session.get(f"{base}/v1/jobs/{job}") as got:
                await got.read()
                assert 200 == got.status
            taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    print(json.dumps(asyncio.run(looks(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))))
