"""The clips shown in the documentation: one per mode and model family. Run as a module, it draws their sheets anew."""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import av
from PIL import Image

from wanreel.emulator.clips import ClipSpec, contact_sheet, render

FOLDER = Path(__file__).parents[3] / "docs" / "reference" / "emulator-clips"

_T2V = ClipSpec("t2v", 1280, 720, 30, 5.0, "", 42, audio=True, model="wan2.6-t2v")


@dataclass(frozen=True, slots=True)
class Page:
    """One clip of the page: how it is asked for, and the stills (see _STILLS) it is given."""

    look: ClipSpec
    mode: Literal["t2v", "i2v", "kf2v"] = "t2v"
    first: str | None = None
    last: str | None = None

    def spec(self) -> ClipSpec:
        """The clip's spec, its stills drawn."""
        first, last = (_frame(_STILLS[name]) if name else None for name in (self.first, self.last))
        return replace(self.look, mode=self.mode, first_image=first, last_image=last)


_STILLS = {
    "car": replace(_T2V, prompt="a red car in the city at night", seed=5),
    "horse": replace(_T2V, prompt="a white horse in a meadow with blue flowers, day", seed=6),
    "woman": replace(_T2V, width=832, height=1360, prompt="a woman in a red dress by the sea at sunset", seed=7),
    "fox": replace(_T2V, width=1440, height=1620, prompt="雪地里的狐狸，白天", seed=3),
    "sea": replace(_T2V, prompt="a sailing boat on the sea, sunny day", seed=8),
    "fireworks": replace(_T2V, prompt="a sailing boat on the sea at night, fireworks", seed=8),
}

_CAR = "A red sports car drives through a neon city street at night in the rain, tracking shot"
_CUP = "A steaming cup of coffee on a wooden table, morning light, slow push in"


def _asked(model: str, size: tuple[int, int], prompt: str, **fields: Any) -> ClipSpec:
    return replace(_T2V, model=model, width=size[0], height=size[1], prompt=prompt, **fields)


_WIDE = (1280, 720)

ALBUM = {
    "t2v-wan2.2": Page(_asked("wan2.2-t2v-plus", (832, 480), "一只橘猫在海边奔跑，日落，镜头推进", audio=False)),
    "t2v-wan2.5": Page(_asked("wan2.5-t2v-preview", (1920, 1080), _CAR, fps=24, watermark=True)),
    "t2v-wan2.6": Page(_asked("wan2.6-t2v", (720, 1280), "樱花飘落，一位白衣少女在林间行走，清晨薄雾", seed=47)),
    "t2v-wan2.7": Page(_asked("wan2.7-t2v", (960, 960), _CUP)),
    "t2v-wan3.0": Page(
        _asked("wan3.0-video", _WIDE, "An astronaut walks on the moon, orbit shot", duration_s=8.0, seed=45)
    ),
    "i2v-wan2.2": Page(_asked("wan2.2-i2v-flash", _WIDE, "rain sets in, push in", audio=False), "i2v", "car"),
    "i2v-wan2.5": Page(_asked("wan2.5-i2v-preview", _WIDE, "the camera pans left", fps=24), "i2v", "horse"),
    "i2v-wan2.7": Page(_asked("wan2.7-i2v", (832, 1088), "镜头拉远，下雪"), "i2v", "woman"),
    "i2v-wan3.0": Page(_asked("wan3.0-video", (1440, 1440), "orbit, falling snow"), "i2v", "fox"),
    "kf2v-wan2.2": Page(
        _asked("wan2.2-kf2v-flash", _WIDE, "城市变成草原，镜头环绕", audio=False), "kf2v", "car", "horse"
    ),
    "kf2v-wan2.7": Page(_asked("wan2.7-i2v", _WIDE, "day turns into night, slow push in"), "kf2v", "sea", "fireworks"),
}


def seeds() -> list[ClipSpec]:
    """Four variants of one prompt."""
    prompt = "a dragon flies over misty mountains"
    return [replace(_T2V, prompt=prompt, seed=seed, duration_s=1.0) for seed in (1, 2, 3, 4)]


def _frame(spec: ClipSpec) -> bytes:
    """The picture in the middle of a short clip, cut between caption and counter, as PNG."""
    opened: Any = av.open(io.BytesIO(render(replace(spec, duration_s=1.0, audio=False))))
    with opened as container:
        shown = list(container.decode(video=0))
    image = shown[len(shown) // 2].to_image()
    out = io.BytesIO()
    image.crop((0, round(image.height * 0.2), image.width, round(image.height * 0.93))).save(out, "PNG")
    return out.getvalue()


def draw() -> None:
    """Write every sheet of the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in ALBUM.items():
        (FOLDER / f"{name}.png").write_bytes(contact_sheet(render(page.spec()), 4, 1))
        print(name)
    pages = [Image.open(io.BytesIO(contact_sheet(render(spec), 1, 1))).convert("RGB") for spec in seeds()]
    whole = Image.new("RGB", (sum(page.width for page in pages), pages[0].height))
    for index, page in enumerate(pages):
        whole.paste(page, (index * page.width, 0))
    whole.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(FOLDER / "seeds.png", optimize=True)


if __name__ == "__main__":
    draw()
