"""The user's own file of prices: what is written while somebody works by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.factories import NOW, FakeClock
from wanreel.domain.errors import Invalid
from wanreel.store.prices import LOOK_EVERY_S, PriceFile
from wanreel.telemetry import PRICES_BROKE


def row(per_second: str) -> str:
    """A price of one's own."""
    named = 'model = "wan9.9-t2v"\nregion = "beijing"\ncurrency = "CNY"\n'
    return f'[[prices]]\n{named}per_second = {{ any = "{per_second}" }}\n'


class Desk:
    """A file of prices and somebody who looks at it now and then."""

    def __init__(self, folder: Path, text: str | None = None, *, must_exist: bool = False) -> None:
        self.path = folder / "prices.toml"
        if text is not None:
            self.path.write_text(text, encoding="utf-8")
        self.clock = FakeClock()
        self.file = PriceFile(self.path, self.clock, must_exist=must_exist)

    async def look(self, times: int = 1) -> str | None:
        """Look so often, as far apart as a worker does; the price of a second afterwards."""
        for _ in range(times):
            self.clock.advance(LOOK_EVERY_S)
            await self.file.look()
        return self.price()

    def price(self) -> str | None:
        """What a second costs by what was read last."""
        rate = self.file.rate("wan9.9-t2v", "beijing", None, audio=None, at=NOW)
        return None if rate is None else str(rate.per_second)


async def test_a_changed_file_holds_from_the_second_look_that_finds_it_so(tmp_path: Path) -> None:
    """Written, written again, taken away: each holds without a new start, and is counted as a change of prices."""
    desk = Desk(tmp_path)
    assert desk.price() is None
    desk.path.write_text(row("0.1"), encoding="utf-8")
    assert await desk.look() is None  # it may still be being written
    assert ("0.1", 1) == (await desk.look(), desk.file.version)
    desk.path.write_text(row("0.2"), encoding="utf-8")
    assert ("0.2", 2) == (await desk.look(2), desk.file.version)
    assert ("0.2", 2) == (await desk.look(3), desk.file.version)
    desk.path.unlink()
    assert (None, 3) == (await desk.look(2), desk.file.version)


async def test_a_file_that_is_being_written_is_not_read_half(tmp_path: Path) -> None:
    """Between two looks it has grown: the old prices hold until it stands still."""
    desk = Desk(tmp_path, row("0.1"))
    desk.path.write_text("", encoding="utf-8")
    assert "0.1" == await desk.look()
    desk.path.write_text(row("0.3"), encoding="utf-8")
    assert "0.1" == await desk.look()
    assert "0.3" == await desk.look()


async def test_a_broken_file_keeps_the_old_prices_and_says_so_once(tmp_path: Path) -> None:
    """Each broken file is one error in the log that says what is wrong and what holds; mended, it is taken in."""
    desk = Desk(tmp_path, row("0.1"), must_exist=True)
    with capture_logs() as said:
        desk.path.write_text(row("much"), encoding="utf-8")
        assert "0.1" == await desk.look(5)
        desk.path.unlink()
        assert "0.1" == await desk.look(5)
    broke = [line for line in said if line["event"] == PRICES_BROKE]
    assert ["error", "error"] == [line["log_level"] for line in broke]
    assert "prices row 1, per_second.any" in broke[0]["why"]
    assert "there is no such file" in broke[1]["why"]
    assert all("stay as they were" in line["why"] for line in broke)
    desk.path.write_text(row("0.4"), encoding="utf-8")
    assert "0.4" == await desk.look(2)


async def test_looking_often_reads_nothing(tmp_path: Path) -> None:
    """Within a moment the file is looked at once; a clock that was set back keeps nobody from looking."""
    desk = Desk(tmp_path)
    await desk.look()
    desk.path.write_text(row("0.1"), encoding="utf-8")
    for _ in range(5):
        await desk.file.look()
    assert desk.price() is None
    desk.clock.advance(-3600.0)
    assert "0.1" == await desk.look(2)


def test_nothing_begins_by_a_broken_file(tmp_path: Path) -> None:
    """Whoever starts is told at once."""
    with pytest.raises(Invalid):
        Desk(tmp_path, "[[prices", must_exist=False)
