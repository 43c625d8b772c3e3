"""A batch file as orders: JSON Lines or CSV, every row named, every mistake found before anything is stored.

A row is known by its `id`, or else by the hash of what it says and how often that was said before in the file. Within
a batch's name that makes the job's key, so running the file again buys only rows that are new.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.job import Job
from wanreel.domain.request import Request, canonical
from wanreel.money.amount import words
from wanreel.service.order import Order, Planned
from wanreel.service.planning import local_path

ROWS_MAX = 100_000
FILE_BYTES_MAX = 256 * 1024**2
ID_CHARS_MAX = 200
_SAME = {"image": "first_frame", "duration": "duration_s", "negative": "negative_prompt", "tag": "tags"}
_FILES = ("first_frame", "last_frame", "audio_file")
_HOW = ("tags", "priority", "lint")
_ORDER = {f.name for f in fields(Order)} - {"key", "name", "called"}
COLUMNS = tuple(sorted({"id", *_SAME, *_ORDER} - {"duration_s"}))

Lines = Iterator[tuple[int, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a batch: where it stands, its id, what it orders."""

    line: int
    id: str
    order: Order


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row checked and priced."""

    row: Row
    planned: Planned


def read_batch(path: Path, name: str | None = None, again: str | None = None) -> list[Row]:
    """The rows of a `.jsonl` or `.csv` file. `again` (any fresh text) makes every row new. Raises Invalid with all
    problems found, each with its line.
    """
    kind = path.suffix.lower()
    if kind not in (".jsonl", ".csv"):
        raise _unusable(path, "must end in .jsonl (one JSON object a line) or .csv (with a header)")
    problems: list[Problem] = []
    text = _text(path)
    lines = _jsonl(text, problems) if kind == ".jsonl" else _csv(text, problems)
    batch = _marked(name or path.name)
    prefix = f"batch:{batch}:" if again is None else f"batch:{batch}@{again}:"
    rows = list(_rows(lines, prefix, path.absolute().parent, problems))
    if not rows and not problems:
        raise _unusable(path, "has no rows")
    if problems:
        raise refusal(path.name, sorted(problems, key=_line_of))
    return rows


def with_defaults(rows: list[Row], **said: str | None) -> list[Row]:
    """The rows, with what was said for all of them where a row does not say it itself."""
    given = {name: value for name, value in said.items() if value is not None}
    return [
        replace(
            row, order=replace(row.order, **{n: v for n, v in given.items() if getattr(row.order, n) in (None, "")})
        )
        for row in rows
    ]


def over_cap(rows: list[PlannedRow]) -> list[Problem]:
    """What is wrong with a batch whose rows may cost more together than any of them allows for all."""
    caps = [(row.planned.group_max_cost, row.row.line) for row in rows if row.planned.group_max_cost is not None]
    if not caps:
        return []
    cap, line = min(caps)
    whole = sum(((r.planned.estimate.amount or Decimal(0)) * r.planned.clips for r in rows), Decimal(0))
    if whole <= cap:
        return []
    words_ = f"is less than all rows may cost together: {words(whole)} {rows[0].planned.estimate.currency}"
    return [Problem(f"line {line}, group_max_cost", words_, words(cap))]


def _marked(name: str) -> str:
    """A batch's name as it stands in keys: with nothing that could be taken for the end of a name."""
    return name.replace("%", "%25").replace(":", "%3A").replace("@", "%40")


def refusal(file_name: str, problems: list[Problem]) -> Invalid:
    """All that is wrong with a batch, at once."""
    return Invalid(f"{file_name}: nothing was stored or sent", tuple(problems))


def at_line(line: int, wrong: Invalid) -> list[Problem]:
    """An order's problems, each with the line it stands in."""
    return [replace(p, field=f"line {line}, {p.field}") for p in wrong.problems]


def changed_rows(rows: list[PlannedRow], jobs: list[Job]) -> list[Row]:
    """Rows that say something else than what was bought under their id before. `jobs` are the clips' in order."""
    wanted = [(row.row, request) for row in rows for request in row.planned.requests]
    changed: dict[str, Row] = {}
    for job, (row, request) in zip(jobs, wanted, strict=True):
        if not same_wish(request, job, seed_given=row.order.seed not in (None, "")):
            changed[row.id] = row
    return list(changed.values())


def same_wish(request: Request, job: Job, *, seed_given: bool) -> bool:
    """Whether a request asks for what a job was made of; a seed that was drawn is nobody's wish."""
    seed = request.seed if seed_given else job.request.seed
    return replace(request, seed=seed, asked_model="") == replace(job.request, asked_model="")


# --- reading --------------------------------------------------------------------------------------------------------


def _unusable(path: Path, words: str) -> Invalid:
    return Invalid("", (Problem("file", words, str(path)),))


def _text(path: Path) -> str:
    try:
        facts = path.stat()  # before it is opened: a pipe would be waited for, a device would never end
        if not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
            raise _unusable(path, "is a pipe, a socket or a device: save it to a plain file first")
        if facts.st_size > FILE_BYTES_MAX:
            raise _unusable(path, f"is larger than {FILE_BYTES_MAX // 1024**2} MB: split it")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(path, "is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)") from None
    except IsADirectoryError:
        raise _unusable(path, "is a folder: name a file in it") from None
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from None


