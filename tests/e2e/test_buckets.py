"""From an order to an object in a bucket: the real process's parts, a real S3 server, the emulator's clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.archive.seaweed import ACCESS_KEY, REGION, SECRET_KEY, make_bucket, signer
from tests.e2e.clip import small_clip
from tests.e2e.place import client, emulator
from wanreel.archive.s3 import S3Bucket
from wanreel.ports import Span


async def test_a_clip_goes_to_the_bucket_that_settings_name(
    tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials from the environment, a prefix, a label: the job says where it lies, and there it lies, whole."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    place = await make_bucket(s3_endpoint, "from-an-order")
    given: dict[str, Any] = {
        "archive": "s3://from-an-order/wan",
        "archive_region": REGION,
        "archive_endpoint": s3_endpoint,
        "archive_path_style": True,
    }
    async with emulator() as emu, client(tmp_path, emu.base_url, **given) as wan:
        made = await wan.generate("A paper boat", model="wan2.5-t2v-preview", name="boat")
    assert made.path is None
    assert (made.where or "").startswith("s3://from-an-order/wan/default/")
    bucket = S3Bucket(place, signer())
    try:
        (row,) = [row async for row in bucket.list("wan/")]
        assert small_clip() == b"".join([piece async for piece in bucket.get(row.key, Span())])
        found = await bucket.head(row.key)
        assert found is not None
        assert made.id == dict(found.shelved.facts)["job"]
        assert [] == await bucket.pending("")
    finally:
        await bucket.close()
