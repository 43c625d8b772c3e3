"""Checks a draft against the catalog before anything is paid, and says everything that is wrong with it at once.

The vendor truncates what is too long and bills it, and answers many mistakes only minutes later with a FAILED task.
So every rule of its pages that can be checked here is, in words that say what is allowed. What the catalog does not
know passes through with a warning: the vendor refuses it, unpaid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wanreel.domain.catalog import MODES, Catalog, Model
from wanreel.domain.errors import Invalid
from wanreel.domain.image import ImageFacts, advise_image, check_image, format_of
from wanreel.domain.reading import Findings, json_object, switch, whole, words
from wanreel.domain.request import (
    AUDIO,
    FIRST_FRAME,
    LAST_FRAME,
    ROLES,
    Draft,
    Link,
    Media,
    Request,
    Stored,
    canonical,
)
from wanreel.domain.size import Shape, choose, understand

DURATION_S = 5  # ours (design 3.10): always sent, so that the price is known
SEED_MAX = 2_147_483_647
AUDIO_BYTES_MAX = 15 * 1024 * 1024  # FS §2.1
URL_CHARS_MAX = 4096
MODEL_CHARS_MAX = 200
_AUDIO_MIMES = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/mpeg", "audio/mp3")
_MEDIA_WORDS = {FIRST_FRAME: "a picture (first_frame)", LAST_FRAME: "a last frame", AUDIO: "a sound file (audio)"}

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
    """How strict to be. `allow_truncate`: send a prompt the vendor will cut, and bill, all the same."""

    allow_truncate: bool = False


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
        media=_media(draft, model, mode, find),
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
        find.wrong("prompt", "must not be empty: say what the clip shows", draft.prompt or "")
    _length(prompt, "prompt", model.prompt_chars_max, model, options, find)
    if prompt and draft.template and "template" in model.features:
        find.warn("the vendor ignores the prompt when a template is used")
    return prompt


def _negative(draft: Draft, model: Model, options: Options, find: Findings) -> str | None:
    negative = words(draft.negative_prompt, "negative_prompt", find)
    if negative and model.checked and model.negative_chars_max is None:
        advice = "say in the prompt itself what to leave out, for example: no text, no people"
        find.wrong("negative_prompt", f"{model.id} has none: {advice}", negative)
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
        find.wrong(name, f"{said}: shorten it, or allow truncation", f"{len(text)} characters")


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
        find.wrong("duration_s", f"{model.id} makes clips of {rule.words} seconds", str(seconds))
    elif not -1 <= seconds <= 3600:
        find.wrong("duration_s", "must be a number of seconds", str(seconds))
    return seconds


def _seed(draft: Draft, find: Findings) -> int | None:
    seed = whole(draft.seed, "seed", find)
    if seed is not None and not 0 <= seed <= SEED_MAX:
        find.wrong("seed", f"must be 0 to {SEED_MAX}", str(seed))
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


# --- media ----------------------------------------------------------------------------------------------------------


def _media(draft: Draft, model: Model, mode: str, find: Findings) -> tuple[Media, ...]:
    for item in draft.media:
        _source(item, find)
    if model.checked:
        _parts(draft, model, mode, find)
        for item in draft.media:
            _picture(item, model, find)
    return draft.media


def _parts(draft: Draft, model: Model, mode: str, find: Findings) -> None:
    """Which parts are there, once each, and which are missing."""
    roles = [m.role for m in draft.media]
    strange = sorted(set(roles) - set(ROLES))
    for role in strange:
        if role == "image_url":
            find.wrong(role, "is not a name the vendor knows: use img_url, or give the picture as first_frame")
        else:
            find.warn(f"media of role {role} is passed through unchecked")
    taken = {role for role, _ in (*model.fields, *model.media_types)}
    for role in ROLES:
        if roles.count(role) > 1:
            find.wrong(role, "can be given once only", f"{roles.count(role)} times")
        if role in roles and (role not in taken or (mode == "i2v" and role == LAST_FRAME)):
            find.wrong(role, _not_taken(role, model, mode))
        elif role in roles and mode == "t2v" and role != AUDIO:
            find.wrong(role, "has no place in text to video: leave it out, or ask for i2v or kf2v")
    if strange:
        return  # another function of the vendor's: which parts it needs is its business
    if mode in ("i2v", "kf2v") and FIRST_FRAME not in roles:
        find.wrong(FIRST_FRAME, f"{model.id} needs {_MEDIA_WORDS[FIRST_FRAME]}: a local file or a URL")
    if mode == "kf2v":
        templated = bool(draft.template) and "template" in model.features
        if LAST_FRAME not in roles and not templated:
            find.wrong(LAST_FRAME, f"{model.id} needs a last frame too" + _template_hint(model))
        elif LAST_FRAME in roles and templated:
            find.wrong(LAST_FRAME, "a template works from the first frame alone: leave one of them out")


def _template_hint(model: Model) -> str:
    return ", unless a template is used" if "template" in model.features else ""


def _not_taken(role: str, model: Model, mode: str) -> str:
    if role == AUDIO:
        if model.id.startswith("wan3"):
            return f"{model.id} takes no sound track: sound is given as media of role reference_audio, without frames"
        return f"{model.id} takes no sound file: the models from 2.5 to 2.7 do"
    if role == LAST_FRAME and mode == "i2v":
        return f"{model.id} starts from one picture: use a kf2v model for first and last frame"
    wanted = "an i2v model" if role == FIRST_FRAME else "a kf2v model"
    return f"{model.id} takes no {role}: use {wanted}"


def _picture(item: Media, model: Model, find: Findings) -> None:
    source = item.source
    if isinstance(source, Link) or item.role not in (FIRST_FRAME, LAST_FRAME):
        return
    kind = format_of(source.mime)
    facts = ImageFacts(kind, source.width, source.height, source.has_alpha, source.size_bytes, source.name)
    find.problems.extend(check_image(facts, model, item.role))
    for advice in advise_image(facts, model, item.role):
        find.warn(advice)


def _source(item: Media, find: Findings) -> None:
    """Whether the vendor could fetch a link at all, and whether a stored file can play its part."""
    source = item.source
    if isinstance(source, Stored):
        if item.role == AUDIO and source.mime not in _AUDIO_MIMES:
            find.wrong(AUDIO, "must be wav or mp3: convert it", source.mime)
        if item.role == AUDIO and source.size_bytes > AUDIO_BYTES_MAX:
            find.wrong(AUDIO, "must not be larger than 15 MB", f"{source.size_bytes / 1048576:.1f} MB")
        return
    url = source.url
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].lower()
    if url.startswith("data:"):
        find.wrong(item.role, "give the file itself, not a data: URL; it is sent inline where it is small", "data:…")
    elif scheme.lower() not in ("http", "https", "oss") or not host or any(c.isspace() for c in url):
        find.wrong(item.role, "must be a local file, or an http, https or oss URL", url)
    elif len(url) > URL_CHARS_MAX or not url.isprintable():
        find.wrong(item.role, f"must be a printable URL of at most {URL_CHARS_MAX} characters", url)
    elif host.startswith(("localhost", "127.", "[::1]", "10.", "192.168.")):
        find.warn(f"{item.role}: the vendor fetches {scheme}://{host} itself and will hardly reach it")


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
