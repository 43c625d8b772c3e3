"""What a clip is called in the archive: keys made from a template, safe on every file system and bucket. Pure.

A key is `/`-separated and relative. Its folders need no coordination: a job's id is in every name, so no two jobs meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wanreel.domain.errors import Invalid, Problem

TEMPLATE = "{project}/{yyyy}/{mm}/{dd}/{job}.mp4"

_FIELDS = ("project", "yyyy", "mm", "dd", "job", "name", "group", "model")
_PART_BYTES_MAX = 120  # leaves room for a variant's and a temporary's ending within the 255 of a file system
_STORED_PART_BYTES_MAX = 200  # such a part with a variant's ending
_KEY_BYTES_MAX = 700  # S3 allows 1024, OSS 1023
_FIELD_BYTES_MAX = 60
_JOB_LETTERS = 30
_LAST_AT = 253402300799.0  # the end of the year 9999
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # devices, under Windows, in any folder
_SAFE = re.compile(r"[A-Za-z0-9_.-]*")  # most parts: nothing of them changes but their ends
_EMPTY = "x"


@dataclass(frozen=True, slots=True)
class Naming:
    """How keys are made. The template may use {project} {yyyy} {mm} {dd} {job} {name} {group} {model}, and must use
    {job}: an id is drawn afresh for each job and comes through whole, so no two jobs get one key, whatever the others
    hold. What a field has no value for leaves no empty folder.
    """

    project: str = "default"
    template: str = TEMPLATE

    def __post_init__(self) -> None:
        """Refuse, once and early, a template that could not give every job a key of its own. Raises Invalid."""
        used = re.findall(r"\{([^{}]*)\}", self.template)
        problems = [f"{{{field}}} is not known" for field in used if field not in _FIELDS]
        if "job" not in used:
            problems.append("{job} is missing, so that two clips could get one name")
        if not self.template.endswith(".mp4"):
            problems.append("it does not end in .mp4")
        if re.match(r"[/.]*inputs/", self.template):
            problems.append("it begins with inputs/, where pictures lie that are delivered from the archive")
        if not problems and not _leaves_room(self.template):
            problems.append("it is too long for the job's id to fit in")
        if problems:
            allowed = " ".join(f"{{{field}}}" for field in _FIELDS)
            message = f"{'; '.join(problems)}. Allowed: {allowed}, for example {TEMPLATE}"
            raise Invalid("", (Problem("archive_key", message, self.template),))


@dataclass(frozen=True, slots=True)
class Named:
    """What a job is known by besides its id; "" where it has none."""

    name: str | None = None
    group: str | None = None
    model: str = ""


def clip_key(job_id: str, created_at: float, named: Named | None = None, naming: Naming | None = None) -> str:
    """The key of a job's clip. Days are UTC; what is not a letter, digit, `-`, `_` or `.` becomes `-`."""
    named = named or Named()
    naming = naming or Naming()
    day = datetime.fromtimestamp(min(max(created_at, 0.0), _LAST_AT), UTC)
    values = {
        "project": naming.project,
        "yyyy": f"{day.year:04d}",
        "mm": f"{day.month:02d}",
        "dd": f"{day.day:02d}",
        "job": job_id,
        "name": named.name or "",
        "group": named.group or "",
        "model": named.model,
    }
    return _filled(naming.template, values)


def _filled(template: str, values: Mapping[str, str]) -> str:
    safe = {field: safe_part(value, _FIELD_BYTES_MAX) if value else "" for field, value in values.items()}
    key = re.sub(r"\{(\w+)\}", lambda field: safe[field.group(1)], template)
    *folders, file = (part for part in key.split("/") if part not in ("", ".", ".."))
    return "/".join([*(safe_part(folder) for folder in folders), safe_part(file.removesuffix(".mp4")) + ".mp4"])


def _leaves_room(template: str) -> bool:
    """Whether the job's id comes through whole when every field is as long as it can be."""
    job = "j" * _JOB_LETTERS
    key = _filled(template, {field: job if field == "job" else "n" * _FIELD_BYTES_MAX for field in _FIELDS})
    return job in key and len(key.encode()) <= _KEY_BYTES_MAX - _JOB_LETTERS


def variant_key(key: str, sha256: str, letters: int = 12) -> str:
    """Where a clip goes when other bytes lie under its key: named by its own hash, so that again is the same again."""
    return f"{key.removesuffix('.mp4')}.{sha256[:letters]}.mp4"


def safe_part(text: str, bytes_max: int = _PART_BYTES_MAX) -> str:
    """One part of a key from any text: normalised, no separators, no leading dot, no reserved name, never empty."""
    if len(text) <= bytes_max and _SAFE.fullmatch(text) and "--" not in text:
        words = text.strip("-.")
        return f"_{words}" if _RESERVED.match(words) else words or _EMPTY
    words = "".join(
        letter if letter.isalnum() or letter in "-_." else "-" for letter in unicodedata.normalize("NFKC", text)
    )
    words = re.sub(r"-{2,}", "-", words).strip("-.")
    words = words.encode("utf-8", "ignore")[:bytes_max].decode("utf-8", "ignore").strip("-.")
    return f"_{words}" if _RESERVED.match(words) else words or _EMPTY


def check_key(key: str) -> str:
    """The key itself, if following it below a root cannot lead out of it or onto a hidden file. Raises Invalid."""
    parts = key.split("/")
    fine = len(key.encode("utf-8", "replace")) <= _KEY_BYTES_MAX and all(
        part
        and not part.startswith(".")
        and not any(letter in '\\:*?"<>|' or not letter.isprintable() for letter in part)
        and len(part.encode("utf-8", "replace")) <= _STORED_PART_BYTES_MAX
        for part in parts
    )
    if not fine:
        raise Invalid(f"{key[:200]!r} cannot be the name of a clip: use relative names made of plain words and '/'")
    return key
