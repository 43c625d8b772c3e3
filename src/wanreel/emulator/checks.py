"""Is a create well-formed (refused at once), and are its values allowed (a FAILED task)? Fact sheet §2, §9, §15."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wanreel.emulator.catalog import Catalog, Model
from wanreel.emulator.media import ASSUMED, UNREACHABLE, Medium
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import MISSING_WORDS, URL_WORDS, words_for
from wanreel.emulator.tasks import Shot
from wanreel.emulator.usage import billed, usage_for


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is not accepted; status 0 means the code's own."""

    code: str
    message: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """A create that is accepted: what will be made, what it will cost, and what is wrong with its values, if so."""

    model: Model
    shot: Shot
    usage: dict[str, Any]
    billed_s: float
    orig_prompt: str
    actual_prompt: str | None
    wrong: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """A parsed create on its way through the checks."""

    model: Model
    input: Mapping[str, Any]
    parameters: Mapping[str, Any]
    media: Mapping[str, Medium]
    catalog: Catalog
    quirks: Quirks

    def medium(self, url: object) -> Medium:
        """What is known about an address; an unseen one is unreachable, or assumed to be a plain still."""
        found = self.media.get(url) if isinstance(url, str) else None
        if found is None or (found.code == "InvalidURL" and self.quirks.foreign_media == "assume"):
            return ASSUMED if self.quirks.foreign_media == "assume" else UNREACHABLE
        return found

    def typed(self, kind: str) -> list[str]:
        """Addresses of the media items of one type."""
        return [str(item.get("url", "")) for item in media_items(self.input) if item.get("type") == kind]

    @property
    def tier(self) -> str:
        """The resolution tier asked for, or the model's own."""
        return str(self.parameters.get("resolution") or self.model.tier)


class WrongValue(Exception):
    """A value of the request is not allowed."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message or words_for(code))


def media_items(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects of ``input.media``."""
    media = given.get("media")
    return [item for item in media if isinstance(item, Mapping)] if isinstance(media, list) else []


def parse_body(body: bytes | Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
    """The request body as an object, or the refusal of malformed JSON."""
    if isinstance(body, Mapping):
        return body
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal("BadRequest.IllegalInput")
    return parsed if isinstance(parsed, dict) else Refusal("BadRequest.IllegalInput")


def find_model(body: Mapping[str, Any], path: str, region: str, catalog: Catalog, quirks: Quirks) -> Model | Refusal:
    """The model a body names, if it exists, here, on this path."""
    name = body.get("model")
    if not isinstance(name, str) or not name:
        return Refusal("BadRequest.EmptyModel")
    model = catalog.models.get(name)
    if model is None or (quirks.regions == "strict" and region not in model.regions) or model.protocol == "detect":
        if quirks.unknown_model == "404":
            return Refusal("ModelNotFound")
        return Refusal("InvalidParameter", "Model not exist.")
    if model.path != path:
        return Refusal("InvalidParameter", URL_WORDS)
    return model


def missing_input(brief: Brief) -> Refusal | None:
    """The cheap schema checks of a submit: required inputs are there, and the length is a whole number."""
    given, parameters = brief.input, brief.parameters
    if not _REQUIRED[brief.model.protocol](given, brief.quirks):
        return Refusal("InvalidParameter", MISSING_WORDS)
    duration = parameters.get("duration")
    if duration is not None and (isinstance(duration, bool) or not isinstance(duration, int)):
        return Refusal("InvalidParameter", "The duration must be an integer.")
    return None


def _text(given: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(given.get(name), str) and given[name] for name in names)


def _frames(given: Mapping[str, Any], quirks: Quirks) -> bool:
    if not _text(given, "first_frame_url"):
        return False
    if quirks.kf2v_last_frame == "optional" or _text(given, "last_frame_url"):
        return True
    return quirks.kf2v_last_frame == "unless_template" and _text(given, "template")


def _has_media(given: Mapping[str, Any], *kinds: str) -> bool:
    return any(item.get("type") in kinds and item.get("url") for item in media_items(given))


_REQUIRED: Mapping[str, Callable[[Mapping[str, Any], Quirks], bool]] = {
    "size": lambda given, _: _text(given, "prompt"),
    "ratio": lambda given, _: _text(given, "prompt"),
    "img_url": lambda given, _: _text(given, "img_url"),
    "frames": _frames,
    "media": lambda given, _: _has_media(given, "first_frame", "first_clip"),
    "all_in_one": lambda given, _: _text(given, "prompt") or bool(media_items(given)),
    "references": lambda given, _: (
        _text(given, "prompt") and _has_media(given, "reference_image", "reference_video")
    ),
    "reference_urls": lambda given, _: (
        _text(given, "prompt") and bool(given.get("reference_urls") or given.get("reference_video_urls"))
    ),
    "videoedit": lambda given, _: _has_media(given, "video"),
    "vace": lambda given, _: _text(given, "function", "prompt"),
    "speech": lambda given, _: _text(given, "image_url", "audio_url"),
    "animate": lambda given, _: _text(given, "image_url", "video_url"),
}


def draw_up(brief: Brief, seed: int) -> Order:
    """Work out size, length, sound and usage; a value that is not allowed is noted, not raised."""
    model, given, parameters = brief.model, brief.input, brief.parameters
    wrong: Refusal | None = None
    try:
        _check_values(brief)
        width, height, tier = _picture_size(brief)
    except WrongValue as fault:
        wrong = fault.refusal
        width, height, tier = 1280, 720, model.tier
    duration = parameters.get("duration")
    duration_s = duration if isinstance(duration, int) and duration in model.durations_s and duration > 0 else 0
    duration_s = duration_s or model.duration_s
    audio = model.audio == "on" or (model.audio == "switch" and parameters.get("audio") is not False)
    asked = parameters.get("seed")
    whole = given.get("prompt") if isinstance(given.get("prompt"), str) else ""
    prompt = whole[: model.prompt_max] if isinstance(whole, str) else ""
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
        watermark=parameters.get("watermark") is True,
        first_image=first,
        last_image=last,
    )
    usage = usage_for(model, shot, tier, _ratio(parameters, shot), parameters, new_25=brief.quirks.usage_25 == "new")
    return Order(
        model=model,
        shot=shot,
        usage=usage,
        billed_s=billed(usage),
        orig_prompt=prompt if brief.quirks.orig_prompt == "cut" else str(whole),
        actual_prompt=extended(prompt) if model.actual_prompt and extends else None,
        wrong=wrong,
    )


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


