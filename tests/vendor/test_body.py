"""Wire bodies against the literals of FS §4.1, and what decides that two bodies are the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.domain.catalog_file import CATALOG
from wanreel.domain.request import Link, Media, Request, Stored
from wanreel.vendor.body import build, fingerprint, model_of, preview

VIDEO = "/services/aigc/video-generation/video-synthesis"
IMAGE = "/services/aigc/image2video/video-synthesis"
F, L, A = "https://x.example/1.png", "https://x.example/2.png", "https://x.example/a.mp3"
FIRST, LAST, SOUND = Media("first_frame", Link(F)), Media("last_frame", Link(L)), Media("audio", Link(A))
STORED = Media("first_frame", Stored("ab" * 32, "image/png", 123, 640, 480, "me.png"))


def made(request: Request, urls: list[str] | None = None, *, extend_off: bool = False):
    """The create call of a request whose media are links."""
    links = urls if urls is not None else [m.source.url for m in request.media if isinstance(m.source, Link)]
    return build(request, model_of(request, CATALOG, "beijing"), links, extend_off=extend_off)


@pytest.mark.parametrize(
    ("request_", "path", "body"),
    [
        (
            Request(
                "t2v",
                "wan2.5-t2v-preview",
                "a cat",
                "blur",
                (SOUND,),
                size="1280*720",
                duration_s=5,
                prompt_extend=True,
                watermark=False,
                seed=42,
            ),
            VIDEO,
            {
                "model": "wan2.5-t2v-preview",
                "input": {"prompt": "a cat", "negative_prompt": "blur", "audio_url": A},
                "parameters": {
                    "size": "1280*720",
                    "duration": 5,
                    "prompt_extend": True,
                    "watermark": False,
                    "seed": 42,
                },
            },
        ),
        (
            Request("i2v", "wan2.5-i2v-preview", "go", media=(FIRST,), resolution="720P", duration_s=10),
            VIDEO,
            {
                "model": "wan2.5-i2v-preview",
                "input": {"prompt": "go", "img_url": F},
                "parameters": {"resolution": "720P", "duration": 10},
            },
        ),
        (
            Request(
                "i2v", "wan2.6-i2v-flash", media=(FIRST,), template="flying", resolution="720P", audio=False, seed=0
            ),
            VIDEO,
            {
                "model": "wan2.6-i2v-flash",
                "input": {"template": "flying", "img_url": F},
                "parameters": {"resolution": "720P", "audio": False, "seed": 0},
            },
        ),
        (
            Request("kf2v", "wan2.2-kf2v-flash", "go", media=(FIRST, LAST), resolution="720P", prompt_extend=True),
            IMAGE,
            {
                "model": "wan2.2-kf2v-flash",
                "input": {"prompt": "go", "first_frame_url": F, "last_frame_url": L},
                "parameters": {"resolution": "720P", "prompt_extend": True},
            },
        ),
        (
            Request("kf2v", "wan2.7-i2v", "go", media=(FIRST, LAST, SOUND), resolution="1080P", duration_s=5),
            VIDEO,
            {
                "model": "wan2.7-i2v",
                "input": {
                    "prompt": "go",
                    "media": [
                        {"type": "first_frame", "url": F},
                        {"type": "last_frame", "url": L},
                        {"type": "driving_audio", "url": A},
                    ],
                },
                "parameters": {"resolution": "1080P", "duration": 5},
            },
        ),
        (
            Request("t2v", "wan2.7-t2v", "go", media=(SOUND,), resolution="720P", ratio="16:9", duration_s=5),
            VIDEO,
            {
                "model": "wan2.7-t2v",
                "input": {"prompt": "go", "audio_url": A},
                "parameters": {"resolution": "720P", "ratio": "16:9", "duration": 5},
            },
        ),
        (
            Request("t2v", "wan3.0-video", "go", resolution="720P", ratio="adaptive", duration_s=-1, audio=True),
            VIDEO,
            {
                "model": "wan3.0-video",
                "input": {"prompt": "go"},
                "parameters": {"resolution": "720P", "ratio": "adaptive", "duration": -1, "audio": True},
            },
        ),
        (
            Request(
                "r2v",
                "wan2.6-r2v",
                "character1 runs",
                media=(Media("reference_urls", Link(F)), Media("reference_urls", Link(L))),
                size="1280*720",
                extra_parameters='{"audio_setting":"auto"}',
            ),
            VIDEO,
            {
                "model": "wan2.6-r2v",
                "input": {"prompt": "character1 runs", "reference_urls": [F, L]},
                "parameters": {"size": "1280*720", "audio_setting": "auto"},
            },
        ),
        (
            Request(
                "animate",
                "wan2.2-animate-mix",
                media=(Media("image_url", Link(F)), Media("video_url", Link(L))),
                extra_input='{"watermark":true}',
                extra_parameters='{"mode":"wan-pro"}',
            ),
            IMAGE,
            {
                "model": "wan2.2-animate-mix",
                "input": {"image_url": F, "video_url": L, "watermark": True},
                "parameters": {"mode": "wan-pro"},
            },
        ),
        (
            Request(
                "r2v", "wan3.0-video", "go", media=(Media("reference_image", Link(F)),), extra_input='{"media":[1]}'
            ),
            VIDEO,
            {
                "model": "wan3.0-video",
                "input": {"prompt": "go", "media": [{"type": "reference_image", "url": F}, 1]},
                "parameters": {},
            },
        ),
    ],
)
def test_bodies(request_: Request, path: str, body: dict[str, object]) -> None:
    """Each generation's create call, field by field."""
    outgoing = made(request_)
    assert (path, body, False) == (outgoing.path, outgoing.body, outgoing.oss)
    assert body == json.loads(outgoing.encoded())


