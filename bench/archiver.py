"""One process that brings the large clip home once and prints what that took: `archiver.py WHAT PORT FOLDER [S3]`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import aiohttp

from bench.large_clip import SIZE_BYTES
from tests.archive.clips import bare_clip, pieces
from tests.archive.seaweed import make_bucket, signer
from tests.factories import make_account
from wanreel.archive.bucket import IN_FLIGHT, PART_BYTES, BucketArchive, Place
from wanreel.archive.local import LocalArchive
from wanreel.archive.s3 import S3Bucket
from wanreel.archive.storage import Digests, Part
from wanreel.clock import SystemClock
from wanreel.ports.archive import Archive, Label
from wanreel.vendor.download import PIECE_BYTES, Downloads


async def copy(port: int, folder: Path) -> None:
    """What the same client does without hashing, checking or syncing: read a piece, write a piece."""
    async with aiohttp.ClientSession(auto_decompress=False) as session, session.get(f"http://127.0.0.1:{port}/") as got:
        with (folder / "copy").open("wb", buffering=0) as file:
            async for piece in got.content.iter_chunked(PIECE_BYTES):
                file.write(piece)
    assert SIZE_BYTES == (folder / "copy").stat().st_size


async def copy_up(port: int, bucket: S3Bucket) -> None:
    """The same into the bucket: no hash, no check, no comparison, as many parts of the same size on their way."""
    key, sent = "copy.mp4", list[Part]()
    upload = await bucket.begin(key, Label())
    flying: set[asyncio.Task[None]] = set()

    async def one(number: int, data: memoryview) -> None:
        sent.append(await bucket.part(key, upload, number, data, Digests(len(data), b"", 0)))

    async def launch(number: int, part: bytearray) -> None:
        if len(flying) >= IN_FLIGHT:
            done, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
            flying.difference_update(done)
        flying.add(asyncio.get_running_loop().create_task(one(number, memoryview(part))))

    async with aiohttp.ClientSession(auto_decompress=False) as session, session.get(f"http://127.0.0.1:{port}/") as got:
        part, number = bytearray(), 0
        async for piece in got.content.iter_chunked(PIECE_BYTES):
            part += piece
            if len(part) >= PART_BYTES:
                number += 1
                await launch(number, part)
                part = bytearray()
        await launch(number + 1, part)
        await asyncio.wait(flying)
    await bucket.finish(key, upload, sorted(sent, key=lambda part: part.number))


async def keep(archive: Archive, port: int) -> None:
    """Bring it home as a worker does."""
    downloads = Downloads(SystemClock())
    base = f"http://127.0.0.1:{port}"
    try:
        kept = await archive.keep("big/clip.mp4", downloads.fetch(make_account(base_url=f"{base}/api/v1"), f"{base}/a"))
    finally:
        await downloads.close()
    assert SIZE_BYTES == kept.size_bytes


async def main(what: str, port: int, folder: Path, s3: str) -> None:
    """Warm up with a small clip, so that only the large one is measured."""
    bucket: S3Bucket | None
    if what in ("s3", "copy-s3"):
        bucket = S3Bucket(await make_bucket(s3, f"bench-{os.getpid()}"), signer())
        archive: Archive = BucketArchive(bucket, Place("", folder), SystemClock())
    else:
        bucket, archive = None, LocalArchive(folder / "clips")
    await archive.keep("small.mp4", pieces(bare_clip()))
    before_kb, cpu = _memory_from_now_kb(), time.process_time()
    began_at = time.monotonic()
    if what == "copy":
        await copy(port, folder)
    elif what == "copy-s3" and bucket is not None:
        await copy_up(port, bucket)
    else:
        await keep(archive, port)
    took_s, cpu_s = time.monotonic() - began_at, time.process_time() - cpu
    extra_mb = (_memory_kb("VmHWM") - before_kb) / 1024
    if bucket is not None:
        await bucket.close()
    print(json.dumps({"took_s": took_s, "cpu_s": cpu_s, "extra_mb": extra_mb}))


def _memory_from_now_kb() -> int:
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak is counted from here
    return _memory_kb("VmRSS")


def _memory_kb(name: str) -> int:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
