"""From an order to an object in a bucket: the real process's parts, a real S3 server, the emulator's clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.archive.faulty_storage import FaultyStorage
from tests.archive.seaweed import ACCESS_KEY, REGION, SECRET_KEY, make_bucket, signer
from tests.client.small_world import picture
from tests.e2e.clip import small_clip
from tests.e2e.place import client, emulator
from wanreel.archive.s3 import S3Bucket
from wanreel.client import Video
from wanreel.client.video import Wish
from wanreel.domain.clip import Aspect
from wanreel.domain.errors import Conflict
from wanreel.ports.archive import Span


def settings(endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An archive in a bucket of the server, and its key in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return {
        "archive": f"s3://{bucket}/wan",
        "archive_region": REGION,
        "archive_endpoint": endpoint,
        "archive_path_style": True,
    }


async def test_a_clip_goes_to_the_bucket_that_settings_name(
    tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials from the environment, a prefix, a label: the job says where it lies, and there it lies, whole."""
    place = await make_bucket(s3_endpoint, "from-an-order")
    given = settings(s3_endpoint, "from-an-order", monkeypatch)
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


async def test_the_vendor_fetches_a_picture_from_the_users_own_bucket(
    tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delivered from there, a picture travels neither in the call nor through the vendor's storage: the call has a
    signed link, the vendor has fetched the very bytes by it, and without its signature it opens nothing. A second order
    lays no second copy there.
    """
    place = await make_bucket(s3_endpoint, "from-a-picture")
    still = tmp_path / "still.png"
    still.write_bytes(picture())
    async with FaultyStorage(s3_endpoint) as storage, emulator() as emu:
        given = settings(storage.url, "from-a-picture", monkeypatch)
        async with client(tmp_path / "home", emu.base_url, input_delivery="bucket", **given) as wan:
            wish = Wish(model="wan2.5-i2v-preview", first_frame=still)
            made = [await wan.generate(words, **wish) for words in ("it sways", "it turns")]
            links = [task["request"]["input"]["img_url"] for task in emu.tasks()]
            fetched = storage.calls["get"]
            await _is_signed(links[0], picture())
    assert ["succeeded"] * 2 == [video.state for video in made]
    assert all(link.startswith(f"{storage.url}/from-a-picture/wan/inputs/") for link in links)
    assert 2 == fetched, "by the vendor, once for each order"
    bucket = S3Bucket(place, signer())
    try:
        (row,) = [row async for row in bucket.list("wan/inputs/")]
        assert picture() == b"".join([piece async for piece in bucket.get(row.key, Span())])
    finally:
        await bucket.close()


async def _is_signed(link: str, data: bytes) -> None:
    """The link opens the file, and nothing without its signature."""
    async with aiohttp.ClientSession() as session:
        async with session.get(URL(link, encoded=True)) as signed:
            assert (200, data) == (signed.status, await signed.read())
        async with session.get(link.partition("?")[0]) as unsigned:
            assert 403 == unsigned.status


async def test_clips_stay_where_they_were_put_when_the_archive_is_changed(
    tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder to a bucket and on to another one whose key names no region: all are read, checked, shown and
    erased where they lie. An archive that is forgotten stands for the one that is set.
    """
    for name in ("first-bucket", "second-bucket"):
        await make_bucket(s3_endpoint, name)
    home, videos = tmp_path / "home", list[Video]()
    async with emulator() as emu:
        first, second = (settings(s3_endpoint, name, monkeypatch) for name in ("first-bucket", "second-bucket"))
        for given in ({}, first, second):
            async with client(home, emu.base_url, **given) as wan:
                videos.append(await wan.generate("A paper boat", model="wan2.5-t2v-preview"))
        async with client(home, emu.base_url, **second) as wan:
            kept = [await wan.save(video.id, tmp_path / f"{n}.mp4") for n, video in enumerate(videos)]
            assert [small_clip()] * 3 == [path.read_bytes() for path in kept]
            assert [home / "archive", "s3://first-bucket/wan/", "s3://second-bucket/wan/"] == [
                video.path.parents[4] if video.path else (video.where or "").partition("default/")[0]
                for video in [await wan.get(video.id) for video in videos]
            ]
            found = await wan.home.keeping.check()
            assert (3, ()) == (found.clips, found.missing)
            for video in videos[:2]:
                await wan.home.reading.find(video.id, Aspect.POSTER)
                await wan.home.keeping.erase(video.id)
            assert ["s3://second-bucket/wan/", "home:archive", "s3://first-bucket/wan/"] == list(wan.home.shelf.all())
            left = [there.key for shelf in wan.home.shelf.all().values() async for there in shelf.list()]
            assert [videos[2].id] == [key.rpartition("/")[2].removesuffix(".mp4") for key in left]
            with pytest.raises(Conflict):
                await wan.home.keeping.forget_archive("s3://second-bucket/wan/")
            await wan.home.keeping.forget_archive("s3://first-bucket/wan/")
            assert 2 == len(wan.home.shelf.all())