def test_unknown_models_are_sent_in_their_most_likely_shape() -> None:
    """Two pictures for a model nobody has told us about."""
    assert IMAGE == made(Request("kf2v", "wan2.9x-kf2v-turbo", media=(FIRST, LAST))).path
    legacy = made(Request("i2v", "wan2.4-i2v", media=(FIRST,)))
    assert {"img_url": F} == legacy.body["input"]


def test_media_of_our_own_storage_ask_for_the_resolve_header() -> None:
    """An oss:// URL works only with the header that resolves it."""
    request = Request("i2v", "wan2.6-i2v", media=(FIRST,))
    assert made(request, ["oss://a/b.png"]).oss
    assert made(replace(request, extra_input='{"x":"oss://a"}')).oss


def test_without_the_rewriter_no_shot_type_goes_out() -> None:
    """shot_type counts only with prompt_extend, and the second try after RewriteFailed goes without."""
    request = Request("t2v", "wan2.6-t2v", "go", shot_type="multi", prompt_extend=True)
    assert {"prompt_extend": True, "shot_type": "multi"} == made(request).body["parameters"]
    assert {"prompt_extend": False} == made(request, extend_off=True).body["parameters"]


def test_the_fingerprint_is_of_the_body_with_media_by_hash() -> None:
    """Names do not matter, bytes do; a task made without the rewriter is another one."""
    model = model_of(Request("i2v", "wan2.7-i2v"), CATALOG, "beijing")
    request = Request("i2v", "wan2.7-i2v", "go", media=(STORED,), resolution="720P")
    assert isinstance(STORED.source, Stored)
    renamed = replace(request, asked_model="x", media=(Media("first_frame", replace(STORED.source, name="you.png")),))
    other = replace(request, media=(Media("first_frame", replace(STORED.source, sha256="cd" * 32)),))
    assert fingerprint(request, model) == fingerprint(renamed, model)
    assert 3 == len(
        {fingerprint(request, model), fingerprint(other, model), fingerprint(request, model, extend_off=True)}
    )


def test_a_preview_names_files_instead_of_their_bytes() -> None:
    """What a dry run prints can be read."""
    model = model_of(Request("i2v", "wan2.6-i2v"), CATALOG, "beijing")
    body = preview(Request("i2v", "wan2.6-i2v", media=(STORED,)), model).body
    assert {"img_url": "<me.png: image/png, 123 bytes, sha256 abababababab…>"} == body["input"]
