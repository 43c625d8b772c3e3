"""What the child can do with a clip: each an order's name, its arguments, and an answer of plain values and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wanreel.domain.clip import Sampling
from wanreel.media.decode import opened, sampled, scaled
from wanreel.media.limits import Limits
from wanreel.media.probe import facts_of
from wanreel.media.wants import File, Listener


def probe(to: Listener, file: File, args: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """The clip's facts, without decoding it."""
    with opened(file, limits) as (container, video):
        return {"facts": asdict(facts_of(container, video))}


def frames(to: Listener, file: File, args: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Some of the clip's pictures, each a part of its own, and its facts."""
    wanted = Sampling(**args)
    told: list[dict[str, Any]] = []
    with opened(file, limits) as (container, video):
        facts = facts_of(container, video)
        for picture in sampled(container, video, wanted, limits):
            frame = scaled(picture, wanted.width, grey=wanted.grey)
            to.piece(frame.pixels)
            told.append({"at_s": frame.at_s, "width": frame.width, "height": frame.height, "channels": frame.channels})
    return {"facts": asdict(facts), "frames": told}
