"""Tests of `/v1/prompt`: parts into one text and back, the vocabulary, the templates."""

from __future__ import annotations

from tests.api.served import Served

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
