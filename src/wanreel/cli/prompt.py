"""`wanreel lint` and `wanreel prompt`: what is wrong with a prompt, and how to put one together."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, HomeOptions
from wanreel.cli.render import print_json, print_rows
from wanreel.cli.report import put, report, say

if TYPE_CHECKING:
    from wanreel.prompt import Finding, Lint, Subject
    from wanreel.prompt.slots import Language, Slots
    from wanreel.prompt.templates import Template

prompt = App(name="prompt", help="Put prompts together, take them apart, keep templates.")

TEMPLATES = "templates.toml"


@dataclass(frozen=True)
class Line:
    """One input: where it stands and what is judged."""

    id: str
    place: str
    line: int
    subject: Subject
    negative_max: int | None
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
    format: Annotated[Literal["text", "json", "github"], Parameter(help="How to print.")] = "text",  # noqa: A002
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
    """
    try:
        from wanreel.prompt import lint as read

        defaults = {"mode": mode, "model": model, "size": size, "duration": duration}
        lines = _lines(source, defaults)
        found = [(line, read(line.subject)) for line in lines]
        for line, result in found:
            if fix:
                _mended(line, result, as_json=format == "json")
            else:
                {"text": _as_text, "json": _as_json, "github": _as_github}[format](line, result)
        return Exit.FAILED if not fix and any(r.labels for _, r in found) else Exit.OK
    except Exception as error:  # noqa: BLE001 - becomes words and an exit code
        return report(error, as_json=format == "json")


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
    from wanreel.prompt import Subject
    from wanreel.prompt.lint import CHARS_MAX

    given = {**defaults, **{key: value for key, value in row.items() if value is not None}}
    catalog = load_catalog()
    asked = str(given["model"]) if given.get("model") else None
    known = next((m for m in catalog.models if m.id == _official(asked)), None) if asked else None
    mode = given.get("mode") or (known.modes[0] if known and known.modes else "t2v")
    own = known.prompt_chars_max if known else None
    aliased = (
        asked is not None and asked.startswith("wan2.5-") and known is not None and not known.id.startswith("wan2.5-")
    )
    subject = Subject(
        str(row["prompt"]),
        mode=str(mode),
        size=str(given["size"]) if given.get("size") else None,
        duration_s=int(given.get("duration") or 5),
        chars_max=CHARS_MAX if aliased or own is None else own,
        official_max=own if aliased else None,
        multi_shot=known is not None and ("shot_type" in known.features or known.protocol == "media"),
    )
    negative = known.negative_chars_max if known is not None and known.checked else 500
    return Line(name, place, number, subject, negative, row)


def _official(name: str | None) -> str | None:
    """The model a name stands for, in whichever region has one: only its limits are asked here."""
    from wanreel.data.shelf import load_catalog

    alias = next((a for a in load_catalog().aliases if a.name == name), None)
    return alias.to[0][1] if alias and alias.to else name


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


def _as_json(line: Line, result: Lint) -> None:
    print_json({"id": line.id, "labels": list(result.labels), "findings": [_body(f) for f in result.findings]})


def _as_text(line: Line, result: Lint) -> None:
    for finding in result.findings:
        rule = finding.rule
        put(f"{line.place}:{line.line}:{finding.start + 1}: {rule.severity} {rule.code} {rule.label or ''}".rstrip())
        put(f"    {finding.message}")
    if not result.findings:
        put(f"{line.place}:{line.line}: nothing found")


def _as_github(line: Line, result: Lint) -> None:
    kinds = {"error": "error", "warning": "warning", "advice": "notice"}
    for finding in result.findings:
        message = finding.message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        where = f"file={line.place},line={line.line},col={finding.start + 1},endColumn={finding.end + 1}"
        put(f"::{kinds[finding.rule.severity]} {where},title={finding.rule.code}::{message}")


def _mended(line: Line, result: Lint, *, as_json: bool) -> None:
    from wanreel.prompt import mend

    before = str(line.given.get("negative_prompt") or "")
    mended = mend(line.subject, before, found=result, negative_chars_max=line.negative_max)
    if as_json or line.place.endswith(".jsonl"):
        body = {**line.given, "prompt": mended.prompt}
        if mended.negative_prompt:
            body["negative_prompt"] = mended.negative_prompt
        print_json(body)
        return
    put(mended.prompt)
    if mended.negative_prompt:
        say(f"negative prompt: {mended.negative_prompt}")
    if line.negative_max is None and any(f.fix for f in result.findings):
        say("note: this model has no negative prompt; nothing was moved")


@prompt.command
def build(
    template: str = "",
    /,
    *variables: str,
    shot: str = "",
    subject: str = "",
    action: str = "",
    setting: str = "",
    lighting: str = "",
    camera: str = "",
    style: str = "",
    quality: str = "",
    sound: str = "",
    mode: str = "t2v",
    lang: Literal["en", "zh"] = "en",
    home: HomeOptions = HOME,
) -> int:
    """Put a prompt together from its parts, or from a template.

    Parameters
    ----------
    template
        A template's name; `wanreel prompt templates` lists them.
    variables
        What its variables stand for: product="a glass teapot".
    shot
        Shot type: close-up, wide shot, low angle.
    subject
        Who or what, described by looks.
    action
        What happens: one thing.
    setting
        Where, and what surrounds it.
    lighting
        Light and time of day.
    camera
        Camera movement: slow push-in, static camera.
    style
        Style, or the kind of film.
    quality
        Quality keywords: photorealistic, 4k.
    sound
        What is heard, for models with sound.
    mode
        t2v, i2v or kf2v: with a picture only action and camera are said.
    lang
        Language of the prompt: en or zh.
    """
    try:
        from wanreel.prompt.build import build as put_together
        from wanreel.prompt.slots import Slots

        if template:
            words = _filled(template, variables, lang, home)
        else:
            slots = Slots(shot, subject, action, setting, lighting, camera, style, quality)
            _something(slots)
            words = put_together(slots, mode=mode, language=lang, sound=sound)
        if home.json:
            print_json({"prompt": words})
        else:
            put(words)
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - becomes words and an exit code
        return report(error, as_json=home.json)


