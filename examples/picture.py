"""One picture of the demo's six clips, for the README: a frame of each, from what `make demo` left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
CLIPS = ROOT / "demo-out" / "home" / "archive"
PICTURE = ROOT / "docs" / "pictures" / "demo.png"
GAP, COLOURS = 6, 256
AT = 0.5  # of each clip's length: half-way between its two frames


def main() -> int:
    """Write the picture; 1 when there are no six clips to make it from."""
    clips = sorted(CLIPS.rglob("*.mp4"))
    if len(clips) != 6:
        print(f"{len(clips)} clips in {CLIPS}, six are needed: run `make demo` first")
        return 1
    frames = [_frame(path) for path in clips]
    wide = [frame for frame in frames if frame.width > frame.height]
    tall = [frame for frame in frames if frame.width <= frame.height]
    left = _stack(wide, width=320)
    right = _row(tall, left.height)
    whole = _row([left, right], left.height)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    whole.quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {whole.width}x{whole.height}, {PICTURE.stat().st_size / 1000:.0f} kB")
    return 0


def _frame(path: Path) -> Image.Image:
    """The picture at `AT` of a clip's length."""
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        wanted = int((stream.frames or 1) * AT)
        for number, frame in enumerate(clip.decode(stream)):
            if number >= wanted:
                whole: Any = frame  # PyAV's own type hints are partial
                return whole.to_image()
    raise SystemExit(f"{path} has no picture at {AT:.0%} of its length")


def _stack(pictures: list[Image.Image], width: int) -> Image.Image:
    scaled = [p.resize((width, round(p.height * width / p.width)), Image.Resampling.LANCZOS) for p in pictures]
    whole = Image.new("RGB", (width, sum(p.height for p in scaled) + GAP * (len(scaled) - 1)), "white")
    top = 0
    for picture in scaled:
        whole.paste(picture, (0, top))
        top += picture.height + GAP
    return whole


def _row(pictures: list[Image.Image], height: int) -> Image.Image:
    scaled = [p.resize((round(p.width * height / p.height), height), Image.Resampling.LANCZOS) for p in pictures]
    whole = Image.new("RGB", (sum(p.width for p in scaled) + GAP * (len(scaled) - 1), height), "white")
    left = 0
    for picture in scaled:
        whole.paste(picture, (left, 0))
        left += picture.width + GAP
    return whole


if __name__ == "__main__":
    sys.exit(main())
