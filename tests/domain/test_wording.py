"""Whether two prompts are the same words."""

from __future__ import annotations

import pytest

from wanreel.domain.wording import Words, compare

LONG = "A paper boat sails through a rain gutter at dawn, " * 10


@pytest.mark.parametrize(
    ("ours", "told", "said"),
    [
        ("a paper boat", "a paper boat", Words.SAME),
        ("a  paper\nboat ", "a paper boat", Words.SAME),
        ("cafe\u0301 at dawn", "caf\u00e9 at dawn", Words.SAME),
        ("一艘纸船", "一艘纸船", Words.SAME),
        (LONG, LONG[:300], Words.SAME),
        ("a paper boat at dawn", "a paper boat", Words.OTHER),
        ("a paper boat", "", Words.OTHER),
        ("", None, Words.SAME),
        ("", "", Words.SAME),
        ("a paper boat", None, Words.UNTOLD),
        ("a paper boat at dawn, soft light", "A paper boat at dawn; soft light.", Words.CLOSE),
        ("a red paper boat", "a blue kite in the wind", Words.OTHER),
    ],
)
def test_the_vendor_keeps_words_and_may_fold_or_cut_them(ours: str, told: str | None, said: Words) -> None:
    """Spaces, composition and a cut end don't count; case and punctuation make it doubtful; the rest is other words."""
    assert said is compare(ours, told)
