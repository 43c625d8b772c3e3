"""Tests of how the page is handed out: exact files, a strict policy, words where there is none, and a small size."""

from __future__ import annotations

import gzip
from pathlib import Path

from starlette.routing import BaseRoute

from tests.api.served import served
from wanreel.web.page import DIST, POLICY, routes

SCRIPT_BYTES_MAX = 80_000


async def test_the_page_is_served_with_its_policy(pages: list[BaseRoute], tmp_path: Path) -> None:
    """The document, under a policy without inline anything; its scripts for good, and nothing beside them."""
    async with served(tmp_path / "home", None, works=False, pages=pages) as studio:
        got = await studio.ask("GET", "/")
        assert (200, POLICY) == (got.status, got.headers["content-security-policy"])
        assert "unsafe" not in POLICY
        assert "no-cache" == got.headers["cache-control"]
        text = got.bytes.decode()
        assert "<style" not in text
        assert " style=" not in text
        script = next(DIST.glob("assets/*.js"))
        assert f"./assets/{script.name}" in text
        asset = await studio.ask("GET", f"/assets/{script.name}")
        assert (200, script.read_bytes()) == (asset.status, asset.bytes)
        assert "immutable" in asset.headers["cache-control"]
        again = await studio.ask("GET", "/", if_none_match=got.headers["etag"])
        assert 304 == again.status
        for stranger in ("/assets/nothing.js", "/.made-of", "/assets/../page.py", "/index.html"):
            assert 404 == (await studio.ask("GET", stranger)).status, stranger


async def test_without_a_build_it_says_what_to_do(tmp_path: Path) -> None:
    """A checkout that has not built its page answers in words, and the API beside it as ever."""
    async with served(tmp_path / "home", None, works=False, pages=routes(tmp_path / "none")) as studio:
        got = await studio.ask("GET", "/")
        assert 503 == got.status
        assert b"make page" in got.bytes
        assert 200 == (await studio.ask("GET", "/v1/models")).status


def test_all_script_together_is_small(pages: list[BaseRoute]) -> None:
    """Everything that is script, gzipped as it is sent."""
    assert pages
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in DIST.rglob("*.js")}
    assert SCRIPT_BYTES_MAX >= sum(sizes.values()), sizes
