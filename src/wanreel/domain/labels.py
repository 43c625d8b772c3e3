"""What people sort jobs by: the one project of a job, its tags, its priority. Checked once, where they enter."""

from __future__ import annotations

from typing import cast

from wanreel.domain.errors import Invalid, Problem

PROJECT = "default"
NAME_CHARS_MAX = 64
TAGS_MAX = 20
PRIORITY_MAX = 100


def project_name(value: object, fallback: str = PROJECT) -> str:
    """The project a face was given, or `fallback` where it was given none. Raises Invalid."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return fallback
    return _name(value, "project")


def tag_names(value: object) -> tuple[str, ...]:
    """The tags of a list, or of a text with commas between them; each once, in the order given. Raises Invalid."""
    if value is None:
        return ()
    given: list[object]
    if isinstance(value, str):
        given = [part for part in value.replace("，", ",").split(",") if part.strip()]
    elif isinstance(value, (list, tuple)):
        given = list(cast("list[object]", value))
    else:
        raise Invalid("", (Problem("tags", "must be a list of names, or a text with commas between them", str(value)),))
    tags = tuple(dict.fromkeys(_name(one, "tags") for one in given))
    if len(tags) > TAGS_MAX:
        raise Invalid("", (Problem("tags", f"are at most {TAGS_MAX}", str(len(tags)), "too_many_tags"),))
    return tags


def priority_figure(value: object) -> int:
    """How urgent a job is, from -100 to 100, 0 where nothing was said; it may be a text, as in a CSV cell.
    Raises Invalid.
    """
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if value is None or value == "" or (isinstance(value, str) and not text):
        return 0
    try:
        figure = int(text)
    except ValueError:
        figure = PRIORITY_MAX + 1
    if abs(figure) > PRIORITY_MAX:
        words = f"must be a whole number from -{PRIORITY_MAX} to {PRIORITY_MAX}: the higher goes first"
        raise Invalid("", (Problem("priority", words, str(value)[:80]),))
    return figure


def _name(value: object, field: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > NAME_CHARS_MAX or not text.isprintable() or "," in text or "/" in text:
        words = f"must be a name of 1 to {NAME_CHARS_MAX} printable characters without , and /"
        raise Invalid("", (Problem(field, words, str(value)[:80], "no_label"),))
    return text
