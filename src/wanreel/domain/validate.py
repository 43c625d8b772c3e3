"""Checks a draft against the catalog before anything is paid, and says everything that is wrong with it at once.

The vendor truncates what is too long and bills it, and answers many mistakes only minutes later with a FAILED task.
So every rule of its pages that can be checked here is, in words that say what is allowed. What the catalog does not
know passes through with a warning: the vendor refuses it, unpaid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import Invalid
from wanreel.domain.model import MODES, Model
from wanreel.domain.parts import check_parts
from wanreel.domain.reading import Findings, json_object, switch, whole, words
from wanreel.domain.request import AUDIO, FIRST_FRAME, LAST_FRAME, Draft, Request, canonical
from wanreel.domain.size import Shape, choose, understand

DURATION_S = 5  # ours (design 3.10): always sent, so that the price is known
SEED_MAX = 2_147_483_647
MODEL_CHARS_MAX = 200

# The wire's own names, and the field of ours that says the same.
_INPUT_FIELDS = {
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "img_url": FIRST_FRAME,
    "first_frame_url": FIRST_FRAME,
    "last_frame_url": LAST_FRAME,
    "audio_url": AUDIO,
    "template": "template",
    "media": "media",
}
_PARAMETER_FIELDS = {
    "size": "size",
    "resolution": "resolution",
    "ratio": "ratio",
    "duration": "duration_s",
    "seed": "seed",
    "prompt_extend": "prompt_extend",
    "watermark": "watermark",
    "shot_type": "shot_type",
    "audio": "audio",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How strict to be. `allow_truncate`: send a prompt the vendor will cut, and bill, all the same. `fit`: make
    pictures that are too large for their model smaller, where an order does not say.
    """

    allow_truncate: bool = False
    fit: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A request fit to be bought, and what its caller should know about it."""

    request: Request
    warnings: tuple[str, ...] = ()


STRICT = Options()


def validate(draft: Draft, catalog: Catalog, region_id: str, options: Options = STRICT) -> Checked:
    """The request of a draft. Raises Invalid with every problem found: field, what was given, what is allowed."""
    find = Findings()
    wanted = _wanted_mode(draft)
    asked = _named(draft, find) or _default_model(wanted, catalog, region_id, find)
    model = _model(asked, wanted, catalog, region_id, find) if asked else None
    if model is None:
        raise Invalid("", tuple(find.problems))
    mode = _mode(wanted, draft, model, find)
    shape = _shape(draft, model, mode, find)
    prompt_extend = switch(draft.prompt_extend, "prompt_extend", find)
    request = Request(
        mode=mode,
        model=model.id,
        prompt=_prompt(draft, model, mode, options, find),
        negative_prompt=_negative(draft, model, options, find),
        media=check_parts(draft, model, mode, find),
        size=shape.size,
        resolution=shape.resolution,
        ratio=shape.ratio,
        duration_s=_duration(draft, model, find),
        seed=_seed(draft, find),
        prompt_extend=prompt_extend,
        watermark=switch(draft.watermark, "watermark", find),
        shot_type=_shot_type(draft, model, find, extend=prompt_extend is not False),
        audio=_audio(draft, model, find),
        template=_template(draft, model, find),
        extra_input=_extra(draft.extra_input, "extra_input", _INPUT_FIELDS, model, find),
        extra_parameters=_extra(draft.extra_parameters, "extra_parameters", _PARAMETER_FIELDS, model, find),
        asked_model=asked if asked and asked != model.id else "",
    )
    if find.problems:
        raise Invalid("", tuple(find.problems))
    return Checked(request, tuple(find.warnings))


def model_for(draft: Draft, catalog: Catalog, region_id: str) -> Model | None:
    """The model a draft will be checked against; None where `validate` would refuse to name one."""
    find = Findings()
    wanted = _wanted_mode(draft)
    asked = _named(draft, find) or _default_model(wanted, catalog, region_id, find)
    return _model(asked, wanted, catalog, region_id, find) if asked else None


# --- which model, which mode ----------------------------------------------------------------------------------------


def _roles(draft: Draft) -> set[str]:
    return {m.role for m in draft.media}


def _wanted_mode(draft: Draft) -> str:
    """The mode asked for, or the one the media speak for."""
    if draft.mode:
        return draft.mode.strip().lower()
    roles = _roles(draft)
    if any(role.startswith("reference_") for role in roles):
        return "r2v"
    if LAST_FRAME in roles:
        return "kf2v"
    return "i2v" if FIRST_FRAME in roles else "t2v"


def _named(draft: Draft, find: Findings) -> str | None:
    name = (words(draft.model, "model", find) or "").strip()
    if len(name) > MODEL_CHARS_MAX or not name.isprintable():
        find.wrong("model", f"must be a model's id: at most {MODEL_CHARS_MAX} printable characters", name)
    return name or None


def _default_model(mode: str, catalog: Catalog, region_id: str, find: Findings) -> str | None:
    try:
        name = catalog.default(region_id, mode)
    except Invalid as wrong:
        find.problems.extend(wrong.problems)
        return None
    if name is None:
        find.wrong("model", f"must be named: no model for {mode} in {region_id} is known")
    return name


def _model(asked: str, mode: str, catalog: Catalog, region_id: str, find: Findings) -> Model | None:
    try:
        resolved = catalog.resolve(asked, region_id, mode)
    except Invalid as wrong:
        find.problems.extend(wrong.problems)
        return None
    find.warn(resolved.warning)
    return resolved.model


def _mode(wanted: str, draft: Draft, model: Model, find: Findings) -> str:
    if wanted in model.modes or model.status == "unknown":
        return wanted
    if draft.mode and model.checked:
        made = " and ".join(model.modes)
        find.wrong("mode", f"{model.id} makes {made}: name another model, or leave the mode out", draft.mode)
    return model.modes[0]


# --- words ----------------------------------------------------------------------------------------------------------


def _prompt(draft: Draft, model: Model, mode: str, options: Options, find: Findings) -> str:
    before = len(find.problems)
    prompt = words(draft.prompt, "prompt", find) or ""
    if len(find.problems) > before:
        return ""
    alone = mode in model.prompt_required or (model.status == "unknown" and mode == "t2v")
    if not prompt and alone and not (_roles(draft) - {AUDIO}):
        find.wrong("prompt", "must not be empty: say what the clip shows", draft.prompt or "", "empty")
    _length(prompt, "prompt", model.prompt_chars_max, model, options, find)
    if prompt and draft.template and "template" in model.features:
        find.warn("the vendor ignores the prompt when a template is used")
    return prompt


def _negative(draft: Draft, model: Model, options: Options, find: Findings) -> str | None:
    negative = words(draft.negative_prompt, "negative_prompt", find)
    if negative and model.checked and model.negative_chars_max is None:
        advice = "say in the prompt itself what to leave out, for example: no text, no people"
        find.wrong("negative_prompt", f"{model.id} has none: {advice}", negative, "no_negative")
        return None
    if negative:
        _length(negative, "negative_prompt", model.negative_chars_max, model, options, find)
    return negative


def _length(text: str, name: str, most: int | None, model: Model, options: Options, find: Findings) -> None:
    """Every character counts 1 (FS §2). Too long is cut by the vendor without a word, and billed."""
    if most is None or len(text) <= most or not model.checked:
        return
    said = f"{model.id} takes {most} characters and would silently cut the other {len(text) - most} (and bill the clip)"
    if options.allow_truncate:
        find.warn(f"{name}: {said}")
    else:
        find.wrong(name, f"{said}: shorten it, or allow truncation", f"{len(text)} characters", "too_long")


def _template(draft: Draft, model: Model, find: Findings) -> str | None:
    template = words(draft.template, "template", find)
    if template and model.checked and "template" not in model.features:
        find.wrong(
            "template", f"{model.id} has no templates: leave it out, or use an i2v or kf2v model ≤ 2.6", template
        )
    return template


# --- numbers and switches -------------------------------------------------------------------------------------------


def _shape(draft: Draft, model: Model, mode: str, find: Findings) -> Shape:
    size = words(draft.size, "size", find)
    resolution = words(draft.resolution, "resolution", find)
    ratio = words(draft.ratio, "ratio", find)
    before = len(find.problems)
    asked = understand(size, resolution, ratio, find)
    return choose(asked, model, mode, find) if len(find.problems) == before else Shape()


def _duration(draft: Draft, model: Model, find: Findings) -> int | None:
    before = len(find.problems)
    seconds = whole(draft.duration_s, "duration_s", find)
    rule = model.durations
    if seconds is None:
        if len(find.problems) > before or rule is None:
            return None
        return DURATION_S if DURATION_S in rule.allowed else rule.default
    if model.checked and rule is not None and not rule.takes(seconds):
        find.wrong("duration_s", f"{model.id} makes clips of {rule.words} seconds", str(seconds), "duration")
    elif not -1 <= seconds <= 3600:
        find.wrong("duration_s", "must be a number of seconds", str(seconds))
    return seconds


def _seed(draft: Draft, find: Findings) -> int | None:
    seed = whole(draft.seed, "seed", find)
    if seed is not None and not 0 <= seed <= SEED_MAX:
        find.wrong("seed", f"must be 0 to {SEED_MAX}", str(seed), "seed_range")
    return seed


def _shot_type(draft: Draft, model: Model, find: Findings, *, extend: bool) -> str | None:
    shot = words(draft.shot_type, "shot_type", find)
    if shot is None or not model.checked:
        return shot
    if "shot_type" not in model.features:
        find.wrong(
            "shot_type", f"only the 2.6 models have it, {model.id} has not: describe the shots in the prompt", shot
        )
    elif shot not in ("single", "multi"):
        find.wrong("shot_type", "must be single or multi", shot)
    elif not extend:
        find.wrong("shot_type", "works only with prompt_extend: drop prompt_extend=false, or the shot_type", shot)
    return shot


def _audio(draft: Draft, model: Model, find: Findings) -> bool | None:
    audio = switch(draft.audio, "audio", find)
    if audio is None or not model.checked:
        return audio
    if "audio" not in model.features:
        always = "always makes sound" if model.sound == "generated" else "makes silent clips"
        find.wrong("audio", f"{model.id} {always} and has no such switch: leave it out", str(audio).lower())
    elif not audio and AUDIO in _roles(draft):
        find.warn("audio=false wins over the sound file: the clip will be silent")
    return audio


# --- extras ---------------------------------------------------------------------------------------------------------


def _extra(value: object, name: str, own: Mapping[str, str], model: Model, find: Findings) -> str:
    """JSON merged into the wire's `input` or `parameters`: for what we have no field of our own for."""
    found = json_object(value, name, find)
    for key in found:
        where = f"{name}.{key}"
        if key == "image_url" and model.checked and set(model.modes) & set(MODES):
            find.wrong(where, "is not a name the vendor knows: use img_url (here: give the picture as first_frame)")
        elif key in own and (model.checked or own[key] not in (FIRST_FRAME, LAST_FRAME, AUDIO, "media")):
            find.wrong(where, f"has a field of its own: say {own[key]}")
        elif model.checked:
            find.warn(f"{where} is not known here and is sent as it is")
    return canonical(found)
