"""The vendor's notions of time: UTC+8 without a zone, milliseconds, list bounds."""

import pytest

from wanreel.emulator.hours import bound, http_date, iso, local_day, local_seconds, local_text, millis

AT = 1_786_690_578.0  # 2026-08-14 14:56:18 in UTC+8, from a sample of fact sheet §8


def test_the_sample_of_the_sheet() -> None:
    """The end time of a real sample, in each form; its URL's Expires is a day later less two seconds."""
    assert "2026-08-14 14:56:18.000" == local_text(AT)
    assert "2026-08-14 14:56:18" == local_seconds(AT + 0.9)
    assert "20260814" == local_day(AT)
    assert "2026-08-14T06:56:18.000Z" == iso(AT)
    assert 1_786_776_976 == AT + 86_398


def test_text_and_milliseconds_agree() -> None:
    """Rounding is done once: the text never differs from the number by one."""
    for fraction in (0.0004, 0.0005, 0.0015, 0.4999, 0.9994, 0.9996):
        at = AT + fraction
        assert millis(at) % 1000 == int(local_text(at)[-3:])
    assert "2026-08-14 14:56:19.000" == local_text(AT + 0.9996)


def test_bounds_of_a_list() -> None:
    """A bound is the same instant in either zone's writing; anything else is refused."""
    assert AT == bound("20260814145618", utc=False) == bound("20260814065618", utc=True)
    for text in ("", "2026-08-14", "20261332000000", "2026081414561"):
        with pytest.raises(ValueError, match=r".*"):
            bound(text, utc=False)


def test_date_header() -> None:
    """As HTTP writes it."""
    assert "Fri, 14 Aug 2026 06:56:18 GMT" == http_date(int(AT))
