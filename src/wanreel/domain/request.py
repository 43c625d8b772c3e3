"""What a caller asked for: the draft a face hands in, and the validated, immutable request a job is made of.

A `Draft` holds whatever a face was given (a CSV cell, a flag, a JSON value). `domain.validate` turns it into a
`Request`, whose values are exactly those that go out. Local files are `Stored`: copied into our home, named by hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeVar, cast

from wanreel.domain.errors import Invalid, Problem

FIRST_FRAME = "first_frame"
LAST_FRAME = "last_frame"
AUDIO = "audio"
_T = TypeVar("_T")

ROLES = (FIRST_FRAME, LAST_FRAME, AUDIO)  # any other role is one of the vendor's own words and passes through


@dataclass(frozen=True, slots=True)
class Link:
    """Media that the vendor fetches itself: an http(s) URL, or an oss:// one of its temporary storage."""

    url: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A local file kept in our home under its hash; sides in pixels, 0 for what is not a picture.

    `has_alpha` is kept because the vendor refuses a PNG with transparency.
    """

    sha256: str
    mime: str
    size_bytes: int
    width: int = 0
    height: int = 0
    name: str = ""
    has_alpha: bool = False


Source = Link | Stored


@dataclass(frozen=True, slots=True)
class Media:
    """One picture, sound or clip of a request and the part it plays."""

    role: str
    source: Source


@dataclass(frozen=True, slots=True)
class Request:
    """A validated request. None: the field is not sent and the vendor's default holds.

    Exactly one of `size` (W*H) and `resolution` (a tier) is set where the model is known. `extra_*` are JSON objects
    as canonical text, merged into the wire's `input` and `parameters`.
    """

    mode: str
    model: str  # the official id
    prompt: str = ""
    negative_prompt: str | None = None
    media: tuple[Media, ...] = ()
    size: str | None = None
    resolution: str | None = None
    ratio: str | None = None
    duration_s: int | None = None
    seed: int | None = None
    prompt_extend: bool | None = None
    watermark: bool | None = None
    shot_type: str | None = None
    audio: bool | None = None
    template: str | None = None
    extra_input: str = "{}"
    extra_parameters: str = "{}"
    asked_model: str = ""  # the name the caller used, when it was another one

    def source(self, role: str) -> Source | None:
        """The first media of a role."""
        return next((m.source for m in self.media if m.role == role), None)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a face hands in, unchecked. Numbers and switches may be texts, as in a CSV cell; None is "not said".

    `extra_*` are JSON objects, or the text of one.
    """

    prompt: str | None = None
    model: str | None = None
    mode: str | None = None
    negative_prompt: str | None = None
    media: tuple[Media, ...] = ()
    size: str | None = None
    resolution: str | None = None
    ratio: str | None = None
    duration_s: float | str | None = None
    seed: int | str | None = None
    prompt_extend: bool | str | None = None
    watermark: bool | str | None = None
    shot_type: str | None = None
    audio: bool | str | None = None
    template: str | None = None
    extra_input: Mapping[str, object] | str | None = None
    extra_parameters: Mapping[str, object] | str | None = None


def draft_of(request: Request) -> Draft:
    """What a face would have handed in for this request: to be changed, and checked anew."""
    return Draft(**{field.name: getattr(request, field.name) for field in fields(Draft)})


# --- as JSON --------------------------------------------------------------------------------------------------------

_TEXTS = ("mode", "model", "prompt", "extra_input", "extra_parameters", "asked_model")
_MAYBE_TEXTS = ("negative_prompt", "size", "resolution", "ratio", "shot_type", "template")
_MAYBE_INTS = ("duration_s", "seed")
_MAYBE_BOOLS = ("prompt_extend", "watermark", "audio")
_STORED_TEXTS = ("sha256", "mime", "name")
_STORED_INTS = ("size_bytes", "width", "height")
_STORED_FIELDS = (*_STORED_TEXTS, *_STORED_INTS, "has_alpha")
_FIELDS = frozenset((*_TEXTS, *_MAYBE_TEXTS, *_MAYBE_INTS, *_MAYBE_BOOLS, "media"))


