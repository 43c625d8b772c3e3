"""Tests of `/v1/prompt`: parts into one text and back, the vocabulary, the templates."""

from __future__ import annotations

from tests.api.served import Served
from tests.api.test_tokens import bearer

SLOTS = {
    "shot": "wide shot",
    "subject": "a paper boat",
    "action": "sailing through a gutter",
    "camera": "camera follows",
}


async def test_parts_make_a_text_and_the_text_its_parts(idle: Served) -> None:
    """What was put together comes apart the same; with a picture only what moves is said; terms are translated."""
    built = (await idle.ask("POST", "/v1/prompt/build", {"slots": SLOTS})).json["prompt"]
    assert "wide shot, a paper boat, sailing through a gutter, camera follows" == built
    read = (await idle.ask("POST", "/v1/prompt/read", {"prompt": built})).json
    assert ("en", SLOTS) == (read["language"], {name: text for name, text in read["slots"].items() if text})
    moving = (await idle.ask("POST", "/v1/prompt/build", {"slots": SLOTS, "mode": "i2v"})).json["prompt"]
    assert "sailing through a gutter, camera follows" == moving
    chinese = (await idle.ask("POST", "/v1/prompt/build", {"slots": {"shot": "wide shot"}, "language": "zh"})).json
    assert "远景" == chinese["prompt"]
    assert 422 == (await idle.ask("POST", "/v1/prompt/build", {"slots": {"mood": "calm"}})).status


async def test_words_and_templates_are_listed(idle: Served) -> None:
    """Eight parts in their order, each with terms in both languages; templates name what they need."""
    parts = (await idle.ask("GET", "/v1/prompt/vocabulary")).json["data"]
    order = ["shot", "subject", "action", "setting", "lighting", "camera", "style", "quality"]
    assert order == [part["slot"] for part in parts]
    assert all(term["en"] and term["zh"] for part in parts for term in part["terms"])
    listed = (await idle.ask("GET", "/v1/prompt/templates")).json["data"]
    one = next(t for t in listed if t["name"] == "turntable")
    assert ("i2v", ["product"]) == (one["mode"], one["variables"])


async def test_own_templates_are_kept_filled_and_forgotten(idle: Served) -> None:
    """Kept under a name, listed as the home's own, filled in words, replaced, forgotten; mistakes are named."""
    path = "/v1/prompt/templates/rainy"
    kept = await idle.ask("PUT", path, {"text": "{thing} in light rain", "kind": "weather"})
    assert (200, True, ["thing"]) == (kept.status, kept.json["own"], kept.json["variables"])
    listed = {t["name"]: t for t in (await idle.ask("GET", "/v1/prompt/templates")).json["data"]}
    assert (kept.json, False) == (listed["rainy"], listed["turntable"]["own"])
    filled = await idle.ask("POST", f"{path}/fill", {"variables": {"thing": "a cat"}})
    assert "a cat in light rain" == filled.json["prompt"]
    assert 422 == (await idle.ask("POST", f"{path}/fill", {"variables": {"cat": "a cat"}})).status
    assert 422 == (await idle.ask("PUT", "/v1/prompt/templates/Not-So", {"text": "words"})).status
    assert 204 == (await idle.ask("DELETE", path)).status
    assert 404 == (await idle.ask("DELETE", path)).status
    assert 404 == (await idle.ask("POST", f"{path}/fill", {})).status


async def test_templates_belong_to_the_whole_home(idle: Served) -> None:
    """A token of one project reads and fills them; only one of the whole home changes them."""
    films, operator = await bearer(idle, "films", "admin"), await bearer(idle, None)
    path = "/v1/prompt/templates/rainy"
    assert 403 == (await idle.ask("PUT", path, {"text": "words"}, authorization=films)).status
    assert 200 == (await idle.ask("PUT", path, {"text": "{thing}, rain"}, authorization=operator)).status
    fill = {"variables": {"thing": "a cat"}}
    assert "a cat, rain" == (await idle.ask("POST", f"{path}/fill", fill, authorization=films)).json["prompt"]
    assert 403 == (await idle.ask("DELETE", path, authorization=films)).status
