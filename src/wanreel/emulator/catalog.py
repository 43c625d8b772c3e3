"""The vendor's video models as data: which path, protocol, sizes, lengths, sound, usage shape and limits each has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isqrt
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """One official model id and its rules (fact sheet §1, §2, §4.3, §10.1)."""

    id: str
    regions: tuple[str, ...]
    mode: str  # t2v, i2v, kf2v or r2v: what the picture is made from
    protocol: str  # which input fields it reads; see `checks`
    path: str  # video-generation or image2video
    tiers: tuple[str, ...]
    tiers_openapi: tuple[str, ...]
    tier: str  # the default tier
    durations_s: frozenset[int]
    fps: int
    audio: str  # on, off, or switch (a parameter decides)
    usage: str  # which shape of `usage` its answers carry
    rate: int  # submits per second and account
    running: int  # tasks running at once and account
    prompt_max: int
    image_bytes_max: int
    actual_prompt: bool
    run_factor: float

    @property
    def duration_s(self) -> int:
        """The length of a clip when none is asked for."""
        return 5 if 5 in self.durations_s else max(self.durations_s)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every model, and the size tables they share."""

    models: Mapping[str, Model]
    sizes: Mapping[str, Mapping[str, Mapping[str, str]]]
    pixels: Mapping[str, int]

    def tier_of(self, size: str, model: Model) -> str | None:
        """Tier whose closed list holds this ``W*H``, among the model's tiers; None when no list does."""
        for tier in model.tiers:
            if size in self.sizes["size"][tier].values():
                return tier
        return None

    def follow(self, tier: str, width: int, height: int) -> tuple[int, int]:
        """Output size that follows an input picture (§2.2): sides are multiples of 16, area close to the tier.

        Whole-number arithmetic, since the float rule slips below an exact multiple of 16 by rounding.
        """
        area = self.pixels[tier]
        return (
            max(16, isqrt(area * width // (256 * height)) * 16),
            max(16, isqrt(area * height // (256 * width)) * 16),
        )


def _models(data: Mapping[str, Any]) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for family in data["families"]:
        if "one_of" in family:
            lengths = frozenset(family["one_of"])
        else:
            low, high = family["seconds"]
            lengths = frozenset(range(low, high + 1)) | frozenset(family.get("also", ()))
        for model_id, regions in family["ids"].items():
            found[model_id] = Model(
                id=model_id,
                regions=tuple(data["regions"][letter] for letter in regions),
                mode=family["mode"],
                protocol=family["protocol"],
                path=family["path"],
                tiers=tuple(family["tiers"]),
                tiers_openapi=tuple(family.get("tiers_openapi", family["tiers"])),
                tier=family["tier"],
                durations_s=lengths,
                fps=family["fps"],
                audio=family["audio"],
                usage=family["usage"],
                rate=family["rate"],
                running=family["running"],
                prompt_max=family["prompt_max"],
                image_bytes_max=family.get("image_mb_max", 10) * 1024 * 1024,
                actual_prompt=family.get("actual_prompt", False),
                run_factor=float(family.get("run_factor", 1)),
            )
    return found


@cache
def catalog() -> Catalog:
    """The catalog, read once from the data file beside this one."""
    data = json.loads(files("wanreel.emulator").joinpath("catalog.json").read_text("utf-8"))
    return Catalog(models=_models(data), sizes=data["sizes"], pixels=data["pixels"])
