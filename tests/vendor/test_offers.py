"""The vendor's list of models: retirements in whatever form they come, and nothing made up (fact sheet §1.6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wanreel.ports.vendor import ListFailed, Offered
from wanreel.vendor.offers import models_answer

NEW_YEAR = 1_798_732_800.0  # 2027-01-01, midnight in the vendor's zone


def read(when: Any) -> Offered:
    """What is made of an `offline_time`."""
    row = {"model": "wan2.1-t2v-turbo", "inference_offline_info": {"offline_time": when}}
    return models_answer(200, json.dumps({"output": {"models": [row]}}).encode())[0]["wan2.1-t2v-turbo"]


@pytest.mark.parametrize(
    "when",
    [
        "2027-01-01 00:00:00",
        "2026-12-31T16:00:00Z",
        "2027-01-01T00:00:00+08:00",
        NEW_YEAR,
        NEW_YEAR * 1000,
        "1798732800",
    ],
)
def test_a_time_is_read_in_every_likely_form(when: Any) -> None:
    """A text with a zone or in the vendor's, seconds, milliseconds: nobody outside knows which."""
    assert NEW_YEAR == read(when).ends_at


@pytest.mark.parametrize("when", ["31 Dec 2026", "soon", 1e30])
def test_a_time_that_cannot_be_read_is_told_all_the_same(when: Any) -> None:
    """Something is announced; people can read it."""
    told = read(when)
    assert told.ends
    assert told.ends_at is None


@pytest.mark.parametrize("when", [None, "", [], {}, 0, True])
def test_no_time_is_no_retirement(when: Any) -> None:
    """Null is what the vendor says where nothing is announced."""
    assert Offered() == read(when)


@pytest.mark.parametrize(
    "body",
    [
        {"output": {"models": [{"model": "a"}, {"model": ""}, None, 7]}},
        {"output": {"data": [{"model_id": "a", "inference_offline_info": "x"}]}},
        {"data": [{"id": "a"}]},
        {"output": {"total": 1, "models": [{"name": "a"}]}},
    ],
)
def test_whatever_the_list_and_the_ids_are_called(body: Any) -> None:
    """The names are not documented."""
    assert ({"a": Offered()}, 1) == models_answer(200, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "raw"), [(404, b""), (200, b"<html>"), (200, b"{}"), (401, b'{"code":"InvalidApiKey"}'), (200, b"[]")]
)
def test_what_does_not_say_is_no_answer(status: int, raw: bytes) -> None:
    """A host without the list, an error or a page of HTML tell nothing."""
    with pytest.raises(ListFailed):
        models_answer(status, raw)
