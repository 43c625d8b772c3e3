"""A create's fields, from a form or from JSON, read into an order of ours: their names, and all that Wan can do."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from wanreel.api.caller import Caller
from wanreel.api.desk import Desk
from wanreel.api.openai.forms import reading_form
from wanreel.api.orders import UPLOAD
from wanreel.api.problems import Refusal
from wanreel.api.schemas import OrderIn
from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.model import TIERS
from wanreel.domain.runtimes import tier_of

_NOT_TAKEN = ("variants", "project", "lint", "first_frame", "duration_s")
FIELDS = ("seconds", "input_reference", *(name for name in OrderIn.model_fields if name not in _NOT_TAKEN))
"""What a create may say: OpenAI's own five, and what of our own names says more."""

_FILES = {"input_reference": "first_frame", "last_frame": "last_frame", "audio_file": "audio_file"}
_PART = re.compile(r"(\w+)\[(\w*)\]")
_PIECE = 256 * 1024
_TEXT_MAX = 30_000_000  # a data: URL of the largest picture any model takes


@dataclass(frozen=True, slots=True)
class Told:
    """The fields of a request, files as uploads. `said` has their hashes instead, for telling the same again."""

    fields: Mapping[str, Any]
    said: Mapping[str, Any]


async def read_fields(request: Request, desk: Desk, caller: Caller) -> Told:
    """The fields of a JSON body or a form; its files are taken as uploads. Raises Refusal, Invalid."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        fields = _json(await request.body())
        return Told(fields, fields)
    if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Refusal("unsupported", "Send a form (multipart/form-data), or JSON with its content type.")
    fields, said = dict[str, Any](), dict[str, Any]()
    async with reading_form(request, kind, files=len(_FILES), fields=100, part_bytes=_TEXT_MAX) as form:
        for name, value in form.multi_items():
            if name in fields or (name in _FILES and f"{name}[image_url]" in form):
                raise Invalid("", (Problem(name[:80], "is given twice: say it once"),))
            if isinstance(value, UploadFile):
                if name not in _FILES:
                    raise Invalid("", (Problem(name, f"takes no file; these do: {', '.join(_FILES)}"),))
                fields[name], said[name] = await _kept(desk, caller, value)
            else:
                _put(fields, name, value)
                _put(said, name, value)
    return Told(fields, said)


async def _kept(desk: Desk, caller: Caller, file: UploadFile) -> tuple[str, str]:
    """A file of a form as a reference to an upload, and the hash of its bytes."""
    digest = hashlib.sha256()

    async def pieces() -> AsyncIterator[bytes]:
        while piece := await file.read(_PIECE):
            digest.update(piece)
            yield piece

    begun = await desk.uploads.begin(caller.project)
    kept = await desk.uploads.keep(begun.id, file.filename or "upload", pieces())
    return f"{UPLOAD}{kept.id}", f"sha256:{digest.hexdigest()}"


def _json(raw: bytes) -> dict[str, Any]:
    try:
        found: object = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as why:
        raise Refusal("malformed", f"The body is not JSON: {str(why)[:120]}") from None
    if not isinstance(found, dict):
        raise Refusal("malformed", "The body must be a JSON object.")
    return cast("dict[str, Any]", found)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _put(fields: dict[str, Any], name: str, value: str) -> None:
    """A form writes what is nested as `name[key]`, and a list as `name[]`."""
    part = _PART.fullmatch(name)
    if part is None:
        fields[name] = value
    elif not part[2] or part[2].isdecimal():
        held = fields.setdefault(part[1], [])
        if isinstance(held, list):
            cast("list[str]", held).append(value)
    else:
        held = fields.setdefault(part[1], {})
        if isinstance(held, dict):
            cast("dict[str, str]", held)[part[2]] = value


def wish_of(told: Told, catalog: Catalog, region: str) -> OrderIn:
    """The wish that fields mean, in our own API's words. Raises Invalid, in words for what cannot be mapped, and
    RequestValidationError for values of the wrong kind.
    """
    fields = {name: value for name, value in told.fields.items() if value is not None}
    taken = f"is no field of this request; these are: {', '.join(FIELDS)}"
    problems = [Problem(name[:80], taken) for name in fields if name not in FIELDS]
    prompt, model = fields.get("prompt"), fields.get("model")
    if not isinstance(prompt, str) or not prompt.strip():
        problems.append(Problem("prompt", "must not be empty: say what the clip shows"))
    if isinstance(model, str) and model.strip().lower().startswith("sora"):
        default = catalog.default(region, "t2v")
        words = f"is none of Wan's: leave it out, or name one of GET /v1/models, such as {default}"
        problems.append(Problem("model", words, model[:80]))
    first = _reference(fields.pop("input_reference", None), problems)
    if problems:
        raise Invalid("", tuple(problems))
    wish = {name: _plain(name, value) for name, value in fields.items() if name not in ("seconds", "size")}
    wish |= {"first_frame": first, "duration_s": fields.get("seconds")}
    wish |= _shape(fields, catalog, region) if first else {"size": fields.get("size")}
    try:
        return OrderIn.model_validate(wish)
    except ValidationError as wrong:
        rows = [row | {"loc": ("body", *row["loc"])} for row in wrong.errors()]
        raise RequestValidationError(rows, body={}) from None


def _plain(name: str, value: Any) -> Any:
    """A value of a form as JSON would have it: objects may come as their text, lists with commas."""
    if isinstance(value, str) and name in ("extra_input", "extra_parameters"):
        return _json(value.encode("utf-8", "replace"))
    return [part.strip() for part in value.split(",")] if isinstance(value, str) and name == "tags" else value


def _reference(value: object, problems: list[Problem]) -> object:
    """OpenAI's reference object: a link or data: URL under `image_url`."""
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if "image_url" not in fields:
        words = "must be a file, or have image_url: files of OpenAI's storage (file_id) cannot be read here"
        problems.append(Problem("input_reference", words))
        return ""
    return fields["image_url"]


def _shape(fields: Mapping[str, Any], catalog: Catalog, region: str) -> dict[str, Any]:
    """The size of a clip that starts from a picture: where it takes the picture's shape, pixels say the tier."""
    size, name = fields.get("size"), fields.get("model")
    name = name or catalog.default(region, "kf2v" if "last_frame" in fields else "i2v")
    if not isinstance(size, str) or not isinstance(name, str):
        return {"size": size}
    model = catalog.resolve(name, region).model
    tier = tier_of(size.lower().replace("x", "*"), None)
    if model.shape == "size" or "adaptive" in model.ratios or tier not in TIERS or fields.get("resolution"):
        return {"size": size}
    return {"resolution": tier}
