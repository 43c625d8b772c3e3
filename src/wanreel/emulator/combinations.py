"""Which media, functions and modes may stand together in one request (fact sheet §2.4 to §2.7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from wanreel.emulator.brief import Brief, WrongValue, media_items
from wanreel.emulator.objects import as_list

_FRAMES = {"first_frame", "last_frame"}
_SETS_27 = (
    {"first_frame"},
    {"first_frame", "driving_audio"},
    {"first_frame", "last_frame"},
    {"first_frame", "last_frame", "driving_audio"},
    {"first_clip"},
    {"first_clip", "last_frame"},
)
_MOST_30 = {
    "first_frame": 1,
    "last_frame": 1,
    "reference_image": 10,
    "reference_video": 5,
    "reference_audio": 5,
    "file": 1,
    "link": 1,
}
_VACE = {"image_reference", "video_repainting", "video_edit", "video_extension", "video_outpainting"}


def check_combination(brief: Brief) -> None:
    """Raise WrongValue (InvalidParameter) when the parts of a request do not go together."""
    check = _CHECKS.get(brief.model.protocol)
    words = check(brief, _kinds(brief)) if check else ""
    if words:
        raise WrongValue("InvalidParameter", words)


def _kinds(brief: Brief) -> Counter[str]:
    return Counter(str(item.get("type")) for item in media_items(brief.input))


def _frames_27(_: Brief, kinds: Counter[str]) -> str:
    if max(kinds.values(), default=0) > 1 or set(kinds) not in _SETS_27:
        return f"The combination of media types {sorted(kinds.elements())} is not supported."
    return ""


def _all_in_one(brief: Brief, kinds: Counter[str]) -> str:
    for kind, count in kinds.items():
        if count > _MOST_30.get(kind, 0):
            return f"At most {_MOST_30.get(kind, 0)} media of type {kind} are supported."
    if _FRAMES & set(kinds) and set(kinds) - _FRAMES:
        return "Frames can not be combined with references, a file or a link."
    if kinds["file"] and kinds["link"]:
        return "A file can not be combined with a link."
    if (kinds["file"] or kinds["link"]) and brief.parameters.get("prompt_extend") is False:
        return "prompt_extend must be true with a file or a link."
    return ""


def _references(brief: Brief, kinds: Counter[str]) -> str:
    if set(kinds) - {"reference_image", "reference_video", "first_frame"} or kinds["first_frame"] > 1:
        return f"The combination of media types {sorted(kinds.elements())} is not supported."
    if kinds["reference_image"] + kinds["reference_video"] > 5:
        return "At most 5 references are supported."
    duration = brief.parameters.get("duration")
    if kinds["reference_video"] and isinstance(duration, int) and duration > 10:
        return "The duration must be between 2 and 10 with a video reference."
    return ""


def _videoedit(_: Brief, kinds: Counter[str]) -> str:
    if kinds["video"] != 1 or kinds["reference_image"] > 3 or set(kinds) - {"video", "reference_image"}:
        return "Exactly one video and at most 3 reference images are supported."
    return ""


def _vace(brief: Brief, _: Counter[str]) -> str:
    function, pictures = brief.input.get("function"), as_list(brief.input.get("ref_images_url"))
    if not isinstance(function, str) or function not in _VACE:
        return "The function is not supported."
    if len(pictures) > 3 or (function == "image_reference" and not pictures):
        return "From 1 to 3 reference images are supported."
    return ""


def _animate(brief: Brief, _: Counter[str]) -> str:
    mode = brief.parameters.get("mode")
    return "" if mode in (None, "wan-std", "wan-pro") else "The mode must be wan-std or wan-pro."


_CHECKS: Mapping[str, Callable[[Brief, Counter[str]], str]] = {
    "media": _frames_27,
    "all_in_one": _all_in_one,
    "references": _references,
    "videoedit": _videoedit,
    "vace": _vace,
    "animate": _animate,
}
