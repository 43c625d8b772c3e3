"""Models that are about to be retired, or that nobody sells: said in time, and only where they matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from wanreel.data.shelf import load_catalog
from wanreel.ports.vendor import Offered
from wanreel.service.offering import SOON_S, Wares, models_amiss, models_words

NOW = 1_795_000_000.0  # 2026-11-18
MODEL = "wan2.5-t2v-preview"
DAY_S = 86_400.0
USED = Wares(load_catalog(), "beijing", {MODEL: 12})


def ending(at: float | None, words: str = "then") -> Wares:
    """The same, with that model's end announced."""
    return replace(USED, offered={MODEL: Offered(words, at), "wan2.6-t2v": Offered()})


def test_all_is_well() -> None:
    """Without the vendor's list, and with one that announces nothing, there is only something to say."""
    assert [] == models_amiss(USED, NOW)
    assert "retire" not in models_words(USED)
    listed = replace(USED, offered={MODEL: Offered()})
    assert [] == models_amiss(listed, NOW)
    assert "announces no retirement" in models_words(listed)


@pytest.mark.parametrize(("days", "word"), [(5, "is to be retired"), (-5, "was retired")])
def test_a_model_in_use_that_ends(days: float, word: str) -> None:
    """Told with its day, with how many orders name it, and with others that stay."""
    (told,) = models_amiss(ending(NOW + days * DAY_S), NOW)
    day = datetime.fromtimestamp(NOW + days * DAY_S, UTC).date()
    assert f"{MODEL} {word} on {day}" in told
    assert "12 of the latest orders name it" in told
    assert "wan2.6-t2v" in told
    assert "such as" in told
    assert f"such as {MODEL}" not in told


def test_an_end_that_is_far_is_only_mentioned() -> None:
    """A year ahead nobody need do anything."""
    far = ending(NOW + SOON_S + DAY_S)
    assert [] == models_amiss(far, NOW)
    assert MODEL in models_words(far)


def test_an_end_whose_time_cannot_be_read_counts_as_near() -> None:
    """In the vendor's own words."""
    (told,) = models_amiss(ending(None, "下线于年底"), NOW)
    assert "下线于年底" in told


def test_models_nobody_uses_may_end() -> None:
    """But for those that are taken where an order names none."""
    rare = replace(USED, asked={}, offered={"wan2.1-t2v-turbo": Offered("then", NOW)})
    assert [] == models_amiss(rare, NOW)
    default = USED.catalog.default("beijing", "i2v")
    assert default is not None
    (told,) = models_amiss(replace(USED, asked={}, offered={default: Offered("then", NOW)}), NOW)
    assert "taken where no model is named" in told


def test_a_model_that_is_misspelt_in_the_settings() -> None:
    """Its slots would never count; "*" is all of them."""
    (told,) = models_amiss(replace(USED, named=("*", MODEL, "wan2.5-t2v-previw")), NOW)
    assert "WANREEL_SLOTS names wan2.5-t2v-previw" in told
    assert f"did you mean {MODEL}" in told
