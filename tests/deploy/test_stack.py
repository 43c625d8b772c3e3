"""Everything of the compose file at work together, from an empty machine to a clip in the storage, and its end."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import until
from tests.client.small_world import QUICK, bought, small_vendor
from tests.deploy.papers import filled_example
from tests.deploy.stack import Stack, stack
from tests.store.pg_server import Server
from wanreel.cli.exits import Exit

WISH = {"prompt": "A red fox in snow", "model": "wan2.5-t2v-preview", "resolution": "480P", "duration_s": 5}


def asked(made: Stack, path: str, token: str, body: Any = None) -> Any:
    """What the API answers; `body` is sent as JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(made.here("http://127.0.0.1:8080") + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read() if path.endswith("/artifact") else json.loads(answer.read())


@pytest.mark.long
def test_the_stack_makes_a_clip(pg_server: Server, tmp_path: Path) -> None:
    """As the page says: migrate, a token, up; an order is a clip in S3 for one paid task; a stop is heard by all."""
    figures = {f"WANREEL_POLICY__{name.upper()}": str(value) for name, value in QUICK.items()}
    with small_vendor(quirks={"foreign_media": "assume"}) as vendor:
        env = filled_example(
            WANREEL_VENDOR_URL=vendor.base_url, DASHSCOPE_API_KEY="sk-made-up-for-the-stack", **figures
        )
        with stack(tmp_path, pg_server, env) as made:
            made.run("migrate")
            made.start("api")
            assert Exit.INVALID == made.processes.pop("api").wait(60), "without a token it must not serve others"
            assert "wanreel tokens add" in made.log("api")
            token = made.run("api", "tokens", "add", "me", "--every-project", "--scope", "admin", "--scope", "submit")
            made.start("api")
            made.start("worker")
            for name in ("api", "worker"):
                made.until_healthy(name)
            job = asked(made, "/v1/jobs", token, WISH)["jobs"][0]["id"]
            until(lambda: "succeeded" == asked(made, f"/v1/jobs/{job}", token)["state"], "the clip is archived")
            assert b"ftyp" == asked(made, f"/v1/jobs/{job}/artifact", token)[4:8]
            with urllib.request.urlopen(made.here("http://127.0.0.1:8080/"), timeout=30) as page:
                assert b"<!doctype html>" in page.read().lower()
            for name in ("worker", "api"):
                assert Exit.INTERRUPTED == made.stop(name), made.log(name)
        assert 1 == bought(vendor)
