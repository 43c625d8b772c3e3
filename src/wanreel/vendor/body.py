"""A request as the vendor's wire has it: path, JSON body, and which headers it needs, in every protocol generation.

Pure: the media's URLs (a link, a data: URL, an oss:// one) are handed in. FS §2, §3.2, §3.3, §4.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from wanreel.domain.catalog import Catalog, guess
from wanreel.domain.model import Model
from wanreel.domain.request import Link, Media, Request, canonical

# Fields that hold a list even when one thing is given (FS §2.5, §2.7).
_PLURAL = ("reference_urls", "reference_video_urls", "ref_images_url", "obj_or_bg")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One create call, ready to go: `path` under the base URL, the JSON body, and whether media are oss:// URLs."""

    path: str
    body: dict[str, object]
    oss: bool

    def encoded(self) -> bytes:
        """The body's bytes, UTF-8."""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


def model_of(request: Request, catalog: Catalog, region: str) -> Model:
    """The request's model, or the guess for one the catalog does not know."""
    return catalog.model(request.model) or guess(request.model, region, request.mode)


def build(request: Request, model: Model, urls: Sequence[str], *, extend_off: bool = False) -> Outgoing:
    """The create call of a request; `urls` are its media's, in their order. `extend_off` forces prompt_extend off."""
    given_in = _loads(request.extra_input)
    given_parameters = _loads(request.extra_parameters)
    body: dict[str, object] = {
        "model": request.model,
        "input": _merge(_input(request, model, urls), given_in),
        "parameters": _merge(_parameters(request, extend_off=extend_off), given_parameters),
    }
    path = f"/services/aigc/{model.path}/video-synthesis"
    oss = any(url.startswith("oss://") for url in urls) or '"oss://' in request.extra_input
    return Outgoing(path, body, oss)


def fingerprint(request: Request, model: Model, *, extend_off: bool = False) -> str:
    """SHA-256 of the whole wire body with media by their hashes: equal means interchangeable at the vendor."""
    marks = [m.source.url if isinstance(m.source, Link) else f"sha256:{m.source.sha256}" for m in request.media]
    outgoing = build(request, model, marks, extend_off=extend_off)
    return hashlib.sha256(canonical({"path": outgoing.path, **outgoing.body}).encode()).hexdigest()


def preview(request: Request, model: Model) -> Outgoing:
    """The create call as a person may read it before it is made: local files by name and size, not by their bytes."""
    return build(request, model, [_shown(m) for m in request.media])


def _input(request: Request, model: Model, urls: Sequence[str]) -> dict[str, object]:
    fields, types = dict(model.fields), dict(model.media_types)
    found: dict[str, object] = {}
    if request.prompt:
        found["prompt"] = request.prompt
    if request.negative_prompt is not None:
        found["negative_prompt"] = request.negative_prompt
    if request.template is not None:
        found["template"] = request.template
    media: list[dict[str, object]] = []
    for item, url in zip(request.media, urls, strict=True):
        if item.role in fields:
            found[fields[item.role]] = url
        elif item.role in types or model.protocol == "media":
            media.append({"type": types.get(item.role, item.role), "url": url})
        else:
            _put(found, item.role, url)
    if media:
        found["media"] = media
    return found


def _put(found: dict[str, object], name: str, url: str) -> None:
    """A role we know nothing of is the vendor's own field; a second one of the same name makes a list."""
    held = found.get(name)
    if isinstance(held, list):
        cast("list[object]", held).append(url)
    elif held is not None:
        found[name] = [held, url]
    else:
        found[name] = [url] if name in _PLURAL else url


def _parameters(request: Request, *, extend_off: bool) -> dict[str, object]:
    extend = False if extend_off else request.prompt_extend
    values: dict[str, object] = {
        "size": request.size,
        "resolution": request.resolution,
        "ratio": request.ratio,
        "duration": request.duration_s,
        "prompt_extend": extend,
        "watermark": request.watermark,
        "shot_type": None if extend is False else request.shot_type,  # counts only with prompt_extend (FS §2.1)
        "audio": request.audio,
        "seed": request.seed,
    }
    return {name: value for name, value in values.items() if value is not None}


def _merge(ours: dict[str, object], extra: dict[str, object]) -> dict[str, object]:
    """What the caller added by hand: lists are joined, anything else is his word against our default."""
    merged = dict(ours)
    for name, value in extra.items():
        held = merged.get(name)
        both = isinstance(held, list) and isinstance(value, list)
        merged[name] = [*cast("list[object]", held), *cast("list[object]", value)] if both else value
    return merged


def _loads(text: str) -> dict[str, object]:
    found: object = json.loads(text)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _shown(item: Media) -> str:
    if isinstance(item.source, Link):
        return item.source.url
    source = item.source
    return f"<{source.name or item.role}: {source.mime}, {source.size_bytes} bytes, sha256 {source.sha256[:12]}…>"
