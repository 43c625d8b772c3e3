"""The user's own file of prices, read again by whoever works or takes orders when somebody has changed it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wanreel.data.shelf import load_tariff
from wanreel.domain.errors import WanreelError
from wanreel.money.tariff import Rate
from wanreel.ports.clock import Clock
from wanreel.telemetry import PRICES, PRICES_BROKE, log

LOOK_EVERY_S = 0.4  # as often as a worker looks around in its home

_Stamp = tuple[int, int, int, int] | None  # None: there is no such file


class PriceFile:
    """`money.tariff.Rates` by the file as it was last found whole; the catalog's prices stand behind it.

    A changed file is taken once two looks have found it the same, so that one being written is not read half. One that
    cannot be used leaves the prices as they were; that is said once for each such file.
    """

    def __init__(self, path: Path, clock: Clock, *, must_exist: bool) -> None:
        """Raises Invalid, Unavailable: nothing begins by a file that cannot be used."""
        self._path = path
        self._clock = clock
        self._must_exist = must_exist
        self._taken = self._seen = _stamp(path)
        self._tariff = load_tariff(path, must_exist=must_exist)
        self._looked_at = clock.now()
        self._version = 0

    def rate(self, model: str, region: str, tier: str | None, *, audio: bool | None, at: float) -> Rate | None:
        """As `Tariff.rate`."""
        return self._tariff.rate(model, region, tier, audio=audio, at=at)

    @property
    def version(self) -> int:
        """How often other prices have come to hold."""
        return self._version

    async def look(self) -> None:
        """Take in what has been written since. Cheap to ask often."""
        now = self._clock.now()
        if 0 <= now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        seen = await asyncio.to_thread(_stamp, self._path)
        before, self._seen = self._seen, seen
        if seen == self._taken or seen != before:
            return
        self._taken = seen
        try:
            tariff = await asyncio.to_thread(load_tariff, self._path, must_exist=self._must_exist)
        except WanreelError as why:
            log.error(PRICES_BROKE, file=str(self._path), why=f"{why}; the prices stay as they were until it is mended")
            return
        if tariff != self._tariff:
            self._tariff, self._version = tariff, self._version + 1
        log.info(PRICES, file=str(self._path))


def _stamp(path: Path) -> _Stamp:
    """What differs whenever somebody has written the file, or put another in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