def _check_values(brief: Brief) -> None:
    model, parameters = brief.model, brief.parameters
    duration = parameters.get("duration")
    if duration is not None and duration not in model.durations_s:
        raise WrongValue("InvalidParameter", f"The duration {duration} is not supported by {model.id}.")
    seed = parameters.get("seed")
    if seed is not None and not (isinstance(seed, int) and 0 <= seed <= 2147483647):
        raise WrongValue("InvalidParameter", "The seed must be an integer between 0 and 2147483647.")
    if model.protocol in ("media", "all_in_one"):
        _check_media_kinds(brief)
    for url in _pictures(brief):
        _check_picture(brief, brief.medium(url))
    for name in ("audio_url", "video_url"):
        if isinstance(brief.input.get(name), str) and model.protocol in _READS_MEDIA[name]:
            _check_reachable(brief.medium(brief.input[name]))


_READS_MEDIA = {
    "audio_url": ("size", "ratio", "img_url", "speech"),
    "video_url": ("animate", "vace"),
}
_MEDIA_SETS = (
    {"first_frame"},
    {"first_frame", "driving_audio"},
    {"first_frame", "last_frame"},
    {"first_frame", "last_frame", "driving_audio"},
    {"first_clip"},
    {"first_clip", "last_frame"},
)
_FRAME_KINDS = {"first_frame", "last_frame"}


def _check_media_kinds(brief: Brief) -> None:
    kinds = [str(item.get("type")) for item in media_items(brief.input)]
    if brief.model.protocol == "media":
        if len(kinds) != len(set(kinds)) or set(kinds) not in _MEDIA_SETS:
            raise WrongValue("InvalidParameter", f"The combination of media types {sorted(kinds)} is not supported.")
    elif _FRAME_KINDS & set(kinds) and set(kinds) - _FRAME_KINDS:
        raise WrongValue("InvalidParameter", "Frames can not be combined with references, a file or a link.")


def _pictures(brief: Brief) -> list[str]:
    """Addresses of the pictures this model reads."""
    given = brief.input
    names: tuple[str, ...] = {
        "img_url": ("img_url",),
        "frames": ("first_frame_url", "last_frame_url"),
        "speech": ("image_url",),
        "animate": ("image_url",),
    }.get(brief.model.protocol, ())
    found = [given[name] for name in names if isinstance(given.get(name), str)]
    if brief.model.protocol in ("media", "all_in_one", "references", "videoedit"):
        for kind in ("first_frame", "last_frame", "reference_image"):
            found += brief.typed(kind)
    return [url for url in found if url]


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
        raise WrongValue("InvalidFile.Size")
    if medium.alpha and medium.format == "PNG":
        raise WrongValue("InvalidImageFormat", "Images with a transparent channel are not supported.")


def _picture_size(brief: Brief) -> tuple[int, int, str]:
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
        return *catalog.follow(tier, first.width, first.height), tier
    ratio = str(parameters.get("ratio") or "16:9")
    ratio = "16:9" if ratio == "adaptive" and model.protocol == "all_in_one" else ratio
    if ratio not in catalog.sizes["ratio"][tier]:
        raise WrongValue("InvalidParameter", f"The ratio {ratio} is not supported by {model.id}.")
    width, height = catalog.sizes["ratio"][tier][ratio].split("*")
    return int(width), int(height), tier


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
