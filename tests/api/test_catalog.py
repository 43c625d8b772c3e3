"""Tests of `/v1/models` and `/v1/lint`."""

from __future__ import annotations

from tests.api.served import Served


async def test_models_are_shown_with_prices(idle: Served) -> None:
    """The list holds every model; one is found by id and by alias, a stranger is not."""
    listed = (await idle.ask("GET", "/v1/models")).json
    assert "wan2.5-t2v-preview" in {model["id"] for model in listed["data"]}
    one = (await idle.ask("GET", "/v1/models/wan2.5-t2v-plus")).json
    assert ("wan2.5-t2v-preview", True) == (one["id"], one["here"])
    assert one["prices"][0]["per_second"]
    assert 404 == (await idle.ask("GET", "/v1/models/sora-9")).status


async def test_lint_finds_and_mends(idle: Served) -> None:
    """What should not appear is found with its place, and moved where that is safe."""
    prompt = "A quiet harbour at dawn, soft light, no text on screen"
    got = (await idle.ask("POST", "/v1/lint", {"prompt": prompt})).json
    found = next(f for f in got["findings"] if f["label"] == "negation")
    assert "no text on screen" in prompt[found["start"] : found["end"]]
    assert "no text" not in got["mended"]
    assert got["negative_prompt"]
