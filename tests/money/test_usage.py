"""The vendor's usage, whatever stands in it: figures are exact, and what is no figure is not said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.domain.catalog_file import CATALOG
from wanreel.money.usage import Metered, read_usage

T2V = CATALOG.model("wan2.5-t2v-preview")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "5",
        "{",
        "{}",
        '{"duration": -5}',
        '{"duration": 0, "video_duration": 0, "output_video_duration": 0}',
        '{"duration": "5"}',
        '{"duration": true}',
        '{"duration": NaN}',
        '{"duration": Infinity}',
        '{"duration": 1e400}',
        '{"duration": 100001}',
        '{"duration": [5]}',
        '{"duration": ' + "9" * 5000 + "}",
        "[" * 100_000,
        # what the vendor's own SDK puts in where nothing came
        '{"video_duration": 0, "video_ratio": "", "video_count": 1}',
    ],
    ids=lambda text: text[:30],
)
def test_what_says_no_length_bills_nothing_by_guess(text: str) -> None:
    """Neither zero nor a negative, absurd or foreign figure is taken for a length."""
    assert Metered() == read_usage(text, T2V)


@pytest.mark.parametrize(
    ("text", "seconds", "tier"),
    [
        ('{"duration": 5.02, "SR": 720}', "5.02", "720P"),
        ('{"duration": 0.1, "SR": 720}', "0.1", "720P"),
        ('{"duration": -1, "video_duration": 5, "video_ratio": "832*480"}', "5", "480P"),
        ('{"output_video_duration": 5.02, "input_video_duration": 5.02, "SR": 1080}', "10.04", "1080P"),
        ('{"duration": 5, "SR": -720, "size": "1280*720"}', "5", "720P"),
        ('{"duration": 5, "SR": "720"}', "5", None),
        ('{"duration": 5, "size": "7*7"}', "5", None),
        ('{"duration": 5, "video_ratio": "", "video_count": 1, "video_duration": 0}', "5", None),
    ],
)
def test_the_first_figure_that_is_one_counts(text: str, seconds: str, tier: str | None) -> None:
    """To the last decimal that was sent; a tier nobody can name is left to what was asked for."""
    found = read_usage(text, T2V)
    assert (Decimal(seconds), tier) == (found.seconds, found.tier)
