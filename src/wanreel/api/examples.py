"""An example for every body of the OpenAPI document: what a field says of itself, else what fields of its name hold.

Made of the schemas, so that a new route has one, and so that none can say what its schema does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

JOB = "job_01k8xgjt2k3m4n5p6q7r8s9t0v"
GROUP = "grp_01k8xgjt2k3m4n5p6q7r8s9t0v"
AT = "2026-11-26T09:00:00.000Z"
LINK = "https://wanreel.example.com/s/0123456789abcdefghjkmnpqrstvwxyz"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

OF_NAME: Mapping[str, Any] = {
    "account": "main",
    "asked_model": "wan2.5-t2v-plus",
    "base_url": "https://dashscope-intl.aliyuncs.com/api/v1",
    "budget": "films/month/CNY",
    "command": f"wanreel jobs replace {JOB}",
    "currency": "CNY",
    "detail": "There is no job here.",
    "event": "Accepted",
    "fingerprint": SHA256[:16],
    "from": "queued",
    "group": GROUP,
    "html": f'<video controls src="{LINK}"></video>',
    "id": JOB,
    "job": JOB,
    "key": f"default/2026/11/26/{JOB}.mp4",
    "kind": "job.succeeded",
    "language": "en",
    "media_type": "video/mp4",
    "message": "Say what moves, and how.",
    "mode": "t2v",
    "model": "wan2.5-t2v-preview",
    "name": "kite",
    "period": "month",
    "project": "films",
    "prompt": "Wide shot, a red kite over a grey sea, slow pan",
    "ratio": "16:9",
    "region": "beijing",
    "resolution": "720P",
    "retry_of": JOB,
    "role": "first_frame",
    "severity": "warning",
    "sha256": SHA256,
    "since": "2026-11-01",
    "size": "1280*720",
    "source": "catalog",
    "spare_of": JOB,
    "state": "generating",
    "subject": GROUP,
    "task_id": "0385dc79-5ff8-4d82-bcb6-7b1a2f4e8c11",
    "tags": "spring",
    "title": "Two camera moves that exclude each other",
    "to": "submitting",
    "until": "2026-11-26",
    "url": LINK,
    "version": "1",
    "video_id": JOB,
    "words": "The bill has it, the ledger does not.",
    "zone": "Asia/Shanghai",
}
"""By a field's name, where it is a text and says nothing of itself."""
MONEY = frozenset(
    (
        *("amount", "billed", "committed", "estimated", "left", "per_accepted", "per_clip", "per_second", "reserved"),
        *("seconds", "settled", "unproven"),
    )
)
LINKS = frozenset(("clip", "poster", "still"))
DEPTH_MAX = 8
KINDS = ("application/json", "application/problem+json", "multipart/form-data")


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The document, where every body has an example; those that are there stay."""
    schemas = cast("dict[str, Any]", document["components"]["schemas"])
    for asked, media_type, media in bodies(document):
        if media_type not in KINDS or not media.get("schema"):
            continue
        if not {"example", "examples"} & media.keys():
            media["example"] = _made(media["schema"], schemas, "", whole=not asked)
        elif "example" in media:
            _add_nulls(media["example"], media["schema"], schemas)
    return document


def bodies(document: Mapping[str, Any]) -> Iterator[tuple[bool, str, dict[str, Any]]]:
    """Every body: whether it is asked (or answered), its media type, and what is said of it."""
    for verbs in document["paths"].values():
        for operation in verbs.values():
            for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
                yield True, media_type, media
            for answer in operation["responses"].values():
                for media_type, media in answer.get("content", {}).items():
                    yield False, media_type, media


def _add_nulls(example: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Put back what must be there and is null: whoever wrote the document down has left it out."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if not isinstance(example, dict) or "properties" not in schema:
        return
    found = cast("dict[str, Any]", example)
    for name, field in schema["properties"].items():
        if name in found:
            _add_nulls(found[name], field, schemas)
        elif name in schema.get("required", ()) and "null" in field.get("type", ()):
            found[name] = None


def _made(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str, *, whole: bool, depth: int = 0) -> Any:
    """An example of a schema. `whole`: with all its fields; else with those that must be given, and those that show
    what they look like.
    """
    if "examples" in schema or "example" in schema:
        return schema["examples"][0] if "examples" in schema else schema["example"]
    if "$ref" in schema:
        return _made(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, whole=whole, depth=depth)
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            if whole and {"type": "null"} in schema[word]:
                return None  # what an answer need not have; one that shows all of it would be no job that can be
            return _made(schema[word][0], schemas, name, whole=whole, depth=depth)
    return _of_type(schema, schemas, name, whole=whole, depth=depth)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str, *, whole: bool, depth: int) -> Any:
    told = schema.get("type")
    kinds = cast("list[str]", told) if isinstance(told, list) else [str(told)]
    match next((kind for kind in kinds if kind != "null"), ""):
        case "object":
            return _object(schema, schemas, whole=whole, depth=depth)
        case "array":
            if depth >= DEPTH_MAX and not schema.get("minItems"):
                return []
            one = _made(schema.get("items", {}), schemas, name, whole=whole, depth=depth + 1)
            return [one] * max(1, schema.get("minItems", 0))
        case "integer":
            return int(max(schema.get("minimum", 1), 1)) if schema.get("maximum", 1) >= 1 else int(schema["maximum"])
        case "number":
            return float(schema.get("minimum", 1.0))
        case "boolean":
            return False
        case "string":
            return _text(schema, name)
        case _:
            return {}


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any], *, whole: bool, depth: int) -> dict[str, Any]:
    fields = cast("dict[str, Any]", schema.get("properties", {}))
    must = schema.get("required", [])
    shown = [n for n, field in fields.items() if n in must or "examples" in field or (whole and depth < DEPTH_MAX)]
    return {name: _made(fields[name], schemas, name, whole=whole, depth=depth + 1) for name in shown}


def _text(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("format") == "binary":
        return ""
    if name in MONEY:
        return "0.75"
    if name in LINKS:
        return LINK
    if name == "at" or name.endswith("_at"):
        return AT
    found = str(OF_NAME.get(name, "text"))
    return found[: schema.get("maxLength", len(found))]
