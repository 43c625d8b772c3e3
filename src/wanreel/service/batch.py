"""A batch file as orders: JSON Lines or CSV, every row named, every mistake found before anything is stored.

A row is known by its `id`, or else by the hash of what it says and how often that was said before in the file. Within
a batch's name that makes the job's key, so running the file again buys only rows that are new.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.request import canonical
from wanreel.service.order import Order
from wanreel.service.planning import local_path

ROWS_MAX = 100_000
_SAME = {"image": "first_frame", "duration": "duration_s", "negative": "negative_prompt"}
_FILES = ("first_frame", "last_frame", "audio_file")
_ORDER = {f.name for f in fields(Order)} - {"key", "name"}
COLUMNS = tuple(sorted({"id", *_SAME, *_ORDER} - {"duration_s"}))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a batch: where it stands, its id, what it orders."""

    line: int
    id: str
    order: Order


def read_batch(path: Path, name: str | None = None, again: str | None = None) -> list[Row]:
    """The rows of a `.jsonl` or `.csv` file. `again` (any fresh text) makes every row new. Raises Invalid with all
    problems found, each with its line.
    """
    kind = path.suffix.lower()
    if kind not in (".jsonl", ".csv"):
        raise Invalid(
            "", (Problem("file", "must end in .jsonl (one JSON object a line) or .csv (with a header)", str(path)),)
        )
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("", (Problem("file", "is not UTF-8: save it as UTF-8", str(path)),)) from None
    except OSError as error:
        raise Invalid("", (Problem("file", f"cannot be read: {error.strerror}", str(path)),)) from None
    problems: list[Problem] = []
    lines = _jsonl(text, problems) if kind == ".jsonl" else _csv(text, problems)
    batch = name or path.name
    prefix = f"batch:{batch}:" if again is None else f"batch:{batch}@{again}:"
    rows = list(_rows(lines, prefix, path.absolute().parent, problems))
    if not rows and not problems:
        problems.append(Problem("file", "has no rows", str(path)))
    if problems:
        raise Invalid(f"{path.name}: nothing was stored or sent", tuple(problems))
    return rows


def _jsonl(text: str, problems: list[Problem]) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            body = json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"line {number}", f"is not JSON: {error}"))
            continue
        if isinstance(body, dict):
            yield number, body
        else:
            problems.append(Problem(f"line {number}", "must be a JSON object"))


def _csv(text: str, problems: list[Problem]) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for body in reader:
            if None in body:
                problems.append(Problem(f"line {reader.line_num}", "has more cells than the header; quote commas"))
                continue
            yield reader.line_num, {k.strip(): v for k, v in body.items() if v is not None and v.strip()}
    except csv.Error as error:
        problems.append(Problem(f"line {reader.line_num}", f"is not CSV: {error}"))


def _rows(
    lines: Iterator[tuple[int, Mapping[str, object]]], prefix: str, folder: Path, problems: list[Problem]
) -> Iterator[Row]:
    said: Counter[str] = Counter()
    ids: dict[str, int] = {}
    for number, body in lines:
        if number > ROWS_MAX:
            problems.append(Problem(f"line {number}", f"a batch has at most {ROWS_MAX} lines: split it"))
            return
        where = f"line {number}"
        given = {_SAME.get(k, k): v for k, v in body.items() if v is not None}
        strange = sorted(set(given) - _ORDER - {"id"})
        for column in strange:
            hint = "use img_url? here it is called image" if column in ("image_url", "img_url") else ""
            known = hint or f"known are {', '.join(COLUMNS)}"
            problems.append(Problem(where, f"has an unknown column {column!r}; {known}"))
        if strange:
            continue
        own = str(given.pop("id", "")).strip()
        row_id = own or _hash_id(given, said)
        if row_id in ids:
            problems.append(Problem(where, f"has the id {row_id!r} of line {ids[row_id]}; ids must differ"))
            continue
        ids[row_id] = number
        for role in _FILES:
            if role in given:
                try:
                    given[role] = _beside(str(given[role]), folder)
                except Invalid as wrong:
                    problems.append(Problem(f"{where}, {role}", wrong.message))
        yield Row(number, row_id, Order(**{**given, "name": row_id, "key": prefix + row_id}))  # type: ignore[arg-type]


def _hash_id(given: Mapping[str, object], said: Counter[str]) -> str:
    mark = hashlib.sha256(canonical(dict(given)).encode()).hexdigest()[:16]
    said[mark] += 1
    return f"{mark}-{said[mark]}"


def _beside(reference: str, folder: Path) -> str:
    """A relative path in a batch file is meant from where the file lies."""
    path = local_path(reference)
    return reference if path is None else str(folder / path)
