"""A create's body in any of the vendor's protocol generations, read into an order of ours (FS §2, §4.1, §13).

As at the vendor, keys nobody knows are ignored where the model's rules are known, and what it would cut is cut. Its
defaults hold for what is not said: a client that counts on 1080P gets 1080P.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.model import Model
from wanreel.domain.request import AUDIO, FIRST_FRAME, LAST_FRAME
from wanreel.service.order import Order

_FRAMES = {
    "img_url": FIRST_FRAME,
    "first_frame_url": FIRST_FRAME,
    "last_frame_url": LAST_FRAME,
    "audio_url": AUDIO,
}
_TYPES = {"first_frame": FIRST_FRAME, "last_frame": LAST_FRAME, "driving_audio": AUDIO}
_FIELD_OF = {FIRST_FRAME: "first_frame", LAST_FRAME: "last_frame", AUDIO: "audio_file"}
_OF_THE_SDK = ("extend_prompt", "function")  # the 1.x surface sends these with everything
_OWN_INPUT = ("prompt", "negative_prompt", "template", "media", *_FRAMES, *_OF_THE_SDK)
_OWN_PARAMETERS = (
    "size",
    "resolution",
    "ratio",
    "duration",
    "seed",
    "prompt_extend",
    "watermark",
    "shot_type",
    "audio",
)


@dataclass(frozen=True, slots=True)
class Told:
    """A create's body, taken apart. `frames` are its pictures and its sound by our names for them."""

    model: Model
    input: Mapping[str, Any]
    parameters: Mapping[str, Any]
    frames: Mapping[str, str]
    others: tuple[tuple[str, str], ...]  # media in further parts


def read_create(body: Any, catalog: Catalog, region: str) -> Told:
    """Take a body apart. Raises Invalid: no model, or parts of another kind than they must be."""
    if not isinstance(body, dict):
        raise _wrong("body", "must be a JSON object with model, input and parameters", "")
    whole = cast("dict[str, Any]", body)
    name = whole.get("model")
    if not isinstance(name, str) or not name.strip():
        raise _wrong("model", "must be the id of a model", "" if name is None else str(name)[:80])
    given, parameters = _object(whole, "input"), _object(whole, "parameters")
    media = _media(given)
    frames: dict[str, str] = {}
    for key, role in _FRAMES.items():
        if _said(given, key):
            frames[role] = _text(given, key)
    for kind, url in media:
        if kind in _TYPES:
            frames[_TYPES[kind]] = url
    mode = "kf2v" if LAST_FRAME in frames else "i2v" if FIRST_FRAME in frames else None
    model = catalog.resolve(name, region, mode).model
    others = tuple((kind, url) for kind, url in media if kind not in _TYPES)
    return Told(model, given, parameters, frames, others)


def order_of(told: Told, name: str) -> Order:
    """The order a body means; `name` is the model as it was called. Raises Invalid."""
    model = told.model
    if not model.checked:
        return _as_it_stands(told, name)
    given, parameters = told.input, told.parameters
    takes = {*dict(model.fields), *dict(model.media_types)}
    extend = parameters.get("prompt_extend")
    fields: dict[str, Any] = {
        "model": name,
        "prompt": _cut(given.get("prompt"), model.prompt_chars_max),
        "negative_prompt": _cut(given.get("negative_prompt"), model.negative_chars_max)
        if model.negative_chars_max
        else None,
        "template": given.get("template") if "template" in model.features else None,
        "duration_s": _or(parameters, "duration", model.durations.default if model.durations else None),
        "seed": parameters.get("seed"),
        "prompt_extend": extend,
        "watermark": parameters.get("watermark"),
        "shot_type": parameters.get("shot_type") if "shot_type" in model.features and extend is not False else None,
        "audio": parameters.get("audio") if "audio" in model.features else None,
        "more_media": told.others if model.protocol == "media" else (),
        "lint": False,
    }
    fields |= {_FIELD_OF[role]: url for role, url in told.frames.items() if role in takes}
    if fields["template"] and LAST_FRAME in told.frames and "kf2v" in model.modes:
        fields.pop("last_frame", None)
    return Order(**fields, **_shape(told))


def _shape(told: Told) -> dict[str, Any]:
    """The output's size in the one way the model takes it; the vendor's default where nothing is said."""
    model, parameters = told.model, told.parameters
    size, tier = parameters.get("size"), parameters.get("resolution")
    if model.shape == "size":
        return {"size": size} if size is not None else {"resolution": model.default_tier}
    ratio = _or(parameters, "ratio", model.default_ratio) if model.ratios and not told.frames else None
    return {"resolution": tier if tier is not None else model.default_tier, "ratio": ratio}


def _as_it_stands(told: Told, name: str) -> Order:
    """For a model whose rules are not known here: every field goes out as it came."""
    given, parameters = told.input, told.parameters
    extra = {key: value for key, value in given.items() if key not in (*_OF_THE_SDK, *_PLAIN) and value is not None}
    more = {key: value for key, value in parameters.items() if key not in _OWN_PARAMETERS and value is not None}
    fields: dict[str, Any] = {key: given.get(key) for key in _PLAIN}
    fields |= {key: parameters.get(key) for key in _OWN_PARAMETERS if key != "duration"}
    return Order(
        model=name,
        **fields,
        duration_s=parameters.get("duration"),
        extra_input=extra or None,
        extra_parameters=more or None,
        lint=False,
    )


_PLAIN = ("prompt", "negative_prompt", "template")


def _media(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    value = given.get("media")
    if value is None:
        return []
    rows = cast("list[Any]", value) if isinstance(value, list) else None
    found: list[tuple[str, str]] = []
    for item in [None] if rows is None else rows:
        fields = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
        kind, url = fields.get("type"), fields.get("url")
        if not isinstance(kind, str) or not isinstance(url, str):
            raise _wrong("input.media", "must be a list of objects with type and url", str(cast("object", value))[:80])
        found.append((kind, url))
    return found


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, "must be a JSON object", str(value)[:80])
    return cast("Mapping[str, Any]", value)


def _said(fields: Mapping[str, Any], name: str) -> bool:
    return fields.get(name) not in (None, "")


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise _wrong(f"input.{name}", "must be a text", str(value)[:80])
    return value


def _or(fields: Mapping[str, Any], name: str, default: Any) -> Any:
    value = fields.get(name)
    return default if value is None else value


def _cut(value: Any, most: int | None) -> Any:
    """A prompt as long as the vendor reads it: what is longer it cuts without a word."""
    return value[:most] if isinstance(value, str) and most else value


def _wrong(field: str, message: str, given: str) -> Invalid:
    return Invalid("", (Problem(field, message, given),))
