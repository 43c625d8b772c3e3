"""Understands how people name an output size, and turns it into what a model takes: W*H, or a tier and a ratio."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wanreel.domain.model import TIERS, Model, Size
from wanreel.domain.reading import Findings

TIER = "720P"  # ours: the vendor's own default is 1080P, at 1.67 times the price (FS §10.2)
RATIO = "16:9"

_PIXELS = re.compile(r"(\d{2,5})\s*[*x×]\s*(\d{2,5})")
_TIER = re.compile(r"(\d{3,4})p?")
_RATIO = re.compile(r"(\d{1,2})\s*[:/：]\s*(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller said about the output's size, in whichever words."""

    tier: str | None = None
    ratio: str | None = None
    pixels: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What goes out: `size` as W*H, or `resolution` with or without a `ratio`."""

    size: str | None = None
    resolution: str | None = None
    ratio: str | None = None


def understand(size: str | None, resolution: str | None, ratio: str | None, find: Findings) -> Asked:
    """Put the three ways of naming a size together: `size` may be `1280*720`, `1280x720`, `720P` or `16:9`."""
    tier = _tier(resolution) if resolution else None
    if resolution and tier is None:
        find.wrong("resolution", f"must be one of {', '.join(TIERS)}", resolution)
    shape = _ratio(ratio) if ratio else None
    if ratio and shape is None:
        find.wrong("ratio", "must be like 16:9", ratio)
    if not size:
        return Asked(tier, shape)
    text = size.strip().lower()
    pixels = _PIXELS.fullmatch(text)
    if pixels:
        return Asked(tier, shape, (int(pixels[1]), int(pixels[2])))
    named_tier, named_ratio = _tier(text), _ratio(text)
    if named_tier is None and named_ratio is None:
        find.wrong("size", "must be like 1280*720, 720P or 16:9", size)
    if named_tier and tier and named_tier != tier:
        find.wrong("size", f"contradicts resolution {tier}: say one of them", size)
    if named_ratio and shape and named_ratio != shape:
        find.wrong("size", f"contradicts ratio {shape}: say one of them", size)
    return Asked(tier or named_tier, shape or named_ratio)


def choose(asked: Asked, model: Model, mode: str, find: Findings) -> Shape:
    """What to send for a known model; what was not said becomes 720P and 16:9, or the nearest the model has."""
    if not (model.sizes if model.shape == "size" else model.tiers):
        return _as_asked(asked)
    if asked.pixels:
        return _of_pixels(asked, asked.pixels, model, mode, find)
    tier = _chosen_tier(asked, model, find)
    if model.shape == "size":
        return _sized(tier, asked.ratio or RATIO, model, find)
    return Shape(resolution=tier, ratio=_chosen_ratio(asked, model, mode, find))


def _tier(text: str) -> str | None:
    found = _TIER.fullmatch(text.strip().lower())
    return f"{found[1]}P" if found and f"{found[1]}P" in TIERS else None


def _ratio(text: str) -> str | None:
    if text.strip().lower() == "adaptive":
        return "adaptive"
    found = _RATIO.fullmatch(text.strip())
    return f"{int(found[1])}:{int(found[2])}" if found else None


def _as_asked(asked: Asked) -> Shape:
    """For models whose sizes nobody has told us: exactly what the caller said, and nothing when he said nothing."""
    size = f"{asked.pixels[0]}*{asked.pixels[1]}" if asked.pixels else None
    return Shape(size, asked.tier, asked.ratio)


def _of_pixels(asked: Asked, pixels: tuple[int, int], model: Model, mode: str, find: Findings) -> Shape:
    given = f"{pixels[0]}*{pixels[1]}"
    if not model.checked:
        return _as_asked(asked)
    if not model.sizes or (mode != "t2v" and "adaptive" not in model.ratios):
        advice = f"say the resolution: {_or(model.tiers)}"
        find.wrong("size", f"cannot be chosen for {model.id}: the clip takes the picture's shape; {advice}", given)
        return Shape()
    found = next((s for s in model.sizes if (s.width, s.height) == pixels), None)
    if found is None:
        find.wrong("size", f"is none of {model.id}'s: {_list(model.sizes)}", given)
        return Shape()
    if asked.tier and asked.tier != found.tier:
        find.wrong("size", f"is a {found.tier} size and contradicts resolution {asked.tier}: say one of them", given)
    if asked.ratio and asked.ratio != found.ratio:
        find.wrong("size", f"is {found.ratio} and contradicts ratio {asked.ratio}: say one of them", given)
    if model.shape == "size":
        return Shape(size=found.wire)
    return Shape(resolution=found.tier, ratio=found.ratio)


def _chosen_tier(asked: Asked, model: Model, find: Findings) -> str:
    if asked.tier:
        if asked.tier not in model.tiers and model.checked:
            find.wrong("resolution", f"{model.id} makes {_or(model.tiers)}", asked.tier)
        return asked.tier
    if TIER in model.tiers or not model.tiers:
        return TIER
    fallback = model.default_tier or model.tiers[-1]
    others = [tier for tier in model.tiers if tier != fallback]
    hint = f"; {_or(others)} can be asked for with resolution" if others else ""
    find.warn(f"{model.id} has no {TIER}: its default {fallback} is used{hint}")
    return fallback


def _sized(tier: str, ratio: str, model: Model, find: Findings) -> Shape:
    found = model.size(tier, ratio)
    if found is None and model.checked and tier in model.tiers:
        fitting = [s for s in model.sizes if s.tier == tier]
        find.wrong("ratio", f"{model.id} makes {_list(tuple(fitting))} at {tier}", ratio)
    if found is None and not model.checked:
        find.warn(f"no size of {tier} {ratio} is known for {model.id}: none is sent")
    return Shape(size=found.wire if found else None)


def _chosen_ratio(asked: Asked, model: Model, mode: str, find: Findings) -> str | None:
    if asked.ratio:
        if not model.checked or asked.ratio in model.ratios:
            return asked.ratio
        if model.ratios:
            find.wrong("ratio", f"{model.id} makes {_or(model.ratios)}", asked.ratio)
        else:
            find.wrong("ratio", f"cannot be chosen for {model.id}: the clip takes the picture's shape", asked.ratio)
        return None
    if mode != "t2v":
        return "adaptive" if "adaptive" in model.ratios and model.checked else None
    return RATIO if RATIO in model.ratios else None


def _list(sizes: tuple[Size, ...]) -> str:
    return ", ".join(f"{s.wire} ({s.tier} {s.ratio})" for s in sizes)


def _or(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" or {names[-1]}"