def _jsonl(text: str, problems: list[Problem]) -> Lines:
    for number, line in enumerate(text.split("\n"), 1):  # not splitlines: U+2028 is a letter inside a JSON text
        if not line.strip():
            continue
        try:
            body: object = json.loads(line, object_pairs_hook=_each_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"line {number}", f"is not JSON: {error}"))
            continue
        if isinstance(body, dict):
            yield number, cast("dict[str, object]", body)
        else:
            problems.append(Problem(f"line {number}", "must be a JSON object"))


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    body = dict(pairs)
    if len(body) < len(pairs):
        twice = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"{', '.join(twice)} is said twice")
    return body


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is no JSON value")


def _csv(text: str, problems: list[Problem]) -> Lines:
    first = text.partition("\n")[0]
    mark = next((m for m in (",", ";", "\t") if m in first), ",")  # Excel writes ; where the comma is the decimal point
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    header: list[str] = []
    try:
        for number, cells in _numbered(reader):
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip().lower() for cell in cells]
                twice = sorted(name for name, times in Counter(header).items() if times > 1)
                if twice:
                    problems.append(Problem(f"line {number}", f"names a column twice: {', '.join(twice) or 'empty'}"))
                    return
                continue
            if any(cell.strip() for cell in cells[len(header) :]):
                problems.append(Problem(f"line {number}", f"has more cells than the header: quote cells with {mark}"))
                continue
            yield number, {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
    except csv.Error as error:
        problems.append(Problem(f"line {reader.line_num}", f"is not CSV: {error}"))


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Records with the line they begin in; a quoted cell may hold several lines."""
    begins = 1
    for cells in reader:
        yield begins, cells
        begins = reader.line_num + 1


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(lines: Lines, prefix: str, folder: Path, problems: list[Problem]) -> Iterator[Row]:
    said: Counter[str] = Counter()
    ids: dict[str, int] = {}
    for count, (number, body) in enumerate(lines, 1):
        where = f"line {number}"
        if count > ROWS_MAX:
            problems.append(Problem(where, f"a batch has at most {ROWS_MAX} rows: split it"))
            return
        given = _given(where, body, problems)
        row_id = None if given is None else _row_id(where, given, said, problems)
        if given is None or row_id is None:
            continue
        if row_id in ids:
            problems.append(Problem(where, f"has the id {row_id!r} of line {ids[row_id]}; ids must differ"))
            continue
        ids[row_id] = number
        for role in _FILES:
            if isinstance(reference := given.get(role), str):
                given[role] = _beside(reference, folder)
        yield Row(number, row_id, Order(**cast("dict[str, Any]", {**given, "name": row_id, "key": prefix + row_id})))


def _given(where: str, body: Mapping[str, object], problems: list[Problem]) -> dict[str, object] | None:
    """A row's cells under the names an order has for them; None when some are unknown, or say the same thing."""
    before = len(problems)
    given: dict[str, object] = {}
    for column, value in body.items():
        name = _SAME.get(column, column)
        if name not in _ORDER and name != "id":
            known = f"known are {', '.join(COLUMNS)}"
            hint = "the first frame is called image here" if column in ("image_url", "img_url") else known
            problems.append(Problem(where, f"has an unknown column {column!r}; {hint}"))
        elif value is not None and name in given:
            problems.append(Problem(where, f"says {name} twice: once as {column}; drop one of them"))
        elif value is not None:
            given[name] = value
    problems += [
        Problem(f"{where}, {role}", "must be the text of a path or a link", repr(given[role]))
        for role in _FILES
        if role in given and not isinstance(given[role], str)
    ]
    return given if len(problems) == before else None


def _row_id(where: str, given: dict[str, object], said: Counter[str], problems: list[Problem]) -> str | None:
    own = given.pop("id", "")
    if isinstance(own, bool) or not isinstance(own, (str, int)):
        problems.append(Problem(f"{where}, id", "must be text or a whole number", repr(own)))
        return None
    text = str(own).strip()
    if len(text) > ID_CHARS_MAX or not text.isprintable():
        problems.append(Problem(f"{where}, id", f"must be at most {ID_CHARS_MAX} printable characters", text[:60]))
        return None
    return text or _hash_id(given, said)


def _hash_id(given: dict[str, object], said: Counter[str]) -> str:
    wish = {name: value for name, value in given.items() if name not in _HOW}  # to tag a row anew is not to buy it anew
    mark = hashlib.sha256(canonical(wish).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    said[mark] += 1
    return f"{mark}-{said[mark]}"


def _beside(reference: str, folder: Path) -> str:
    """A relative path in a batch file is meant from where the file lies."""
    try:
        path = local_path(reference)
    except Invalid:
        return reference  # planning says what is wrong with it, and where
    return reference if path is None else str(folder / path)


def _line_of(problem: Problem) -> int:
    return int(problem.field.partition(",")[0].removeprefix("line "))
