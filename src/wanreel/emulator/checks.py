"""The checks of a submit that refuse at once: JSON, model, path, required inputs (fact sheet §9, §15)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from wanreel.emulator.brief import Brief, Refusal, media_items
from wanreel.emulator.catalog import Catalog, Model
from wanreel.emulator.objects import as_list, as_object
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import MISSING_WORDS, URL_WORDS


def parse_body(body: bytes | Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
    """The request body as an object, or the refusal of malformed JSON."""
    if not isinstance(body, bytes):
        return body
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal("BadRequest.IllegalInput")
    found = as_object(parsed)
    return found if found is not None else Refusal("BadRequest.IllegalInput")


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
    if brief.model.protocol in _MEDIA and not all(_text(item, "type", "url") for item in media_items(given)):
        return Refusal("InvalidParameter", MISSING_WORDS)
    duration = parameters.get("duration")
    if duration is not None and (isinstance(duration, bool) or not isinstance(duration, int)):
        return Refusal("InvalidParameter", "The duration must be an integer.")
    return None


def _text(given: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(given.get(name), str) and given[name] for name in names)


def _texts(given: Mapping[str, Any], name: str) -> bool:
    items = as_list(given.get(name))
    return bool(items) and all(isinstance(item, str) and item for item in items)


def _frames(given: Mapping[str, Any], quirks: Quirks) -> bool:
    if not _text(given, "first_frame_url"):
        return False
    if quirks.kf2v_last_frame == "optional" or _text(given, "last_frame_url"):
        return True
    return quirks.kf2v_last_frame == "unless_template" and _text(given, "template")


def _has_media(given: Mapping[str, Any], *kinds: str) -> bool:
    return any(item.get("type") in kinds and item.get("url") for item in media_items(given))


_MEDIA = frozenset(("media", "all_in_one", "references", "videoedit"))
_REQUIRED: Mapping[str, Callable[[Mapping[str, Any], Quirks], bool]] = {
    "size": lambda given, _: _text(given, "prompt"),
    "ratio": lambda given, _: _text(given, "prompt"),
    "img_url": lambda given, _: _text(given, "img_url"),
    "frames": _frames,
    "media": lambda given, _: _has_media(given, "first_frame", "first_clip"),
    "all_in_one": lambda given, _: _text(given, "prompt") or bool(media_items(given)),
    "references": lambda given, _: _text(given, "prompt") and _has_media(given, "reference_image", "reference_video"),
    "reference_urls": lambda given, _: (
        _text(given, "prompt") and (_texts(given, "reference_urls") or _texts(given, "reference_video_urls"))
    ),
    "videoedit": lambda given, _: _has_media(given, "video"),
    "vace": lambda given, _: _text(given, "function", "prompt"),
    "speech": lambda given, _: _text(given, "image_url", "audio_url"),
    "animate": lambda given, _: _text(given, "image_url", "video_url"),
}
