"""An accepted create worked out: which clip will be made, what it will cost, what is wrong with it, if anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanreel.emulator.brief import Brief, Refusal, WrongValue
from wanreel.emulator.catalog import Model
from wanreel.emulator.objects import as_text
from wanreel.emulator.tasks import Shot
from wanreel.emulator.usage import billed, usage_for
from wanreel.emulator.values import check_values, picture_size


@dataclass(frozen=True, slots=True)
class Order:
    """A create that is accepted: what will be made, what it will cost, and what is wrong with its values, if so."""

    model: Model
    shot: Shot
    usage: dict[str, Any]
    billed_s: float
    orig_prompt: str | None  # None: this kind of task has no prompt
    actual_prompt: str | None
    wrong: Refusal | None = None


def draw_up(brief: Brief, seed: int) -> Order:
    """Work out size, length, sound and usage; a value that is not allowed is noted, not raised."""
    model, given, parameters = brief.model, brief.input, brief.parameters
    wrong: Refusal | None = None
    try:
        check_values(brief)
        width, height, tier = picture_size(brief)
    except WrongValue as fault:
        wrong = fault.refusal
        width, height, tier = 1280, 720, model.tier
    duration = parameters.get("duration")
    duration_s = duration if isinstance(duration, int) and duration in model.durations_s and duration > 0 else 0
    duration_s = duration_s or model.duration_s
    audio = model.audio == "on" or (model.audio == "switch" and parameters.get("audio") is not False)
    asked = parameters.get("seed")
    whole = as_text(given.get("prompt"))
    prompt = whole[: model.prompt_max]
    extends = parameters.get("prompt_extend") is not False
    first, last = _frames_of(brief)
    shot = Shot(
        mode="kf2v" if last else "i2v" if first else "t2v",
        width=width,
        height=height,
        fps=model.fps,
        duration_s=float(duration_s),
        prompt=prompt,
        seed=asked if isinstance(asked, int) and not isinstance(asked, bool) else seed,
        audio=audio,
        model=model.id,
        # Animate takes its watermark among the inputs (§2.7).
        watermark=(given if model.protocol == "animate" else parameters).get("watermark") is True,
        first_image=first,
        last_image=last,
    )
    usage = usage_for(brief, shot, tier, _ratio(parameters, shot))
    return Order(
        model=model,
        shot=shot,
        usage=usage,
        billed_s=billed(usage),
        orig_prompt=_orig_prompt(brief, prompt, whole),
        actual_prompt=extended(prompt) if extends and _rewrites(brief) else None,
        wrong=wrong,
    )


def _orig_prompt(brief: Brief, cut: str, whole: str) -> str | None:
    """The prompt as a query gives it back; a kind of task that takes none has none."""
    if brief.model.protocol in ("speech", "animate") and not whole:
        return None
    return cut if brief.quirks.orig_prompt == "cut" else whole


def _rewrites(brief: Brief) -> bool:
    """Whether this model gives its rewritten prompt back (§4.2)."""
    return brief.model.actual_prompt or (brief.model.protocol == "all_in_one" and brief.quirks.actual_prompt_30)


def extended(prompt: str) -> str:
    """A plausible rewrite, in the prompt's own language."""
    prompt = prompt.strip().rstrip(".。")
    if any("\u4e00" <= letter <= "\u9fff" for letter in prompt):
        return f"{prompt}。电影感光影，柔和的侧光，浅景深，画面层次分明，镜头缓慢推进，色调温暖，细节丰富。"
    opening = prompt or "The scene comes gently to life"
    return (
        f"{opening}. Cinematic lighting with a soft side light, shallow depth of field, rich detail in the foreground "
        "and a calm background; the camera pushes in slowly while the light turns warm."
    )


def _frames_of(brief: Brief) -> tuple[str, str]:
    """Content hashes of the first and last picture, empty where there is none to show."""
    given, protocol = brief.input, brief.model.protocol
    if protocol in ("img_url", "frames", "speech", "animate"):
        name = {"img_url": "img_url", "frames": "first_frame_url"}.get(protocol, "image_url")
        last = given.get("last_frame_url") if protocol == "frames" else None
        first_sha = brief.medium(given.get(name)).sha256
        return first_sha, brief.medium(last).sha256 if last else ""
    if protocol in ("media", "all_in_one", "references", "videoedit"):
        first = brief.typed("first_frame") or brief.typed("reference_image")
        last_frame = brief.typed("last_frame")
        return (
            brief.medium(first[0]).sha256 if first else "",
            brief.medium(last_frame[0]).sha256 if last_frame else "",
        )
    return "", ""


def _ratio(parameters: Mapping[str, Any], shot: Shot) -> str:
    ratio = parameters.get("ratio")
    if isinstance(ratio, str) and ratio != "adaptive" and not shot.first_image:
        return ratio
    known = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0, "4:3": 4 / 3, "3:4": 3 / 4}
    shape = shot.width / shot.height
    return min(known, key=lambda name: abs(known[name] - shape))
