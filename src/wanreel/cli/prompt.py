"""`wanreel prompt`: put prompts together, take them apart, keep templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cyclopts import App

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, ROWS, HomeOptions, RowOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, report, say
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.prompt.slots import Language, Slots
    from wanreel.service.templates import Templates

_PARTS = (Column("part"), Column("words", least=16), Column("meaning", least=16))
_TERMS = (Column("part"), Column("english", least=12), Column("chinese", least=8), Column("meaning", least=16))
_TEMPLATES = (Column("name"), Column("kind", rank=1), Column("mode"), Column("prompt", least=16))

prompt = App(name="prompt", help="Put prompts together, take them apart, keep templates.")


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
    from wanreel.domain.errors import Invalid, Problem

    wrong = [v for v in variables if "=" not in v]
    if wrong:
        raise Invalid("", tuple(Problem("variable", "write it as name=words", v) for v in wrong))
    return _templates(home).fill(template, dict(v.split("=", 1) for v in variables), lang)


def _something(slots: Slots) -> None:
    from wanreel.domain.errors import Invalid, Problem

    if not slots.filled():
        raise Invalid("", (Problem("prompt", "name a template, or give at least one part such as --subject"),))


@prompt.command
def explain(words: str, /, *, rows: RowOptions = ROWS, home: HomeOptions = HOME) -> int:
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
            shown = [[titles()[p.slot], p.text, p.meaning] for p in found]
            print_rows(shown, _PARTS, header=rows.header)
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
    remove: str | None = None,
    text: str = "",
    mode: str = "t2v",
    kind: str = "own",
    words: bool = False,
    rows: RowOptions = ROWS,
    home: HomeOptions = HOME,
) -> int:
    """List templates and what they need, or keep one of your own.

    Parameters
    ----------
    save
        Name of a template to keep in the home; the same name again replaces it.
    remove
        Name of one of your own to forget.
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

            found = [[t.slot, t.en, t.zh, t.meaning] for t in terms()]
            if home.json:
                for slot, en, zh, meaning in found:
                    print_json({"slot": slot, "en": en, "zh": zh, "meaning": meaning})
            else:
                print_rows(found, _TERMS, header=rows.header)
            return Exit.OK
        if save:
            from wanreel.prompt.templates import shipped

            kept = _templates(home).save(save, text, mode=mode, kind=kind)
            ships = kept.name in {template.name for template in shipped()}
            say(f"kept as {kept.name}{', in the place of the one that ships' if ships else ''}")
            return Exit.OK
        if remove:
            _templates(home).remove(remove)
            say(f"{remove} is forgotten")
            return Exit.OK
        from wanreel.service.templates import template_body

        room = _templates(home)
        own = room.own()
        if home.json:
            for template in room.all():
                print_json(template_body(template, own=template.name in own))
        else:
            print_rows([[t.name, t.kind, t.mode, t.text("en")] for t in room.all()], _TEMPLATES, header=rows.header)
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - becomes words and an exit code
        return report(error, as_json=home.json)


def _templates(home: HomeOptions) -> Templates:
    from wanreel.settings import load
    from wanreel.wiring import templates_of

    return templates_of(load(**home.given()))
