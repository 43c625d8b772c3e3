"""`wanreel lint`: what is wrong with a prompt, before it is paid for."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, HomeOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import run

if TYPE_CHECKING:
    from wanreel.domain.errors import Problem
    from wanreel.domain.job import Remark
    from wanreel.prompt import Finding, Lint
    from wanreel.service.linting import Judged

Format = Literal["text", "json", "github"]
Mode = Literal["t2v", "i2v", "kf2v"]
CHARS_MAX = 20_000  # as over HTTP: four times what any model reads
DURATION_MAX_S = 3600
_SIZE = re.compile(r"\d{2,5}[*x×]\d{2,5}|\d{1,3}:\d{1,3}|\d{3,4}[Pp]")


@dataclass(frozen=True)
class Line:
    """One input: where it stands and what is judged."""

    id: str
    place: str
    line: int
    judged: Judged
    given: dict[str, Any]


def lint(
    source: Annotated[str, Parameter(allow_leading_hyphen=True)] = "-",
    /,
    *,
    mode: Mode | None = None,
    model: str | None = None,
    size: str | None = None,
    duration: int = 5,
    fix: bool = False,
    deep: Annotated[bool, Parameter(negative="")] = False,
    format: Annotated[Format, Parameter(help="How to print.")] = "text",  # noqa: A002
    home: HomeOptions = HOME,
) -> int:
    """Say what is wrong with prompts, before they are paid for.

    Ends with 0 when nothing was found but advice, with 1 when something was.

    Parameters
    ----------
    source
        A prompt, a .txt file (one prompt a line), a .jsonl file (prompt, id, mode, model, size), or - for stdin.
    mode
        t2v, i2v or kf2v; default t2v, or what the model does.
    model
        Model id or alias: its limits are what the prompt is judged by.
    size
        W*H, to compare with the framing the prompt asks for.
    duration
        Length of the clip in seconds.
    fix
        Print the prompts mended: what should not appear moves into the negative prompt. Files are not changed.
    deep
        Ask a language model too (Qwen with your key, or WANREEL_LINT_URL): it may find what rules cannot.
    """
    as_json = home.json or format == "json"
    how: Format = "json" if as_json else format

    async def work() -> int:
        from wanreel.prompt import lint as read

        lines = _lines(source, {"mode": mode, "model": model, "size": size, "duration": duration})
        found = [(line, read(line.judged.subject)) for line in lines]
        if fix:
            for line, result in found:
                _mended(line, result, as_json=as_json)
            return Exit.OK
        said = await _asked(lines, home) if deep else [()] * len(lines)
        for (line, result), remarks in zip(found, said, strict=True):
            bodies = sorted(
                [*map(_body, result.findings), *map(_remark, remarks)], key=lambda b: (b["start"], b["end"])
            )
            {"text": _as_text, "json": _as_json, "github": _as_github}[how](line, bodies)
        return Exit.FAILED if any(r.labels for _, r in found) or any(said) else Exit.OK

    return run(work, as_json=as_json)


async def _asked(lines: list[Line], home: HomeOptions) -> list[tuple[Remark, ...]]:
    """What a language model says of each line; where it cannot be asked that is told, and the rules stand alone."""
    from wanreel.ports.prompts import ReadFailed
    from wanreel.settings import load
    from wanreel.wiring import prompt_reader

    reader = prompt_reader(load(**home.given()))
    said: list[tuple[Remark, ...]] = []
    for line in lines:
        subject = line.judged.subject
        try:
            said.append(await reader.read(subject.prompt, subject.mode or "t2v", subject.size))
        except ReadFailed as why:
            say(f"note: line {line.line}: the language model {why.why}")
            said.append(())
    return said


def _lines(source: str, defaults: dict[str, Any]) -> list[Line]:
    from wanreel.domain.errors import NotFound

    if source == "-":
        text, place = _decoded(sys.stdin.buffer.read(), "stdin"), "stdin"
    elif source.lower().endswith((".txt", ".jsonl")) and "\n" not in source:
        path = Path(source)
        if not path.is_file():
            raise NotFound(f"there is no file {source}")
        text, place = _decoded(path.read_bytes(), source), source
    else:
        rows = [(1, {"prompt": source})]
        return _checked(rows, "prompt", defaults)
    as_rows = place.lower().endswith(".jsonl") or (place == "stdin" and text.lstrip().startswith("{"))
    numbered = [(n, raw.removesuffix("\r")) for n, raw in enumerate(text.split("\n"), 1) if raw.strip()]
    return _checked([(n, _row(raw) if as_rows else {"prompt": raw}) for n, raw in numbered], place, defaults)


def _decoded(raw: bytes, name: str) -> str:
    """Text as editors write it: UTF-8, UTF-16 with its mark, or GB18030. Raises Invalid."""
    from wanreel.domain.errors import Invalid, Problem

    marks = {b"\xff\xfe": ("utf-16",), b"\xfe\xff": ("utf-16",)}
    for encoding in marks.get(raw[:2], ("utf-8-sig", "gb18030")):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or "\0" not in text:
            return text
    raise Invalid("", (Problem(name, "is no text: save it as UTF-8, one prompt a line or JSON Lines"),))


def _row(raw: str) -> dict[str, Any]:
    """A row of JSON Lines; empty where it is none."""
    try:
        row: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", row) if isinstance(row, dict) else {}


def _checked(rows: list[tuple[int, dict[str, Any]]], place: str, defaults: dict[str, Any]) -> list[Line]:
    """The inputs, all of them in order. Raises Invalid with everything that is wrong with any."""
    from wanreel.domain.errors import Invalid, Problem

    problems: list[Problem] = []
    for number, row in rows:
        if not isinstance(row.get("prompt"), str):
            problems.append(Problem(f"line {number}", "must be a JSON object with a text `prompt`"))
            continue
        given = {**defaults, **{key: value for key, value in row.items() if value is not None}}
        problems += [Problem(f"line {number}, {field}", words, said[:80]) for field, words, said in _wrong(given)]
    if problems:
        raise Invalid("", tuple(problems))
    return [_line(row, str(row.get("id", n)), place, n, defaults) for n, row in rows]


def _wrong(given: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with an input: field, words, what was given."""
    prompt, mode, size, duration = given["prompt"], given.get("mode"), given.get("size"), given.get("duration")
    if len(prompt) > CHARS_MAX:
        words = f"is {len(prompt)} characters long, and no model reads a quarter of {CHARS_MAX}: one prompt a line?"
        yield "prompt", words, prompt
    if mode is not None and mode not in get_args(Mode):
        yield "mode", f"must be one of {', '.join(get_args(Mode))}", str(mode)
    if given.get("model") is not None and not isinstance(given["model"], str):
        yield "model", "must be a model's id", str(given["model"])
    elif given.get("model"):
        yield from ((p.field, p.message, p.given) for p in _unknown(str(given["model"])))
    if size is not None and not (isinstance(size, str) and _SIZE.fullmatch(size)):
        yield "size", "must be like 1280*720, 16:9 or 720P", str(size)
    if duration is not None and not (type(duration) in (int, float) and 1 <= duration <= DURATION_MAX_S):
        yield "duration", f"must be 1 to {DURATION_MAX_S} seconds", str(duration)