def _filled(template: str, variables: tuple[str, ...], lang: Language, home: HomeOptions) -> str:
    from wanreel.domain.errors import Invalid, NotFound, Problem

    known = {t.name: t for t in _templates(home)}
    if template not in known:
        raise NotFound(f"there is no template {template}; there are {', '.join(sorted(known))}")
    wrong = [v for v in variables if "=" not in v]
    if wrong:
        raise Invalid("", tuple(Problem("variable", "write it as name=words", v) for v in wrong))
    return known[template].fill(dict(v.split("=", 1) for v in variables), lang)


def _something(slots: Slots) -> None:
    from wanreel.domain.errors import Invalid, Problem

    if not slots.filled():
        raise Invalid("", (Problem("prompt", "name a template, or give at least one part such as --subject"),))


@prompt.command
def explain(words: str, /, *, home: HomeOptions = HOME) -> int:
    """Take a prompt apart: which part says what, and what each term of the field means.

    Parameters
    ----------
    words
        The prompt.
    """
    try:
        from wanreel.prompt.explain import parts
        from wanreel.prompt.vocabulary import titles

        found = parts(words)
        if home.json:
            print_json({"parts": [{"slot": p.slot, "text": p.text, "meaning": p.meaning or None} for p in found]})
        else:
            print_rows([[titles()[p.slot], p.text, p.meaning] for p in found], ["part", "words", "meaning"])
            missing = [title for slot, title in titles().items() if slot not in {p.slot for p in found}]
            if missing:
                say(f"nothing said about: {', '.join(missing)}")
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - becomes words and an exit code
        return report(error, as_json=home.json)


@prompt.command
def templates(
    *,
    save: str | None = None,
    text: str = "",
    mode: str = "t2v",
    kind: str = "own",
    words: bool = False,
    home: HomeOptions = HOME,
) -> int:
    """List templates and what they need, or keep one of your own.

    Parameters
    ----------
    save
        Name of a template to keep in the home; the same name again replaces it.
    text
        Its prompt, with {variables} in braces.
    mode
        t2v, i2v or kf2v.
    kind
        A word to group it by.
    words
        List the vocabulary instead: every term of every part in both languages, with its meaning.
    """
    try:
        if words:
            from wanreel.prompt.vocabulary import terms

            rows = [[t.slot, t.en, t.zh, t.meaning] for t in terms()]
            if home.json:
                for slot, en, zh, meaning in rows:
                    print_json({"slot": slot, "en": en, "zh": zh, "meaning": meaning})
            else:
                print_rows(rows, ["part", "english", "chinese", "meaning"])
            return Exit.OK
        if save:
            return _save(save, text, mode, kind, home)
        for template in _templates(home):
            body = {
                "name": template.name,
                "kind": template.kind,
                "mode": template.mode,
                "variables": list(template.variables),
            }
            if home.json:
                print_json({**body, "en": template.en, "zh": template.zh})
            else:
                put(f"{template.name} ({template.kind}, {template.mode}): {template.text('en')}")
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - becomes words and an exit code
        return report(error, as_json=home.json)


def _templates(home: HomeOptions) -> list[Template]:
    import tomllib

    from wanreel.domain.errors import Invalid, Problem
    from wanreel.prompt.templates import parse_own, shipped

    path = _own_path(home)
    try:
        own = parse_own(tomllib.loads(path.read_text("utf-8"))) if path.is_file() else ()
    except tomllib.TOMLDecodeError as error:
        raise Invalid("", (Problem(str(path), f"is not TOML: {error}"),)) from error
    names = {t.name for t in own}
    return [*(t for t in shipped() if t.name not in names), *own]


def _save(name: str, text: str, mode: str, kind: str, home: HomeOptions) -> int:
    import re
    import tomllib

    from wanreel.domain.errors import Invalid, Problem
    from wanreel.prompt.slots import language_of
    from wanreel.prompt.templates import parse_own

    if not text.strip() or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise Invalid(
            "", (Problem("save", "takes a name of small letters, digits and hyphens, and --text PROMPT", name),)
        )
    path = _own_path(home)
    own = {t.name: t for t in (parse_own(tomllib.loads(path.read_text("utf-8"))) if path.is_file() else ())}
    rows = {t.name: {"kind": t.kind, "mode": t.mode, "en": t.en, "zh": t.zh} for t in own.values()}
    rows[name] = {"kind": kind, "mode": mode, language_of(text): text.strip()}
    lines: list[str] = []
    for key, row in rows.items():
        lines.append(f"[{key}]")
        lines += [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in row.items() if value]
        lines.append("")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text("\n".join(lines), "utf-8")
    draft.replace(path)
    say(f"kept as {name} in {path}")
    return Exit.OK


def _own_path(home: HomeOptions) -> Path:
    from wanreel.settings import load

    return load(**home.given()).home / TEMPLATES
