"""`wanreel lint`: what is wrong with a prompt, before it is paid for."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from cyclopts import Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, HomeOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import run

if TYPE_CHECKING:
    from wanreel.domain.job import Remark
    from wanreel.prompt import Finding, Lint
    from wanreel.service.linting import Judged

Format = Literal["text", "json", "github"]


@dataclass(frozen=True)
class Line:
    """One input: where it stands and what is judged."""

    id: str
    place: str
    line: int
    judged: Judged
    given: dict[str, Any]


def lint(
    source: str = "-",
    /,
    *,
    mode: str | None = None,
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
    from wanreel.ports import ReadFailed
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
    from wanreel.domain.errors import Invalid, NotFound, Problem

    if source == "-":
        text, place = sys.stdin.read(), "stdin"
    elif source.lower().endswith((".txt", ".jsonl")) and "\n" not in source:
        path = Path(source)
        if not path.is_file():
            raise NotFound(f"there is no file {source}")
        text, place = path.read_text("utf-8-sig"), source
    else:
        return [_line({"prompt": source}, "1", "prompt", 1, defaults)]
    as_rows = place.lower().endswith(".jsonl") or (place == "stdin" and text.lstrip().startswith("{"))
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if not raw.strip():
            continue
        row: Any = {"prompt": raw}
        if as_rows:
            try:
                row = json.loads(raw)
            except ValueError:
                row = None
        given = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
        if not isinstance(given.get("prompt"), str):
            problems.append(Problem(f"line {number}", "must be a JSON object with a text `prompt`", raw[:80]))
            continue
        lines.append(_line(given, str(given.get("id", number)), place, number, defaults))
    if problems:
        raise Invalid("", tuple(problems))
    return lines


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
