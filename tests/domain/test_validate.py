"""Validation: every model and mode, good and bad, with words that say what is allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.catalog_file import CATALOG
from wanreel.domain.errors import Invalid, Problem
from wanreel.domain.request import Draft, Link, Media, Request, Stored
from wanreel.domain.validate import Options, validate

FIRST = Media("first_frame", Stored("ab" * 32, "image/png", 1000, 640, 480, "a.png"))
LAST = Media("last_frame", Link("https://example.com/b.png"))
SOUND = Media("audio", Link("https://example.com/a.mp3"))
KINDS = {"t2v": (), "i2v": (FIRST,), "kf2v": (FIRST, LAST)}
CHECKED = [
    (model.id, mode, region)
    for model in CATALOG.models
    if model.checked
    for mode in model.modes
    if mode in KINDS
    for region in model.regions
]


def check(draft: Draft, region: str = "beijing", options: Options | None = None) -> Request:
    """The request of a draft that must be fine."""
    return validate(draft, CATALOG, region, options or Options()).request


def wrong(draft: Draft, region: str = "beijing") -> dict[str, Problem]:
    """The problems of a draft that must not be."""
    with pytest.raises(Invalid) as caught:
        validate(draft, CATALOG, region)
    return {p.field: p for p in caught.value.problems}


def problems_of(draft: Draft, region: str) -> tuple[Problem, ...] | None:
    """What is wrong with a draft; None when nothing is."""
    try:
        validate(draft, CATALOG, region)
    except Invalid as refused:
        return refused.problems
    return None


@pytest.mark.parametrize(("model", "mode", "region"), CHECKED)
def test_every_model_takes_a_plain_request(model: str, mode: str, region: str) -> None:
    """With nothing said but words and pictures, size and length are filled in so that the price is known."""
    checked = validate(Draft("a cat", model, media=KINDS[mode]), CATALOG, region)
    request = checked.request
    row = CATALOG.model(model)
    assert row is not None
    assert (model, mode, "a cat", 5) == (request.model, request.mode, request.prompt, request.duration_s)
    has_720 = "720P" in row.tiers
    expected_tier = "720P" if has_720 else "1080P"
    if row.shape == "size":
        size = row.size(expected_tier, "16:9")
        assert size is not None
        assert (size.wire, None, None) == (request.size, request.resolution, request.ratio)
    else:
        assert (None, expected_tier) == (request.size, request.resolution)
        expected = "16:9" if mode == "t2v" else ("adaptive" if "adaptive" in row.ratios else None)
        assert expected == request.ratio
    assert has_720 != any("has no 720P" in w for w in checked.warnings)


@pytest.mark.parametrize(("model", "mode", "region"), CHECKED)
def test_every_model_names_the_lengths_it_makes(model: str, mode: str, region: str) -> None:
    """A length the model does not make is refused with those it does; its own are taken."""
    row = CATALOG.model(model)
    assert row is not None
    assert row.durations is not None
    draft = Draft("a cat", model, media=KINDS[mode])
    for seconds in row.durations.allowed:
        assert seconds == check(replace(draft, duration_s=seconds), region).duration_s
    problem = wrong(replace(draft, duration_s=31), region)["duration_s"]
    assert ("31", True) == (problem.given, row.durations.words in problem.message)


@pytest.mark.parametrize(("model", "mode", "region"), CHECKED)
def test_every_model_refuses_a_prompt_it_would_cut(model: str, mode: str, region: str) -> None:
    """One character too many is refused, because the vendor would cut and bill; unless that is allowed."""
    row = CATALOG.model(model)
    assert row is not None
    assert row.prompt_chars_max is not None
    fits = Draft("猫" * row.prompt_chars_max, model, media=KINDS[mode])
    assert row.prompt_chars_max == len(check(fits, region).prompt)
    long = replace(fits, prompt=f"{fits.prompt}!")
    assert f"takes {row.prompt_chars_max} characters" in wrong(long, region)["prompt"].message
    allowed = validate(long, CATALOG, region, Options(allow_truncate=True))
    assert long.prompt == allowed.request.prompt
    assert any("silently cut the other 1" in w for w in allowed.warnings)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (Draft(size="1280*720"), ("1280*720", None, None)),
        (Draft(size="1280x720"), ("1280*720", None, None)),
        (Draft(size=" 1280 × 720 "), ("1280*720", None, None)),
        (Draft(size="720P"), ("1280*720", None, None)),
        (Draft(size="1080p"), ("1920*1080", None, None)),
        (Draft(size="9:16"), ("720*1280", None, None)),
        (Draft(size="480"), ("832*480", None, None)),
        (Draft(resolution="1080P", ratio="1:1"), ("1440*1440", None, None)),
        (Draft(size="1080P", ratio="4：3"), ("1632*1248", None, None)),
        (Draft(size="832*480", resolution="480P", ratio="16:9"), ("832*480", None, None)),
    ],
)
def test_sizes_are_understood_kindly(draft: Draft, expected: tuple[str | None, ...]) -> None:
    """Pixels, a tier, a ratio, or two of them: one size goes out."""
    request = check(replace(draft, prompt="a cat", model="wan2.5-t2v-preview"))
    assert expected == (request.size, request.resolution, request.ratio)


@pytest.mark.parametrize(
    ("model", "draft", "expected"),
    [
        ("wan2.7-t2v", Draft(size="1104x832"), ("720P", "4:3")),
        ("wan2.7-t2v", Draft(size="1080P", ratio="9:16"), ("1080P", "9:16")),
        ("wan3.0-video", Draft(size="480P"), ("480P", "16:9")),
        ("wan3.0-video", Draft(ratio="adaptive"), ("720P", "adaptive")),
    ],
)
def test_newer_models_are_asked_by_tier_and_ratio(model: str, draft: Draft, expected: tuple[str, str]) -> None:
    """From 2.7 on the wire has no size: what was said becomes resolution and ratio."""
    request = check(replace(draft, prompt="a cat", model=model))
    assert (None, *expected) == (request.size, request.resolution, request.ratio)


@pytest.mark.parametrize(
    ("model", "draft", "field", "words"),
    [
        ("wan2.5-t2v-preview", Draft(size="1024*1024"), "size", "1440*1440 (1080P 1:1)"),
        ("wan2.7-t2v", Draft(size="1088*832"), "size", "1104*832"),
        ("wan2.5-t2v-preview", Draft(size="big"), "size", "720P or 16:9"),
        ("wan2.5-t2v-preview", Draft(resolution="4K"), "resolution", "480P, 720P, 1080P"),
        ("wan2.5-t2v-preview", Draft(ratio="wide"), "ratio", "like 16:9"),
        ("wan2.5-t2v-preview", Draft(ratio="21:9"), "ratio", "1088*832 (720P 4:3)"),
        ("wan2.5-t2v-preview", Draft(resolution="480P", ratio="4:3"), "ratio", "624*624"),
        ("wan2.6-t2v", Draft(resolution="480P"), "resolution", "720P or 1080P"),
        ("wan2.2-t2v-plus", Draft(resolution="720P"), "resolution", "480P or 1080P"),
        ("wan2.5-t2v-preview", Draft(size="1280*720", resolution="1080P"), "size", "contradicts"),
        ("wan2.5-t2v-preview", Draft(size="1280*720", ratio="1:1"), "size", "contradicts"),
        ("wan2.5-t2v-preview", Draft(size="720P", resolution="1080P"), "size", "contradicts"),
        ("wan2.5-t2v-preview", Draft(size="1:1", ratio="16:9"), "size", "contradicts"),
        ("wan2.7-t2v", Draft(ratio="adaptive"), "ratio", "16:9"),
        ("wan2.5-t2v-preview", Draft(duration_s=7), "duration_s", "5 or 10 seconds"),
        ("wan2.2-t2v-plus", Draft(duration_s=10), "duration_s", "5 only"),
        ("wan2.6-t2v", Draft(duration_s=16), "duration_s", "2 to 15"),
        ("wan2.6-t2v", Draft(duration_s=5.5), "duration_s", "whole number"),
        ("wan2.6-t2v", Draft(duration_s="five"), "duration_s", "whole number"),
        ("wan2.6-t2v", Draft(duration_s=float("nan")), "duration_s", "whole number"),
        ("wan3.0-video", Draft(duration_s=31), "duration_s", "2 to 30, or -1"),
        ("wan2.6-t2v", Draft(seed=-1), "seed", "0 to 2147483647"),
        ("wan2.6-t2v", Draft(seed=2**31), "seed", "0 to 2147483647"),
        ("wan2.6-t2v", Draft(seed=True), "seed", "whole number"),
        ("wan2.6-t2v", Draft(prompt=" "), "prompt", "must not be empty"),
        ("wan2.6-t2v", Draft(prompt="a\x00b"), "prompt", "cannot be sent"),
        ("wan2.6-t2v", Draft(prompt="\ud800"), "prompt", "cannot be sent"),
        ("wan2.6-t2v", Draft(negative_prompt="x" * 501), "negative_prompt", "500 characters"),
        ("wan3.0-video", Draft(negative_prompt="text"), "negative_prompt", "in the prompt itself"),
        ("wan2.5-t2v-preview", Draft(shot_type="multi"), "shot_type", "only the 2.6 models"),
        ("wan2.7-t2v", Draft(shot_type="multi"), "shot_type", "describe the shots"),
        ("wan2.6-t2v", Draft(shot_type="triple"), "shot_type", "single or multi"),
        ("wan2.6-t2v", Draft(shot_type="multi", prompt_extend=False), "shot_type", "only with prompt_extend"),
        ("wan2.6-t2v", Draft(audio=False), "audio", "always makes sound"),
        ("wan2.2-t2v-plus", Draft(audio=True), "audio", "silent"),
        ("wan2.6-t2v", Draft(template="flying"), "template", "no templates"),
        ("wan2.2-t2v-plus", Draft(media=(SOUND,)), "audio", "from 2.5 to 2.7"),
        ("wan3.0-video", Draft(media=(SOUND,)), "audio", "reference_audio"),
        ("wan2.6-t2v", Draft(media=(FIRST,)), "first_frame", "i2v"),
        ("wan3.0-video", Draft(mode="t2v", media=(FIRST,)), "first_frame", "no place in text to video"),
        ("wan2.6-t2v", Draft(mode="kf2v"), "mode", "makes t2v"),
        ("wan2.6-t2v", Draft(prompt_extend="maybe"), "prompt_extend", "true or false"),
        ("wan2.6-t2v", Draft(extra_input={"image_url": "x"}), "extra_input.image_url", "use img_url"),
        ("wan2.6-t2v", Draft(extra_input={"negative_prompt": "x"}), "extra_input.negative_prompt", "field of its own"),
        ("wan2.6-t2v", Draft(extra_parameters='{"seed": 1}'), "extra_parameters.seed", "say seed"),
        ("wan2.6-t2v", Draft(extra_parameters="[1]"), "extra_parameters", "JSON object"),
        ("wan2.6-t2v", Draft(extra_parameters="{"), "extra_parameters", "JSON object"),
        ("wan2.6-t2v", Draft(extra_input={"x": float("nan")}), "extra_input", "no NaN"),
        ("wan2.6-t2v", Draft(extra_input={"x": "y" * 70_000}), "extra_input", "65536 bytes"),
        ("wan2.6-t2v", Draft(media=(Media("image_url", Link("https://x.org/a")),)), "image_url", "use img_url"),
    ],
)
def test_text_to_video_refusals(model: str, draft: Draft, field: str, words: str) -> None:
    """What a model does not take is refused before anything is paid, and the words say what it does take."""
    prompt = "a cat" if draft.prompt is None else draft.prompt
    problems = wrong(replace(draft, prompt=prompt, model=model))
    assert {field} == set(problems)
    assert words in problems[field].message


@pytest.mark.parametrize(
    ("model", "draft", "field", "words"),
    [
        ("wan2.6-i2v", Draft(), "first_frame", "needs a picture"),
        ("wan2.6-i2v", Draft(media=(FIRST, LAST)), "last_frame", "kf2v model"),
        ("wan2.6-i2v", Draft(media=(FIRST, FIRST)), "first_frame", "once only"),
        ("wan2.6-i2v", Draft(size="1280*720", media=(FIRST,)), "size", "say the resolution: 720P or 1080P"),
        ("wan2.6-i2v", Draft(ratio="16:9", media=(FIRST,)), "ratio", "picture's shape"),
        ("wan2.7-i2v", Draft(ratio="16:9", media=(FIRST,)), "ratio", "picture's shape"),
        ("wan2.7-i2v", Draft(), "first_frame", "needs a picture"),
        ("wan2.7-i2v", Draft(media=(LAST,)), "first_frame", "needs a picture"),
        ("wan2.2-kf2v-flash", Draft(media=(FIRST,)), "last_frame", "unless a template is used"),
        ("wan2.2-kf2v-flash", Draft(media=(LAST,)), "first_frame", "needs a picture"),
        ("wan2.2-kf2v-flash", Draft(media=(FIRST, LAST), template="hanfu-1"), "last_frame", "first frame alone"),
        ("wan2.2-kf2v-flash", Draft(media=(FIRST, LAST), duration_s=10), "duration_s", "5 only"),
        ("wan2.2-kf2v-flash", Draft(media=(FIRST, LAST, SOUND)), "audio", "no sound file"),
        ("wan2.5-i2v-preview", Draft(media=(FIRST,), audio=False), "audio", "no such switch"),
        ("wan2.5-i2v-preview", Draft(media=(FIRST,), resolution="4K"), "resolution", "480P"),
        ("wan2.6-i2v", Draft(media=(Media("first_frame", Link("data:image/png;base64,AA")),)), "first_frame", "file"),
        ("wan2.6-i2v", Draft(media=(Media("first_frame", Link("/tmp/a.png")),)), "first_frame", "http, https or oss"),
        ("wan2.6-i2v", Draft(media=(Media("first_frame", Link("https://a b/")),)), "first_frame", "http, https or oss"),
    ],
)
def test_picture_to_video_refusals(model: str, draft: Draft, field: str, words: str) -> None:
    """Missing, surplus and misplaced pictures are named by the part they play."""
    problems = wrong(replace(draft, model=model))
    assert {field} == set(problems)
    assert words in problems[field].message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mime": "image/gif"}, "must be JPEG, PNG, BMP, WEBP"),
        ({"has_alpha": True}, "without alpha"),
        ({"size_bytes": 11 * 1024 * 1024}, "10 MB"),
        ({"size_bytes": 0}, "empty"),
        ({"width": 239}, "240 to 8000"),
        ({"height": 8001}, "240 to 8000"),
    ],
)
def test_a_picture_the_vendor_would_refuse(change: dict[str, object], words: str) -> None:
    """A local picture is checked by format, transparency, sides and bytes before it is sent."""
    assert isinstance(FIRST.source, Stored)
    picture = Media("first_frame", replace(FIRST.source, **change))
    problem = wrong(Draft(model="wan2.6-i2v", media=(picture,)))["first_frame"]
    assert words in problem.message
    assert problem.message.startswith("a.png: ")


def test_sides_on_which_the_vendor_disagrees_only_warn() -> None:
    """The wider of two documented ranges holds; beyond the narrower one the caller is told."""
    assert isinstance(FIRST.source, Stored)
    picture = Media("first_frame", replace(FIRST.source, width=4000, height=3000))
    checked = validate(Draft(model="wan2.6-i2v", media=(picture,)), CATALOG, "beijing")
    assert any("360 to 2000" in w for w in checked.warnings)
    long = Media("first_frame", replace(FIRST.source, width=8000, height=900))
    assert "8 times" in wrong(Draft(model="wan2.7-i2v", media=(long,)))["first_frame"].message


@pytest.mark.parametrize(
    ("media", "mode", "model"),
    [((), "t2v", "wan2.7-t2v"), ((FIRST,), "i2v", "wan2.7-i2v"), ((FIRST, LAST), "kf2v", "wan2.7-i2v")],
)
def test_the_media_choose_mode_and_model(media: tuple[Media, ...], mode: str, model: str) -> None:
    """Nobody has to name a mode or a model."""
    request = check(Draft("a cat", media=media))
    assert (mode, model, "") == (request.mode, request.model, request.asked_model)


def test_what_is_optional_may_be_left_out() -> None:
    """Pictures need no prompt; a template needs no last frame; zero is a seed; texts are read as values."""
    assert "" == check(Draft(model="wan2.6-i2v", media=(FIRST,))).prompt
    templated = validate(Draft("x", "wan2.2-kf2v-flash", media=(FIRST,), template="hanfu-1"), CATALOG, "beijing")
    assert ("kf2v", "hanfu-1") == (templated.request.mode, templated.request.template)
    assert any("ignores the prompt" in w for w in templated.warnings)
    cell = Draft("x", "wan2.6-t2v", seed="0", duration_s="10", prompt_extend="no", watermark="TRUE", negative_prompt="")
    request = check(cell)
    assert (0, 10, False, True) == (request.seed, request.duration_s, request.prompt_extend, request.watermark)
    assert request.negative_prompt is None
    assert -1 == check(Draft("x", "wan3.0-video", duration_s=-1)).duration_s
    assert False is check(Draft("x", "wan3.0-video", audio="off")).audio
    assert "multi" == check(Draft("x", "wan2.6-t2v", shot_type="multi")).shot_type


def test_sound_files() -> None:
    """A sound file goes where the model takes one; a silent clip wins over it, with a word."""
    assert (FIRST, SOUND) == check(Draft(model="wan2.7-i2v", media=(FIRST, SOUND))).media
    draft = Draft(model="wan2.6-i2v-flash", media=(FIRST, SOUND), audio=False)
    assert any("silent" in w for w in validate(draft, CATALOG, "beijing").warnings)
    video = Media("audio", Stored("cd" * 32, "video/mp4", 99))
    assert "wav or mp3" in wrong(Draft("x", "wan2.6-t2v", media=(video,)))["audio"].message
    large = Media("audio", Stored("cd" * 32, "audio/mpeg", 16 * 1024 * 1024))
    assert "15 MB" in wrong(Draft("x", "wan2.6-t2v", media=(large,)))["audio"].message


def test_all_problems_are_told_at_once() -> None:
    """One answer names everything: nobody mends a request ten times."""
    problems = wrong(Draft("", "wan2.6-t2v", size="1x1", duration_s=99, seed=-5, template="t", shot_type="z"))
    assert {"prompt", "size", "duration_s", "seed", "template", "shot_type"} == set(problems)


def test_an_alias_is_shown_with_what_it_stands_for() -> None:
    """The request carries the official id and remembers what was asked."""
    checked = validate(Draft("x", "wan2.5-t2v-plus"), CATALOG, "singapore")
    assert ("wan2.5-t2v-preview", "wan2.5-t2v-plus") == (checked.request.model, checked.request.asked_model)
    assert any("another name for wan2.5-t2v-preview" in w for w in checked.warnings)
    assert "stands for nothing" in wrong(Draft("x", "wan2.5-kf2v-plus"), "virginia")["model"].message


def test_unknown_and_other_functions_pass_with_a_warning() -> None:
    """What the catalog cannot check is sent as asked; only values of the wrong kind are stopped."""
    checked = validate(Draft("x", "wan9.9-t2v", duration_s=77, negative_prompt="y" * 9999), CATALOG, "beijing")
    assert ("wan9.9-t2v", "t2v", 77) == (checked.request.model, checked.request.mode, checked.request.duration_s)
    assert any("passed through unchecked" in w for w in checked.warnings)
    clip = Media("reference_video", Link("https://example.com/a.mp4"))
    r2v = check(Draft("x", "wan2.7-r2v", media=(clip,)))
    assert ("r2v", "720P", 5, (clip,)) == (r2v.mode, r2v.resolution, r2v.duration_s, r2v.media)
    edit = check(Draft("x", "wan2.7-videoedit", media=(Media("video", Link("https://example.com/a.mp4")),)))
    assert (None, "720P") == (edit.duration_s, edit.resolution)
    vace = check(Draft("x", "wanx2.1-vace-plus", extra_input={"function": "video_edit"}))
    assert (None, None, None) == (vace.size, vace.resolution, vace.duration_s)
    move = check(Draft(model="wan2.2-animate-move", media=(Media("image_url", Link("https://example.com/a.png")),)))
    assert "animate" == move.mode
    continued = check(Draft(model="wan2.7-i2v", media=(Media("first_clip", Link("https://example.com/a.mp4")),)))
    assert "i2v" == continued.mode
    assert "seed" in wrong(Draft("x", "wan9.9-t2v", seed="lucky"))
    assert "printable" in wrong(Draft("x", "m" * 201))["model"].message
    picture = Media("reference_image", Link("https://example.com/a.png"))
    mixed = check(Draft("Image 1 runs", "wan3.0-video", media=(picture,)))
    assert ("r2v", "adaptive") == (mixed.mode, mixed.ratio)
    assert "must be named" in wrong(Draft("Image 1 runs", media=(picture,)))["model"].message


def test_a_link_nobody_else_can_reach_is_warned_about() -> None:
    """The vendor fetches links itself."""
    near = Media("first_frame", Link("http://localhost:8000/a.png"))
    warnings = validate(Draft(model="wan2.6-i2v", media=(near,)), CATALOG, "beijing").warnings
    assert any("hardly reach" in w for w in warnings)


_LOOSE = (
    *("prompt", "negative_prompt", "size", "resolution", "ratio", "duration_s", "seed", "prompt_extend", "watermark"),
    *("shot_type", "audio", "template", "extra_input", "extra_parameters"),
)
_ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(st.integers())


@given(
    model=st.sampled_from([m.id for m in CATALOG.models]) | _ANY,
    values=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(_LOOSE, _ANY),
    ),
    region=st.sampled_from([r.id for r in CATALOG.regions]),
)
def test_a_face_may_hand_in_anything(model: object, values: dict[str, object], region: str) -> None:
    """Whatever a face hands in, the answer is a request or a list of problems, each in words."""
    outcome = problems_of(Draft(model=model, **values), region)  # type: ignore[arg-type]
    assert outcome is None or outcome
    assert all(p.field and p.message for p in outcome or ())
