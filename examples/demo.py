"""The main job, shown: six clips from prompts, a still and two keyframes, on this machine alone; no key, no network.

Starts the emulator, drives the `wanreel` command against it as a user would, and checks what came of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from wanreel.domain.clip import Sampled, Sampling
from wanreel.media.looks import Looks
from wanreel.media.sheet import Layout, tiled
from wanreel.media.source import DiskFile

OUT = Path(__file__).resolve().parent.parent / "demo-out"
WANREEL = [sys.executable, "-m", "wanreel"]

TEXT = "Wide shot, a paper boat sails through a rain gutter at dawn, camera follows, watercolour, soft light"
IMAGE = "Slow push in, the lantern sways gently, warm light flickers"
FRAMES = "The mountain lake turns from noon to night, stars appear, locked camera"
GROUP = "Wide shot, a red fox trots through a snowy birch forest at dusk, snow falls, soft light, pan right"


def main() -> int:
    """Run the demo; 0 when six clips came out as asked."""
    OUT.mkdir(exist_ok=True)
    shutil.rmtree(OUT / "home", ignore_errors=True)  # each run shows the whole way anew
    lantern, noon, night = _stills(OUT / "stills")
    asked = [
        ("text", [TEXT, "--model", "wan2.5-t2v-preview", "--size", "1280*720"], (1280, 720, 5.0)),
        (
            "image",
            [IMAGE, "--image", lantern, "--model", "wan2.5-i2v-preview", "--resolution", "480P"],
            (832, 480, 5.0),
        ),
        (
            "keyframes",
            [
                FRAMES,
                "--first-frame",
                noon,
                "--last-frame",
                night,
                "--model",
                "wan2.2-kf2v-flash",
                "--resolution",
                "480P",
            ],
            (832, 480, 5.0),
        ),
        (
            "three seeds",
            [GROUP, "--variants", "3", "--model", "wan2.5-t2v-preview", "--size", "480*832", "--seed", "7"],
            (480, 832, 5.0),
        ),
    ]
    good = True
    rows: list[str] = []
    with _emulator() as base_url:
        for what, words, wanted in asked:
            print(f"\n— {what}: wanreel generate {json.dumps(words[0])} {' '.join(words[1:])}", flush=True)
            for clip in _generate(words, base_url):
                line, fits = _judge(what, clip, wanted)
                rows.append(line)
                good = good and fits
        paid = _counters(base_url)["tasks_accepted"]
    print(f"\n{len(rows)} clips, each archived and hashed; tasks the emulator says were bought: {paid}")
    for line in rows:
        print(f"  {line}")
    sheet = OUT / "contact-sheets"
    print(f"\nContact sheets lie in {sheet}. The same commands drive the real service: set DASHSCOPE_API_KEY.")
    return 0 if good and len(rows) == 6 == paid else 1


@contextmanager
def _emulator() -> Generator[str, None, None]:
    """A running emulator; its base URL."""
    command = [
        *WANREEL,
        "emulator",
        "--port",
        "0",
        "--speed",
        "60",
        "--seed",
        "11",
        "--clips",
        str(OUT / "emulator-clips"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            base_url = next((word for word in ready.split() if word.startswith("http")), "")
            if not base_url:
                raise SystemExit(f"the emulator did not start: {ready}")
            print(f"Emulator ready at {base_url}: Wan's API on this machine, 60 times as fast, nothing is paid.")
            yield base_url
        finally:
            process.terminate()


def _counters(base_url: str) -> dict[str, Any]:
    with urllib.request.urlopen(base_url.removesuffix("/api/v1") + "/_emulator/counters", timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def _generate(words: list[str], base_url: str) -> list[dict[str, Any]]:
    """Run the real command; the jobs it printed."""
    command = [*WANREEL, "generate", *words, "--base-url", base_url, "--home", str(OUT / "home"), "--json"]
    env = os.environ | {"DASHSCOPE_API_KEY": "sk-demo", "WANREEL_POLICY__POLL_FIRST_S": "1"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(f"  the command ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _judge(what: str, clip: dict[str, Any], wanted: tuple[int, int, float]) -> tuple[str, bool]:
    """One clip's line, and whether it is what was asked for."""
    if clip["path"] is None:
        return f"{what:12} {clip['state']}: {clip.get('error')}", False
    path = Path(clip["path"])
    looked = asyncio.run(_look(path))
    found = looked.facts
    width, height, seconds = wanted
    fits = (found.width, found.height) == (width, height) and abs(found.duration_s - seconds) < 0.2
    sheets = OUT / "contact-sheets"
    sheets.mkdir(exist_ok=True)
    tiled(looked.frames, Layout()).save(sheets / f"{what.replace(' ', '-')}-{clip['index']}.png")
    facts = (
        f"{found.width}x{found.height} {found.duration_s:.2f} s {found.fps:g} fps {path.stat().st_size / 1e6:.1f} MB"
    )
    return f"{what:12} seed {clip['seed']:<10} {facts}  {'ok' if fits else f'WANTED {wanted}'}\n    {path}", fits


async def _look(path: Path) -> Sampled:
    async with DiskFile(path) as clip:
        return await Looks().frames(clip, Sampling(count=8, width=320))


def _stills(folder: Path) -> tuple[str, str, str]:
    """A lantern, and a lake at noon and at night."""
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in ("lantern.png", "noon.png", "night.png")]
    _lantern().save(paths[0])
    _lake("#9fd3f5", "#f6e7b4", "#3c6e8f", stars=False).save(paths[1])
    _lake("#0b1030", "#27315e", "#0c1a2e", stars=True).save(paths[2])
    return str(paths[0]), str(paths[1]), str(paths[2])


def _lantern() -> Image.Image:
    picture = Image.new("RGB", (1664, 960), "#1b1420")
    glow = Image.new("RGB", picture.size, "#1b1420")
    ImageDraw.Draw(glow).ellipse((560, 160, 1110, 820), fill="#c9702a")
    picture = Image.blend(picture, glow.filter(ImageFilter.GaussianBlur(120)), 0.85)
    draw = ImageDraw.Draw(picture)
    draw.line((832, 0, 832, 250), fill="#3a2a22", width=8)
    draw.rounded_rectangle((700, 250, 964, 700), 60, fill="#f2a23a", outline="#5a2f16", width=14)
    for x in (766, 832, 898):
        draw.line((x, 262, x, 690), fill="#b8661f", width=8)
    draw.ellipse((790, 420, 874, 560), fill="#fff2c4")
    return picture


def _lake(top: str, horizon: str, water: str, *, stars: bool) -> Image.Image:
    picture = Image.new("RGB", (1664, 960), top)
    band = Image.linear_gradient("L").resize((1664, 560))
    picture.paste(Image.new("RGB", (1664, 560), horizon), (0, 0), band)
    draw = ImageDraw.Draw(picture)
    if stars:
        for step in range(90):
            x, y = (step * 739) % 1664, (step * step * 57) % 430
            draw.ellipse((x, y, x + 4, y + 4), fill="#ffffff")
    draw.polygon(((0, 560), (380, 250), (700, 500), (1080, 180), (1664, 560)), fill="#2c3b46" if stars else "#6f8a7a")
    draw.rectangle((0, 560, 1664, 960), fill=water)
    disc = "#f4f1de" if stars else "#fff6c8"
    draw.ellipse((1240, 90, 1360, 210), fill=disc)
    return picture


if __name__ == "__main__":
    sys.exit(main())
