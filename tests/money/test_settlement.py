"""Settlement against the table made by hand: to the cent, and never above what was said before."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.domain.catalog_file import BOOKS, CATALOG
from tests.factories import NOW, make_account, make_job, make_outcome, make_request
from tests.money import settlements
from tests.money.settlements import PRICES, SHAPES, TABLE, Row
from wanreel.domain.booking import Kind
from wanreel.domain.event import Finished
from wanreel.domain.job import Generating, Job
from wanreel.domain.lifecycle import transition
from wanreel.domain.policy import Policy


def job_of(row: Row) -> Job:
    """A job whose task runs, of the request of a row."""
    bare = make_request(size=None, duration_s=None, model=row.model, mode=row.mode)
    return make_job(Generating, request=replace(bare, **row.asked), account=make_account(region=row.region))


def test_the_table_is_long_enough_and_made_by_hand() -> None:
    """At least forty rows of texts; the file that holds them knows nothing of the catalog."""
    assert len(TABLE) >= 40
    source = ast.parse(Path(settlements.__file__).read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(source) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert not [ast.unparse(node) for node in imported if "wanreel" in ast.unparse(node)]


@pytest.mark.parametrize(("name", "model", "keys"), SHAPES, ids=lambda value: str(value).replace(" ", "-")[:40])
def test_every_shape_of_usage_is_in_the_table(name: str, model: str, keys: str) -> None:
    """Each set of keys that FS §4.3 names, for a model that has it."""
    rows = [row for row in TABLE if model in row.model and set(json.loads(row.usage)) == set(keys.split())]
    assert rows, f"no row has the usage of {name}"


def test_every_price_is_as_the_facts_have_it() -> None:
    """The catalog has all prices of FS §10.2 and no other, by tier, region and sound."""
    by_hand = {
        (model, CATALOG.region(region).id, currency, tier, audio): Decimal(rate)
        for models, region, currency, rates, audio in PRICES
        for model in models
        for tier, rate in rates.items()
    }
    shipped = {
        (model.id, price.region, price.currency, tier, price.audio): rate
        for model in CATALOG.models
        for price in model.prices
        for tier, rate in price.per_second
    }
    assert by_hand == shipped


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