def _unknown(model: str) -> tuple[Problem, ...]:
    """What is wrong with a model's name: its limits are those a prompt is read by."""
    from wanreel.data.shelf import load_catalog
    from wanreel.domain.errors import Invalid

    try:
        load_catalog().must_know(model)
    except Invalid as wrong:
        return wrong.problems
    return ()


def _line(row: dict[str, Any], name: str, place: str, number: int, defaults: dict[str, Any]) -> Line:
    from wanreel.data.shelf import load_catalog
    from wanreel.service.linting import subject_of

    given = {**defaults, **{key: value for key, value in row.items() if value is not None}}
    judged = subject_of(
        str(row["prompt"]),
        load_catalog(),
        mode=str(given["mode"]) if given.get("mode") else None,
        model=str(given["model"]) if given.get("model") else None,
        size=str(given["size"]) if given.get("size") else None,
        duration_s=int(given.get("duration") or 5),
    )
    return Line(name, place, number, judged, row)


def _body(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    fix = {"remove": [finding.start, finding.end], "negative_prompt": finding.fix.negative} if finding.fix else None
    return {
        "code": rule.code,
        "label": rule.label,
        "severity": rule.severity,
        "start": finding.start,
        "end": finding.end,
        "message": finding.message,
        "fix": fix,
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "code": remark.code,
        "label": remark.label,
        "severity": remark.severity,
        "start": remark.start,
        "end": remark.end,
        "message": remark.message,
        "fix": None,
    }


def _as_json(line: Line, bodies: list[dict[str, Any]]) -> None:
    labels = sorted({body["label"] for body in bodies if body["label"]})
    print_json({"id": line.id, "labels": labels, "findings": bodies})


def _as_text(line: Line, bodies: list[dict[str, Any]]) -> None:
    for body in bodies:
        head = f"{body['severity']} {body['code']} {body['label'] or ''}".rstrip()
        put(f"{line.place}:{line.line}:{body['start'] + 1}: {head}")
        put(f"    {body['message']}")
    if not bodies:
        put(f"{line.place}:{line.line}: nothing found")


def _as_github(line: Line, bodies: list[dict[str, Any]]) -> None:
    kinds = {"error": "error", "warning": "warning", "advice": "notice"}
    for body in bodies:
        message = str(body["message"]).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        where = f"file={line.place},line={line.line},col={body['start'] + 1},endColumn={body['end'] + 1}"
        put(f"::{kinds[body['severity']]} {where},title={body['code']}::{message}")


def _mended(line: Line, result: Lint, *, as_json: bool) -> None:
    from wanreel.prompt import mend

    before = str(line.given.get("negative_prompt") or "")
    room = line.judged.negative_chars_max
    mended = mend(line.judged.subject, before, found=result, negative_chars_max=room)
    if as_json or line.place.endswith(".jsonl"):
        body = {**line.given, "prompt": mended.prompt}
        if mended.negative_prompt:
            body["negative_prompt"] = mended.negative_prompt
        print_json(body)
        return
    put(mended.prompt)
    if mended.negative_prompt:
        say(f"negative prompt: {mended.negative_prompt}")
    if room is None and any(f.fix for f in result.findings):
        say("note: this model has no negative prompt; nothing was moved")
