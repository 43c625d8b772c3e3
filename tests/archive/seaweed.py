"""A real S3 server for the tests: SeaweedFS on free ports of this machine, signatures on, gone with its test run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sysconfig
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import botocore.session
import stamina

from wanreel.archive.s3 import S3Bucket, S3Place
from wanreel.archive.s3_signing import Signer
from wanreel.archive.storage import StorageTrouble

ACCESS_KEY = "AKIDTESTSONLY"
SECRET_KEY = "secret-of-the-tests"
REGION = "us-east-1"
READY_S = 60.0
_PORTS = ("master", "master.g", "volume", "volume.g", "filer", "filer.g", "s3", "s3.g")


@contextmanager
def seaweed(folder: Path) -> Generator[str]:
    """A running server with its state in a folder; its endpoint."""
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    config = folder / "s3.json"
    key = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    config.write_text(json.dumps({"identities": [{"name": "test", "credentials": [key], "actions": ["Admin"]}]}))
    (folder / "data").mkdir()
    flags = [f"-{name.replace('.g', '')}.port{'.grpc' if name.endswith('.g') else ''}={n}" for name, n in ports.items()]
    command = [
        str(Path(sysconfig.get_path("scripts"), "weed")),
        "server",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.volumeSizeLimitMB=128",
        "-master.telemetry=false",
        "-volume.max=0",
        "-s3",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.iam=false",
        f"-s3.config={config}",
        f"-s3.localSocket={folder / 's3.sock'}",
        f"-filer.localSocket={folder / 'filer.sock'}",
        *flags,
    ]
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    with (folder / "log").open("wb") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            cwd=folder,
            env={**os.environ, "HOME": str(folder)},
            start_new_session=True,
        )
        try:
            _wait(endpoint, process, folder)
            yield endpoint
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # asked politely it takes its time, and nothing of it is kept
            process.wait()


def signer() -> Signer:
    """The tests' own key, whatever this machine has."""
    session = botocore.session.Session()
    session.set_credentials(ACCESS_KEY, SECRET_KEY)
    return Signer(REGION, session=session)


async def make_bucket(endpoint: str, name: str) -> S3Place:
    """A new bucket."""
    place = S3Place(name, REGION, endpoint, path_style=True)
    bucket = S3Bucket(place, signer())
    try:
        await bucket._say("PUT", place.url("").rstrip("/"), {})
    finally:
        await bucket.close()
    return place


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait(endpoint: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when a bucket could be made."""

    async def ask() -> None:
        retrying = stamina.retry_context(
            on=StorageTrouble, attempts=None, timeout=READY_S, wait_initial=0.1, wait_max=0.5, wait_jitter=0.0
        )
        async for attempt in retrying:
            with attempt:
                if process.poll() is not None:
                    raise AssertionError(f"weed ended: {(folder / 'log').read_text()[-2000:]}")
                await make_bucket(endpoint, "ready")

    with ThreadPoolExecutor(1) as aside:  # a test that asks for the server may have a loop running already
        aside.submit(lambda: asyncio.run(ask())).result()
