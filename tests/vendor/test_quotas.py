"""The quota API's answer: figures that are set, and nothing made up (fact sheet §10.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wanreel.ports.vendor import ListFailed
from wanreel.vendor.quotas import quota_answer


def row(model: str, account: Any, workspace: Any = None) -> dict[str, Any]:
    """One model's quotas."""
    limits = [{"request_limit": 5, "async_user_concurrency_limit": figure} for figure in (account, workspace)]
    return {"model": model, "workspace_id": "ws-1", "model_limit": limits[0], "workspace_limit": limits[1]}


def body(*rows: Any, **more: Any) -> bytes:
    """A page."""
    return json.dumps({"output": {"quotas": rows, **more}}).encode()


def test_the_smaller_of_the_figures_that_are_set_counts() -> None:
    """A workspace may have less than its account; null is no figure, and neither is nonsense."""
    raw = body(row("a", 5), row("b", 5, 2), row("c", None, 3), row("d", None), row("e", 0), row("f", "5"), row("", 5))
    assert ({"a": 5, "b": 2, "c": 3}, 1) == quota_answer(200, raw)


def test_pages_are_counted() -> None:
    """By total and size; never more than a bound."""
    assert 3 == quota_answer(200, body(total=21, page_size=10))[1]
    assert 20 == quota_answer(200, body(total=10**9, page_size=1))[1]
    assert 1 == quota_answer(200, body(total=0, page_size=0))[1]


@pytest.mark.parametrize(
    ("status", "raw"),
    [(404, b""), (200, b"<html>"), (200, b"{}"), (200, b'{"code":"x","output":{"quotas":[]}}'), (401, body())],
)
def test_what_does_not_say_is_no_answer(status: int, raw: bytes) -> None:
    """A host without the API, an error or a page of HTML tell nothing."""
    with pytest.raises(ListFailed):
        quota_answer(status, raw)


def test_rows_of_nonsense_are_passed_over() -> None:
    """Whatever else stands in the list."""
    assert ({"a": 1}, 1) == quota_answer(200, body(None, 7, [], {"model": "x"}, row("a", 1)))
