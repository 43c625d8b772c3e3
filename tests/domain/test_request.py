"""The request value: JSON there and back, the fingerprint, and rubbish refused in words."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanreel.domain.errors import Invalid
from wanreel.domain.request import Link, Media, Request, Stored, canonical, fingerprint, from_json, to_json

_TEXT = st.text(max_size=30)
_MAYBE_TEXT = st.none() | _TEXT
_MAYBE_BOOL = st.none() | st.booleans()
_SIZES = st.integers(0, 10**9)
_SOURCES = st.builds(Link, _TEXT) | st.builds(Stored, _TEXT, _TEXT, _SIZES, _SIZES, _SIZES, _TEXT, st.booleans())
_EXTRAS = st.dictionaries(_TEXT, st.none() | st.integers() | _TEXT, max_size=3).map(canonical)
REQUESTS = st.builds(
    Request,
    mode=st.sampled_from(["t2v", "i2v", "kf2v", "r2v"]),
    model=_TEXT,
    prompt=_TEXT,
    negative_prompt=_MAYBE_TEXT,
    media=st.lists(st.builds(Media, _TEXT, _SOURCES), max_size=3).map(tuple),
    size=_MAYBE_TEXT,
    resolution=_MAYBE_TEXT,
    ratio=_MAYBE_TEXT,
    duration_s=st.none() | st.integers(),
    seed=st.none() | st.integers(),
    prompt_extend=_MAYBE_BOOL,
    watermark=_MAYBE_BOOL,
    shot_type=_MAYBE_TEXT,
    audio=_MAYBE_BOOL,
    template=_MAYBE_TEXT,
    extra_input=_EXTRAS,
    extra_parameters=_EXTRAS,
    asked_model=_TEXT,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["mode", "model", "media", "role", "url", "x"]), inner)
    ),
    max_leaves=12,
)


@given(REQUESTS)
def test_there_and_back(request: Request) -> None:
    """A request survives being written as JSON text and read again, whole."""
    assert request == from_json(json.loads(json.dumps(to_json(request))))


@given(_JSON)
def test_rubbish_is_refused_in_words(rubbish: object) -> None:
    """Whatever lies in the row, reading it gives a request or says what is wrong; it never breaks."""
    with suppress(Invalid):
        assert isinstance(from_json(rubbish), Request)


def test_fields_of_a_newer_version_are_not_dropped() -> None:
    """An unknown field decides what is bought, so it is refused and the words say why."""
    body = {**to_json(Request("t2v", "wan2.7-t2v", "a cat")), "camera": "dolly"}
    with pytest.raises(Invalid, match="newer wanreel") as caught:
        from_json(body)
    assert "'camera'" == caught.value.problems[0].given
    body = to_json(Request("i2v", "m", media=(Media("first_frame", Link("https://x/y")),)))
    body["media"][0]["crop"] = 1  # type: ignore[index]
    with pytest.raises(Invalid, match="newer wanreel"):
        from_json(body)


def test_the_fingerprint_is_of_what_goes_out() -> None:
    """The caller's name for the model and a file's name and place change nothing; seed and bytes do."""
    picture = Stored("ab" * 32, "image/png", 10, 640, 480, "a.png")
    request = Request("i2v", "wan2.7-i2v", "go", media=(Media("first_frame", picture),), seed=0)
    renamed = replace(
        request, asked_model="other", media=(Media("first_frame", replace(picture, name="b.png", has_alpha=True)),)
    )
    assert fingerprint(request) == fingerprint(renamed)
    others = [
        replace(request, seed=None),
        replace(request, seed=1),
        replace(request, prompt="stop"),
        replace(request, prompt_extend=False),
        replace(request, media=(Media("first_frame", replace(picture, sha256="cd" * 32)),)),
        replace(request, media=(Media("last_frame", picture),)),
        replace(request, extra_input='{"x":1}'),
    ]
    assert 8 == len({fingerprint(r) for r in [request, *others]})
