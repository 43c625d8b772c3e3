"""Reads a part of an account's task list, over all its pages, and finds out on the way what that list is like.

The documentation leaves open how long a page may be, in which order rows come and in which zone the window is read
(FS §5.2, §18). A reading takes what is known, tries what is not, and tells what it met. It counts as complete only when
every page came, the rows are as many as the vendor says there are, and the window was surely read as it was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wanreel.domain.facts import Facts, Zone
from wanreel.domain.job import Account
from wanreel.domain.sighting import Sighting
from wanreel.ports.vendor import ListFailed, Listing, Vendor, Window

PAGE_SIZES = (100, 50, 20, 10)  # asked for in turn, where the vendor refuses the longer
PAGES_MAX = 500
DAY_S = 86_400.0
_ZONES = (Zone.UTC8, Zone.UTC, Zone.UNSENT)
_ZONES_APART_S = 8 * 3600.0
_NOTHING = Facts()
_SLACK_S = 2.0  # the vendor tells its time in whole seconds


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be read: tasks created between two instants of our own clock, of one model or of all."""

    since: float
    until: float
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of it. `met` holds only what was learned on the way, to be noted."""

    rows: tuple[Sighting, ...]  # each task once, in the order it was listed; its instants are the vendor's clock
    complete: bool
    why: str = ""  # why it is not complete
    pages: int = 0  # how many were asked for
    answered: bool = False  # whether the vendor answered at all
    met: Facts = _NOTHING


async def read_window(
    vendor: Vendor,
    account: Account,
    span: Span,
    facts: Facts,
    *,
    expect: frozenset[str] = frozenset(),
    enough: frozenset[str] | None = None,
) -> Reading:
    """One reading of the list. Nothing is raised: what could not be read is not complete.

    `expect` names tasks that the list must show by now: where it shows none of them, the window is tried in another
    zone. With `enough`, reading ends once all of these were seen; it is then complete only if it was by chance.
    """
    tries = _Tries(vendor, account, span, facts, enough)
    reading = Reading((), complete=False)
    for zone in (facts.zone,) if facts.zone else _ZONES:
        reading = await tries.read(zone)
        if tries.broken or facts.zone:
            break
        if _confirms(reading, span, tries.skew_s, expect, zone):
            tries.met = replace(tries.met, zone=zone)
            break
    else:
        reading = replace(reading, complete=False, why="nobody knows yet in which zone the list reads its window")
    inside = tuple(row for row in reading.rows if _inside(row, span, tries.skew_s))
    if facts.zone in (Zone.UTC8, Zone.UTC) and reading.rows and not inside:
        reading = replace(reading, complete=False, why="the list shows only tasks from outside the window")
    return replace(reading, rows=inside, pages=tries.pages, met=tries.met)


def _inside(row: Sighting, span: Span, skew_s: float) -> bool:
    return span.since - _SLACK_S <= row.created_at - skew_s <= span.until + _SLACK_S


def _confirms(reading: Reading, span: Span, skew_s: float, expect: frozenset[str], zone: Zone) -> bool:
    """Whether what was shown can only have been shown because the window was read in this zone."""
    if not expect.isdisjoint(row.task_id for row in reading.rows):
        return True
    narrow = zone is not Zone.UNSENT and span.until - span.since < _ZONES_APART_S
    return narrow and not expect and any(_inside(row, span, skew_s) for row in reading.rows)


def _uneven(pages: Sequence[Listing]) -> bool:
    """Whether rows may have fallen between pages, for these were not all of one length. A longer one says so only where
    nobody says how many rows there are.
    """
    whole = len(pages[0].rows)
    grew = pages[-1].total is None and any(len(one.rows) > whole for one in pages)
    return grew or any(len(one.rows) < whole for one in pages[:-1])


def _once(pages: Sequence[Listing]) -> Sequence[Sighting]:
    """The rows of all pages in their order, each task once."""
    rows = pages[0].rows if len(pages) == 1 else [row for page in pages for row in page.rows]
    if len({row.task_id for row in rows}) == len(rows):
        return rows
    return list({row.task_id: row for row in reversed(rows)}.values())[::-1]


class _Tries:
    """The tries of one reading, and what they have met so far."""

    def __init__(
        self, vendor: Vendor, account: Account, span: Span, facts: Facts, enough: frozenset[str] | None
    ) -> None:
        self.vendor, self.account, self.span, self.facts, self.enough = vendor, account, span, facts, enough
        self.skew_s = facts.skew_s or 0.0
        self.met = Facts()
        self.pages = 0
        self.broken = False  # the vendor could not be asked: trying another way is of no use

    async def read(self, zone: Zone) -> Reading:
        """All pages, with the window in a zone; begun anew once when the first page shows that a clock is wrong."""
        sizes = (self.facts.page_size,) if self.facts.page_size else PAGE_SIZES
        sizes = tuple(dict.fromkeys((*sizes, *(size for size in PAGE_SIZES if size < sizes[0]))))
        failed = "nothing was asked"
        for size in sizes:
            window = self._window(zone, size)
            try:
                first = await self._page(window, 1)
                if self._skewed(first):
                    window = self._window(zone, size)
                    first = await self._page(window, 1)
            except ListFailed as why:
                failed = why.why
                if not why.refused:
                    self.broken = True
                    break
            else:
                if size < sizes[0]:
                    self.met = replace(self.met, page_size=size)
                return await self._rest(window, first)
        self.broken = True
        return Reading((), complete=False, why=failed)

    async def _rest(self, window: Window, first: Listing) -> Reading:
        """The other pages, and whether all of it is one whole."""
        pages, page = [first], first
        why = ""
        while page.page < page.pages and not self._is_enough(pages):
            if page.page >= PAGES_MAX:
                why = f"the list has more than {PAGES_MAX} pages"
                break
            try:
                page = await self._page(window, page.page + 1)
            except ListFailed as failed:
                why = failed.why
                break
            pages.append(page)
        rows = _once(pages)
        self._learn(window, pages, rows)
        if not why and page.page < page.pages:
            why = "the other pages were not needed"
        elif not why and page.total is not None and len(rows) < page.total:
            why = f"the list says it has {page.total} rows and showed {len(rows)}: it moved under our hands"
        elif not why and _uneven(pages):
            why = "pages of the list are of different length"
        elif not why and self.span.until - self.span.since > DAY_S - 60.0:
            why = "the list goes back one day only"
        return Reading(tuple(rows), complete=not why, why=why, answered=True)

    async def _page(self, window: Window, page: int) -> Listing:
        self.pages += 1
        return await self.vendor.list(self.account, window, page)

    def _window(self, zone: Zone, size: int) -> Window:
        until = self.span.until + self.skew_s + _SLACK_S
        since = max(self.span.since + self.skew_s - _SLACK_S, until - DAY_S + 2.0)  # never asked for more than a day
        return Window(since, until, self.span.model, size, zone)

    def _is_enough(self, pages: Sequence[Listing]) -> bool:
        return self.enough is not None and self.enough <= {row.task_id for page in pages for row in page.rows}

    def _skewed(self, page: Listing) -> bool:
        """Whether the vendor's clock is not where we thought; remembered then."""
        if page.skew_s is None or (self.facts.skew_s is not None and abs(page.skew_s - self.skew_s) <= _SLACK_S):
            return False
        off_s, self.skew_s = abs(page.skew_s - self.skew_s), page.skew_s
        first_word = self.met.skew_s is None
        self.met = replace(self.met, skew_s=page.skew_s)
        return first_word and off_s > _SLACK_S

    def _learn(self, window: Window, pages: Sequence[Listing], rows: Sequence[Sighting]) -> None:
        told, whole = pages[0].page_size, len(pages[0].rows) if pages[0].pages > 1 else 0
        size = min((n for n in (told, whole) if n and n < window.page_size), default=0)
        if size and size != self.facts.page_size:
            self.met = replace(self.met, page_size=size)
        if self.facts.newest_first is not None:
            return
        born = [row.created_at for row in rows]
        if len(set(born)) > 1:
            falling, rising = sorted(born, reverse=True) == born, sorted(born) == born
            self.met = replace(self.met, newest_first=falling if falling != rising else None)
