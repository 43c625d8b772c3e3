"""Are the values of a request allowed, and how large will its clip be? Normally a wrong one fails the task (§2, §9)."""

from __future__ import annotations

from collections.abc import Mapping

from wanreel.emulator.brief import Brief, WrongValue
from wanreel.emulator.combinations import check_combination
from wanreel.emulator.media import Medium, Named, named


def check_values(brief: Brief) -> None:
    """Raise WrongValue for the first value that the model does not allow."""
    model, parameters = brief.model, brief.parameters
    duration = parameters.get("duration")
    if duration is not None and duration not in model.durations_s:
        raise WrongValue("InvalidParameter", f"The duration {duration} is not supported by {model.id}.")
    seed = parameters.get("seed")
    if seed is not None and (isinstance(seed, bool) or not (isinstance(seed, int) and 0 <= seed <= 2147483647)):
        raise WrongValue("InvalidParameter", "The seed must be an integer between 0 and 2147483647.")
    _check_words(brief)
    check_combination(brief)
    for entry in media_read(brief):
        medium = brief.medium(entry.url)
        if entry.role in ("first", "last", "image"):
            _check_picture(brief, medium)
        elif entry.role != "link":
            _check_reachable(medium)


def _check_words(brief: Brief) -> None:
    """The parameters with a closed list of words (§2.1, §2.2, §2.4, §2.5); other models ignore them."""
    lists = {
        "shot_type": ("single", "multi") if brief.model.id.startswith("wan2.6-") else (),
        "audio_setting": ("auto", "origin") if brief.model.protocol == "videoedit" else (),
    }
    for name, words in lists.items():
        given = brief.parameters.get(name)
        if words and given is not None and given not in words:
            raise WrongValue("InvalidParameter", f"The {name} must be {' or '.join(words)}.")


#: Which input fields a protocol reads media from; anything else in a body is ignored.
_READS: Mapping[str, tuple[str, ...]] = {
    "size": ("audio_url",),
    "ratio": ("audio_url",),
    "img_url": ("img_url", "audio_url"),
    "frames": ("first_frame_url", "last_frame_url"),
    "speech": ("image_url", "audio_url"),
    "animate": ("image_url", "video_url"),
    "reference_urls": ("reference_urls", "reference_video_urls"),
    "vace": (
        *("ref_images_url", "video_url", "mask_image_url", "mask_video_url"),
        *("first_frame_url", "last_frame_url", "first_clip_url", "last_clip_url"),
    ),
}


def media_read(brief: Brief) -> list[Named]:
    """The media this model takes in. A silent model of the older protocols has no use for sound."""
    names = _READS.get(brief.model.protocol, ("media",))
    if brief.model.audio == "off":
        names = tuple(name for name in names if name != "audio_url")
    return named({"input": {name: brief.input.get(name) for name in names}})


def _check_reachable(medium: Medium) -> None:
    if medium.code:
        raise WrongValue(medium.code, medium.message)


def _check_picture(brief: Brief, medium: Medium) -> None:
    _check_reachable(medium)
    low, high = 240, 8000
    if brief.model.protocol == "frames" and brief.quirks.kf2v_page == "openapi":
        low, high = 360, 2000
    if brief.model.protocol == "animate":
        low, high = 200, 4096
    sides = (medium.width, medium.height)
    if min(sides) < low or max(sides) > high:
        raise WrongValue(
            "InvalidImageResolution", f"The resolution of the input image must be between {low} and {high} pixels."
        )
    if brief.model.protocol == "media" and max(sides) > 8 * min(sides):
        raise WrongValue("InvalidImageResolution", "The aspect ratio of the input image must be between 1:8 and 8:1.")
    if medium.size_bytes > brief.model.image_bytes_max:
        raise WrongValue("InvalidImage.ImageSize")
    if medium.alpha and medium.format == "PNG":
        raise WrongValue("InvalidImageFormat", "Images with a transparent channel are not supported.")


def picture_size(brief: Brief) -> tuple[int, int, str]:
    """Width, height and tier of the clip (§2)."""
    model, parameters, catalog = brief.model, brief.parameters, brief.catalog
    if model.protocol in ("size", "reference_urls", "vace"):
        size = parameters.get("size")
        text = str(size) if size else catalog.sizes["size"][model.tier]["16:9"]
        tier = catalog.tier_of(text, model)
        if tier is None:
            raise WrongValue("InvalidParameter", f"The size is not match {text}")
        width, height = text.split("*")
        return int(width), int(height), tier
    tier = brief.tier
    allowed = model.tiers
    if model.protocol == "frames" and brief.quirks.kf2v_page == "openapi":
        allowed = model.tiers_openapi
    if tier not in allowed:
        raise WrongValue("InvalidParameter", f"The resolution {tier} is not supported by {model.id}.")
    first = _first_picture(brief)
    if first is not None:
        return *_followed(brief, tier, first), tier
    ratio = str(parameters.get("ratio") or "16:9")
    ratio = "16:9" if ratio == "adaptive" and model.protocol == "all_in_one" else ratio
    if ratio not in catalog.sizes["ratio"][tier]:
        raise WrongValue("InvalidParameter", f"The ratio {ratio} is not supported by {model.id}.")
    width, height = catalog.sizes["ratio"][tier][ratio].split("*")
    return int(width), int(height), tier


def _followed(brief: Brief, tier: str, first: Medium) -> tuple[int, int]:
    """The size after a picture: by the rule, or (a switch) that of the tier's table when its shape is 16:9 or 9:16."""
    if brief.quirks.i2v_size == "table":
        for ratio, (across, down) in {"16:9": (16, 9), "9:16": (9, 16)}.items():
            if first.width * down == first.height * across:
                width, height = brief.catalog.sizes["ratio"][tier][ratio].split("*")
                return int(width), int(height)
    return brief.catalog.follow(tier, first.width, first.height)


def _first_picture(brief: Brief) -> Medium | None:
    """The picture whose shape the clip takes, if any."""
    given = brief.input
    name = {"img_url": "img_url", "frames": "first_frame_url", "speech": "image_url", "animate": "image_url"}
    if brief.model.protocol in name:
        return brief.medium(given.get(name[brief.model.protocol]))
    if brief.model.protocol == "all_in_one" and brief.parameters.get("ratio") not in (None, "adaptive"):
        return None
    frames = brief.typed("first_frame") if brief.model.protocol in ("media", "all_in_one", "references") else []
    return brief.medium(frames[0]) if frames else None