def canonical(value: object) -> str:
    """JSON text in which equal values are equal texts: keys sorted, no spaces, real characters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def to_json(request: Request) -> dict[str, object]:
    """A JSON object holding the whole request; fields that are not set are left out."""
    names = (*_TEXTS, *_MAYBE_TEXTS, *_MAYBE_INTS, *_MAYBE_BOOLS)
    body: dict[str, object] = {name: getattr(request, name) for name in names}
    body = {name: value for name, value in body.items() if value is not None}
    body["media"] = [{"role": m.role, **_source_to_json(m.source)} for m in request.media]
    return body


def from_json(body: object) -> Request:
    """The request of a JSON object made by `to_json`. Raises Invalid for anything else, and for fields it does not
    know: a newer wanreel wrote them, and to drop one would change what is bought.
    """
    row = _object(body, "request")
    _known(row, _FIELDS, "request")
    media = row.get("media", [])
    if not isinstance(media, list):
        raise _unreadable("request.media", "must be a list", media)
    return Request(
        mode=_typed(row, "mode", str),
        model=_typed(row, "model", str),
        prompt=_typed(row, "prompt", str),
        negative_prompt=_maybe(row, "negative_prompt", str),
        media=tuple(_media_from_json(item) for item in cast("list[object]", media)),
        size=_maybe(row, "size", str),
        resolution=_maybe(row, "resolution", str),
        ratio=_maybe(row, "ratio", str),
        duration_s=_maybe(row, "duration_s", int),
        seed=_maybe(row, "seed", int),
        prompt_extend=_maybe(row, "prompt_extend", bool),
        watermark=_maybe(row, "watermark", bool),
        shot_type=_maybe(row, "shot_type", str),
        audio=_maybe(row, "audio", bool),
        template=_maybe(row, "template", str),
        extra_input=_typed(row, "extra_input", str),
        extra_parameters=_typed(row, "extra_parameters", str),
        asked_model=_typed(row, "asked_model", str),
    )


def fingerprint(request: Request) -> str:
    """SHA-256 of everything that decides the wire body, media by their hashes: equal requests buy equal tasks."""
    body = to_json(request)
    body.pop("asked_model")
    body["media"] = [
        {"role": m.role, "is": m.source.url if isinstance(m.source, Link) else m.source.sha256} for m in request.media
    ]
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def _source_to_json(source: Source) -> dict[str, object]:
    if isinstance(source, Link):
        return {"url": source.url}
    return {name: getattr(source, name) for name in _STORED_FIELDS}


def _media_from_json(body: object) -> Media:
    row = _object(body, "request.media")
    role = _typed(row, "role", str)
    if "url" in row:
        _known(row, frozenset(("role", "url")), "request.media")
        return Media(role, Link(_typed(row, "url", str)))
    _known(row, frozenset(("role", *_STORED_FIELDS)), "request.media")
    return Media(
        role,
        Stored(
            sha256=_typed(row, "sha256", str),
            mime=_typed(row, "mime", str),
            size_bytes=_typed(row, "size_bytes", int),
            width=_typed(row, "width", int),
            height=_typed(row, "height", int),
            name=_typed(row, "name", str),
            has_alpha=_typed(row, "has_alpha", bool),
        ),
    )


def _object(body: object, where: str) -> Mapping[str, object]:
    if isinstance(body, Mapping):
        return cast("Mapping[str, object]", body)
    raise _unreadable(where, "must be a JSON object", body)


def _known(row: Mapping[str, object], names: frozenset[str], where: str) -> None:
    strange = sorted(set(row) - names)
    if strange:
        words = "has fields this version does not know; a newer wanreel wrote it: use that version"
        raise _unreadable(where, words, ", ".join(strange))


def _typed(row: Mapping[str, object], name: str, kind: type[_T]) -> _T:
    value = row.get(name)
    if type(value) is kind:
        return value
    raise _unreadable(f"request.{name}", f"must be {kind.__name__}", value)


def _maybe(row: Mapping[str, object], name: str, kind: type[_T]) -> _T | None:
    return None if row.get(name) is None else _typed(row, name, kind)


def _unreadable(where: str, message: str, given: object) -> Invalid:
    return Invalid("this is not a stored request:", (Problem(where, message, repr(given)[:200]),))
