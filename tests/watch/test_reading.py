"""Reading a list whose page size, order, zone and clock nobody documents: whole, or said to be not whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import FakeClock, make_account
from tests.watch.desk_vendor import DeskVendor
from wanreel.domain import job as domain
from wanreel.domain.facts import Facts, Zone, together
from wanreel.emulator.accounts import Account
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.ports.vendor import Listing, Window
from wanreel.watch.reading import Reading, Span, read_window

ACCOUNT = make_account()
NO_LIMIT = Account("main", running=1000, queued=1000, submit_rate=0.0)


def vendor_with(ahead_s: float = 0.0, **quirks: Any) -> DeskVendor:
    """A desk of one account without a submit limit."""
    settings = DeskSettings(accounts=(NO_LIMIT,), quirks=Quirks(**quirks))
    return DeskVendor(Desk(settings, seed=1), FakeClock(), ahead_s)


def tasks(vendor: DeskVendor, count: int, apart_s: float = 1.0) -> list[str]:
    """So many tasks, one after the other."""
    made: list[str] = []
    for _ in range(count):
        made.append(vendor.made())
        vendor.clock.advance(apart_s)
    return made


async def read(vendor: DeskVendor, facts: Facts | None = None, back_s: float = 600.0, **more: Any) -> Reading:
    """Read the last minutes."""
    now = vendor.clock.now()
    return await read_window(vendor, ACCOUNT, Span(now - back_s, now), facts or Facts(zone=Zone.UTC8), **more)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize(("size", "over"), [(100, "cap"), (10, "cap"), (10, "refuse"), (20, "refuse")])
async def test_all_pages_are_read_whatever_their_size_and_order(order: str, size: int, over: str) -> None:
    """Each task is seen once, the reading is complete, and page size and order are told as they were met."""
    vendor = vendor_with(list_order=order, page_size_max=size, page_size_over=over)
    made = tasks(vendor, 37)

    reading = await read(vendor)
    assert (True, "") == (reading.complete, reading.why)
    assert sorted(made) == sorted(row.task_id for row in reading.rows)
    assert len(reading.rows) == len({row.task_id for row in reading.rows})
    assert (order == "newest", size if size < 100 else 0) == (reading.met.newest_first, reading.met.page_size)

    again = await read(vendor, together(Facts(zone=Zone.UTC8), reading.met))
    assert again.complete
    assert again.pages == -(-37 // size)


@pytest.mark.parametrize("zone", ["utc+8", "utc"])
async def test_the_zone_of_the_window_is_found_by_what_is_shown(zone: str) -> None:
    """Whichever zone the vendor reads the window in, the right one is found and the reading is complete."""
    vendor = vendor_with(list_zone=zone)
    made = tasks(vendor, 3)

    reading = await read(vendor, Facts(), expect=frozenset(made[:1]))
    assert reading.complete
    assert sorted(made) == sorted(row.task_id for row in reading.rows)
    assert zone == reading.met.zone


async def test_a_list_that_shows_nothing_proves_nothing_while_its_zone_is_unknown() -> None:
    """An empty list may be the list of another eight hours; once the zone is known it is simply empty."""
    vendor = vendor_with(list_zone="utc")
    assert not (await read(vendor, Facts())).complete
    assert (await read(vendor, Facts(zone=Zone.UTC))).complete


async def test_tasks_of_the_wrong_hours_are_no_reading() -> None:
    """Where a known zone turns out wrong, what is shown lies outside the window, and that is said."""
    vendor = vendor_with(list_zone="utc+8")
    tasks(vendor, 2)
    vendor.clock.advance(8 * 3600.0)

    reading = await read(vendor, Facts(zone=Zone.UTC))
    assert (False, ()) == (reading.complete, reading.rows)


async def test_a_wrong_clock_is_noticed_and_the_window_moved() -> None:
    """The vendor's clock ten minutes ahead of ours: the newest tasks are in the window all the same."""
    vendor = vendor_with(ahead_s=600.0)
    made = tasks(vendor, 3)

    reading = await read(vendor, back_s=120.0)
    assert reading.complete
    assert sorted(made) == sorted(row.task_id for row in reading.rows)
    assert reading.met.skew_s == pytest.approx(600.0, abs=1.5)


@pytest.mark.parametrize("page", [1, 2])
async def test_a_page_that_does_not_come_makes_it_incomplete(page: int) -> None:
    """What was read before is told, and that it is not all."""
    vendor = vendor_with(page_size_max=10)
    tasks(vendor, 15)
    vendor.broken[page] = 1

    reading = await read(vendor, Facts(zone=Zone.UTC8, page_size=10))
    assert (False, "connection reset") == (reading.complete, reading.why)
    assert (10 if page == 2 else 0) == len(reading.rows)


@pytest.mark.parametrize("told", [True, False])
async def test_a_page_size_that_grows_on_the_way_hides_rows(told: bool) -> None:
    """The second page of twenty begins where the third of ten would, whether or not the list tells its rows."""
    vendor = vendor_with()
    made = tasks(vendor, 35)
    plainly = vendor.list

    async def growing(account: domain.Account, window: Window, page: int) -> Listing:
        rows = (await plainly(account, window, 1)).rows
        size = 10 * page
        shown = rows[(page - 1) * size : page * size]
        return Listing(shown, page, 2, 0.0, len(rows) if told else None, size)

    vendor.list = growing
    reading = await read(vendor, Facts(zone=Zone.UTC8))
    assert len(made) > len(reading.rows)
    assert not reading.complete


async def test_reading_ends_once_enough_was_seen() -> None:
    """The pages behind the last of the wanted tasks are not asked for."""
    vendor = vendor_with(page_size_max=10)
    made = tasks(vendor, 95)

    reading = await read(vendor, Facts(zone=Zone.UTC8, page_size=10), enough=frozenset(made[-3:]))
    assert (1, False) == (reading.pages, reading.complete)
    assert frozenset(made[-3:]) <= {row.task_id for row in reading.rows}


async def test_more_than_a_day_is_never_complete() -> None:
    """The vendor's window is a day at most, and its list no longer than that."""
    vendor = vendor_with()
    tasks(vendor, 2)
    assert not (await read(vendor, back_s=2 * 86_400.0)).complete


def test_facts_add_up() -> None:
    """Keys of both are ours, the longest lag stays, and only what was met is overwritten."""
    stored = Facts(("2",), 5.0, 10, True, Zone.UTC, 3.0)
    assert Facts(("1", "2"), 5.0, 10, True, Zone.UTC, 7.0) == together(stored, Facts(("1",), 2.0, skew_s=7.0))
    assert stored == together(stored, Facts())
