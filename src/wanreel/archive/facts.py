"""What a folder remembers of a file beside its bytes: a small hidden file next to it, as a bucket keeps metadata.

It moves with the folder, names no path, and nothing depends on it but `wanreel storage reindex` and media types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from wanreel.ports.archive import Label

ENDING = ".wanreel-facts"
_BYTES_MAX = 64 * 1024


def facts_path(path: Path) -> Path:
    """Where the facts of the file at `path` lie."""
    return path.with_name(f".{path.name}{ENDING}")


def encoded(label: Label) -> bytes:
    """A label as JSON."""
    return json.dumps(
        {"media_type": label.media_type, "facts": dict(label.facts)}, ensure_ascii=False, sort_keys=True
    ).encode()


def read_facts(path: Path) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Media type and facts of the file at `path`; nothing where none were kept or they cannot be read."""
    try:
        with facts_path(path).open("rb") as file:
            body: object = json.loads(file.read(_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return "", ()
    if not isinstance(body, dict):
        return "", ()
    row = cast("dict[str, object]", body)
    facts = row.get("facts")
    pairs = cast("dict[str, object]", facts).items() if isinstance(facts, dict) else ()
    return str(row.get("media_type", "")), tuple((name, str(value)) for name, value in sorted(pairs))
