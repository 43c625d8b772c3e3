"""Settlement against the table made by hand: to the cent, and never above what was said before."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.domain.catalog_file import BOOKS
from tests.factories import NOW, make_account, make_job, make_outcome, make_request
from tests.money.settlements import TABLE, Row
from wanreel.domain.booking import Kind
from wanreel.domain.event import Finished
from wanreel.domain.job import Generating, Job
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy


def job_of(row: Row) -> Job:
    """A job whose task runs, of the request of a row."""
    bare = make_request(size=None, duration_s=None, model=row.model, mode=row.mode)
    return make_job(Generating, request=replace(bare, **row.asked), account=make_account(region=row.region))


def test_the_table_is_long_enough_and_meets_every_shape_of_usage() -> None:
    """At least forty rows by hand; each set of keys that FS §4.3 names is there."""
    assert len(TABLE) >= 40
    assert len({tuple(sorted(key for key in row.usage.split('"')[1::2])) for row in TABLE}) >= 10


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_clip_settles_to_the_cent(row: Row) -> None:
    """What the vendor's usage says is spent, at the price of FS §10.2, in the account's own currency."""
    job = job_of(row)
    finished = Finished(replace(make_outcome(), usage=row.usage))
    (booking,) = BOOKS.enter(job, transition(job, finished, NOW, Policy(), 0.5)).money

    assert (Kind.SETTLE, Decimal(row.settled), row.currency) == (booking.kind, booking.amount, booking.currency)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_what_was_said_before_is_what_is_settled_or_more(row: Row) -> None:
    """An estimate without "at most" is exact for what was asked; with it, it is never exceeded."""
    said = BOOKS.quote(job_of(row), NOW)

    assert (Decimal(row.said or row.settled), row.at_most) == (said.amount, said.at_most)
    assert said.amount is not None
    assert Decimal(row.settled) <= said.amount
