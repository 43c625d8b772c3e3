"""Which models the vendor lists and when they are retired: `GET /models`, where it exists (FS §1.6).

Only `inference_offline_info.offline_time` of its rows is known, from other people's clients, and not in which form the
time is: what the list and the ids are called is taken as it comes, and a time that cannot be read is still told.
"""

from __future__ import annotations

from collections.abc import Mapping

from wanreel.ports.vendor import ListFailed, Offered
from wanreel.vendor.answers import trouble
from wanreel.vendor.paging import page_count
from wanreel.vendor.words import EPOCH_MAX, as_list, as_object, instant, number, read_object, said

_LISTS = ("models", "data")
_IDS = ("model", "model_id", "id", "name")
_WORDS_MAX = 40


def models_answer(http_status: int, raw: bytes) -> tuple[Mapping[str, Offered], int]:
    """The models of one page, by id, and how many pages there are. Raises ListFailed."""
    body = read_object(raw) or {}
    output = as_object(body.get("output")) or body
    rows = next((rows for name in _LISTS if (rows := as_list(output.get(name))) is not None), None)
    if http_status != 200 or said(body.get("code")) or rows is None:
        raise ListFailed(trouble(http_status, raw, body))
    found: dict[str, Offered] = {}
    for row in map(as_object, rows):
        model = next((name for key in _IDS if (name := said(row.get(key), 200))), "")
        if model:
            found[model] = _offered(as_object(row.get("inference_offline_info")).get("offline_time"))
    return found, page_count(output)


def _offered(when: object) -> Offered:
    """By a text, or by a number of seconds or of milliseconds."""
    figure = number(when)
    if figure:
        seconds = figure / 1000 if figure > EPOCH_MAX else figure
        return Offered(f"{figure:.0f}", seconds if seconds <= EPOCH_MAX else None)
    words = said(when, _WORDS_MAX).strip()
    if words.isdecimal() and words.isascii():
        return _offered(int(words))
    return Offered(words, instant(words) if words else None)
