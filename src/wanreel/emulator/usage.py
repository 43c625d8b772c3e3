"""The `usage` object of a succeeded task, whose keys differ by model family (fact sheet §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wanreel.emulator.brief import Brief
from wanreel.emulator.media import CLIP
from wanreel.emulator.objects import as_list
from wanreel.emulator.tasks import Shot

INPUT_S = 5.02


def usage_for(brief: Brief, shot: Shot, tier: str, ratio: str) -> dict[str, Any]:
    """What the vendor reports for this clip."""
    model, new_25 = brief.model, brief.quirks.usage_25 == "new"
    seconds = int(shot.duration_s)
    taken, made = _in_and_out(brief, seconds)
    size = f"{shot.width}*{shot.height}"
    lines = int(tier.removesuffix("P"))
    full: dict[str, Any] = {
        "duration": round(taken + made, 2),
        "input_video_duration": taken,
        "output_video_duration": made,
        "video_count": 1,
        "SR": lines,
    }
    kind = "t2v_26" if model.usage == "t2v_25" and new_25 else model.usage
    match kind:
        case "t2v_old" | "t2v_25":
            return {"video_duration": seconds, "video_ratio": size, "video_count": 1}
        case "t2v_26":
            return {**full, "duration": float(full["duration"]), "size": size}
        case "i2v_26":
            return full
        case "i2v_26_flash":
            return {**full, "audio": shot.audio}
        case "i2v_mid":
            return {"duration": seconds, "SR": lines, "video_count": 1}
        case "old_standard":
            return {"video_duration": seconds, "video_ratio": "standard", "video_count": 1}
        case "kf2v_22":
            return {"video_duration": seconds, "video_count": 1, "SR": lines}
        case "v27":
            return full
        case "v27_ratio":
            return {**full, "ratio": ratio}
        case "v30":
            return {**full, "fps": model.fps, "ratio": ratio}
        case "animate":
            mode = "pro" if brief.parameters.get("mode") == "wan-pro" else "standard"
            return {"video_duration": seconds + 0.2, "video_ratio": mode}
        case "s2v":
            return {"video_duration": seconds + 0.04, "SR": lines}
        case _:
            raise ValueError(f"no usage shape {kind!r}")


def _in_and_out(brief: Brief, seconds: int) -> tuple[float, float]:
    """Seconds of clip taken in (billed too) and made. What came in is not measured: it counts as one of 5 s."""
    if brief.model.protocol == "videoedit":
        return INPUT_S, seconds if brief.parameters.get("duration") else INPUT_S
    return (5 if brief.typed("reference_video") or _reference_clips(brief) else 0), seconds


def _reference_clips(brief: Brief) -> bool:
    """Whether a 2.6 request refers to a clip: told by the field, the file, or the name of one nobody looked at."""
    if brief.model.protocol != "reference_urls":
        return False
    urls = [url for url in as_list(brief.input.get("reference_urls")) if isinstance(url, str)]
    return bool(as_list(brief.input.get("reference_video_urls"))) or any(
        brief.medium(url).format == CLIP or url.partition("?")[0].lower().endswith((".mp4", ".mov")) for url in urls
    )


def billed(usage: Mapping[str, Any]) -> float:
    """Seconds the vendor charges for: the first of the three keys that is there."""
    for name in ("duration", "video_duration", "output_video_duration"):
        if name in usage:
            return float(usage[name])
    return 0.0
