"""Several keys of an account: the first that is not refused is used, and all refused is said."""

from __future__ import annotations

from tests.factories import make_account
from wanreel.vendor.keys import Keys

ONE, OTHER = make_account("one"), make_account("other", base_url="http://127.0.0.1:8/api/v1")
RING = {"one": ("sk-1", "sk-2", "sk-3"), "other": ("sk-1",)}


def ring() -> Keys:
    """The keys of two accounts."""
    return Keys(lambda account: RING.get(account.id, ()))


def test_the_first_key_is_used() -> None:
    """Without a refusal nothing else is touched, and an account without keys has none."""
    keys = ring()
    assert ("sk-1", "sk-1") == (keys.use(ONE), keys.use(OTHER))
    assert keys.use(make_account("stranger")) is None


def test_a_refused_key_is_passed_over() -> None:
    """For that account alone, though another may have the same key at its own address."""
    keys = ring()
    assert keys.refuse(ONE, "sk-1")
    assert ("sk-2", "sk-1") == (keys.use(ONE), keys.use(OTHER))
    assert keys.refuse(ONE, "sk-1")  # a call that was on its way
    assert "sk-2" == keys.use(ONE)


def test_when_all_are_refused_they_are_tried_anew() -> None:
    """The account parks, and its next probe begins with the first."""
    keys = ring()
    assert [True, True, False] == [keys.refuse(ONE, key) for key in RING["one"]]
    assert "sk-1" == keys.use(ONE)
    assert not keys.refuse(OTHER, "sk-1")
