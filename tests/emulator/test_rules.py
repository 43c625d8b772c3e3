"""Rules of single fields and figures that no other file here holds to the fact sheet."""

from typing import Any

import pytest

from tests.emulator.caller import ASYNC
from tests.emulator.front_desk import PICTURE, FrontDesk, body_for, t2v
from wanreel.emulator.accounts import Account
from wanreel.emulator.media import CLIP, Medium, look


def ended(body: dict[str, Any], path: str, medium: Medium | None = None, **quirks: Any) -> tuple[Any, Any]:
    """One task to its end: the final answer, and the task."""
    desk = FrontDesk(quirks=quirks)
    media = {PICTURE: medium} if medium else None
    reply = desk.desk.create(path, {**desk.headers(), **ASYNC}, body, desk.now, media=media)
    assert isinstance(reply.body, dict)
    task_id = reply.body["output"]["task_id"]
    return desk.finish(task_id), desk.desk.tasks(desk.now)[0]


@pytest.mark.parametrize(
    ("model", "given", "code"),
    [
        ("wan2.6-t2v", {"shot_type": "multi"}, ""),
        ("wan2.6-t2v", {"shot_type": "triple"}, "InvalidParameter"),
        ("wan2.5-t2v-preview", {"shot_type": "triple"}, ""),
        ("wan2.7-videoedit", {"audio_setting": "origin"}, ""),
        ("wan2.7-videoedit", {"audio_setting": "loud"}, "InvalidParameter"),
        ("wan2.6-t2v", {"seed": True}, "InvalidParameter"),
    ],
)
def test_closed_lists(model: str, given: dict[str, Any], code: str) -> None:
    """A word outside the list of a model that reads it fails the task; other models ignore the key."""
    body, path = body_for(model, **given)

    assert code == ended(body, path)[1].code


@pytest.mark.parametrize(
    ("function", "count", "code"),
    [
        ("image_reference", 0, "InvalidParameter"),
        ("image_reference", 3, ""),
        ("image_reference", 4, "InvalidParameter"),
    ],
)
def test_vace_reference_pictures(function: str, count: int, code: str) -> None:
    """One to three of them (§2.7)."""
    body, path = body_for("wanx2.1-vace-plus")
    body["input"] = {"prompt": "x", "function": function, "ref_images_url": [PICTURE] * count}

    assert code == ended(body, path)[1].code


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("wan3.0-video", {"media": [{"type": "first_frame"}]}),
        ("wan3.0-video", {"media": [{"type": "first_frame", "url": 5}]}),
        ("wan2.7-i2v", {"media": [{"type": "first_frame", "url": PICTURE}, {"type": "last_frame"}]}),
        ("wan2.6-r2v", {"prompt": "x", "reference_urls": [5]}),
        ("wan2.6-r2v", {"prompt": "x", "reference_urls": PICTURE}),
    ],
)
@pytest.mark.parametrize("foreign", ["fail", "assume"])
def test_media_without_an_address(model: str, given: dict[str, Any], foreign: str) -> None:
    """An item that names nothing is a missing input, refused at submit."""
    desk = FrontDesk(quirks={"foreign_media": foreign})
    reply = desk.create({"model": model, "input": given})

    assert isinstance(reply.body, dict)
    assert (400, "InvalidParameter") == (reply.status, reply.body["code"])


def test_a_picture_of_too_many_bytes() -> None:
    """It is an image rule that is broken, not one of the InvalidFile family (§9)."""
    body, path = body_for("wan2.6-i2v")
    _, task = ended(body, path, Medium("a", 11 * 1024**2, 1280, 720, "PNG"))

    assert "InvalidImage.ImageSize" == task.code


@pytest.mark.parametrize(
    ("sides", "size", "expected"),
    [
        ((1920, 1080), "rule", (1920, 1072)),
        ((1920, 1080), "table", (1920, 1080)),
        ((720, 1280), "table", (1080, 1920)),
        ((750, 1000), "table", (1232, 1648)),
    ],
)
def test_size_after_a_picture(sides: tuple[int, int], size: str, expected: tuple[int, int]) -> None:
    """1080P after an exactly 16:9 picture is open (§18.10); other shapes go by the rule either way."""
    body, path = body_for("wan2.6-i2v", resolution="1080P")
    shot = ended(body, path, Medium("a", 9, *sides, "PNG"), i2v_size=size)[1].shot

    assert expected == (shot.width, shot.height)


@pytest.mark.parametrize("usage", [False, True])
def test_succeeded_without_url(usage: bool) -> None:
    """Whether such a task has usage and costs is a switch."""
    desk = FrontDesk(quirks={"no_url_usage": usage})
    desk.desk.add_script({"create": [{"fate": {"outcome": "no_url"}}]}, account="*")
    body = desk.finish(desk.made(t2v()))

    assert "video_url" not in body["output"]
    assert usage == ("usage" in body)
    assert (5.0 if usage else 0.0) == desk.desk.figures(desk.now)["paid_seconds"]


def test_empty_code_on_every_good_answer() -> None:
    """The switch adds code and message to queries, lists and cancels too, and to nothing refused."""
    desk = FrontDesk(quirks={"empty_code": True})
    task_id = desk.made()
    replies = [desk.desk.list({}, desk.headers(), desk.now), desk.desk.cancel(task_id, desk.headers(), desk.now)]
    bodies = [desk.query(task_id), *(reply.body for reply in replies)]

    assert [("", "")] * 3 == [(body["code"], body["message"]) for body in bodies if isinstance(body, dict)]
    refused = desk.desk.cancel(task_id, desk.headers(), desk.now).body
    assert isinstance(refused, dict)
    assert "UnsupportedOperation" == refused["code"]


def test_failed_kf2v_has_no_metrics() -> None:
    """The page shows task_metrics with RUNNING and SUCCEEDED; FAILED has them only when all have."""
    body, path = body_for("wan2.2-kf2v-flash", resolution="999P")

    assert "task_metrics" not in ended(body, path)[0]["output"]
    assert "task_metrics" in ended(body, path, task_metrics="always")[0]["output"]


@pytest.mark.parametrize(
    ("given", "paid_s"),
    [
        ({"reference_urls": [PICTURE]}, 5.0),
        ({"reference_video_urls": ["https://media.example.com/run"]}, 10.0),
        ({"reference_urls": ["https://media.example.com/run.mp4?x=1"]}, 10.0),
    ],
)
def test_reference_clips_of_26_are_billed(given: dict[str, Any], paid_s: float) -> None:
    """What goes in is paid too (§2.5, §10.2): once, however many clips there are."""
    body, path = body_for("wan2.6-r2v")
    body["input"] = {"prompt": "character1 waves", **given}

    assert paid_s == ended(body, path)[1].billed_s


def test_a_clip_is_told_by_its_bytes() -> None:
    """A reference that may be either is known for a clip once it was looked at."""
    assert CLIP == look(b"\x00\x00\x00\x20ftypisom", "file").format
    assert CLIP != look(b"\x89PNG\r\n\x1a\n", "file").format


def test_animate_takes_its_watermark_among_the_inputs() -> None:
    """§2.7; as a parameter it is an unknown key."""
    body, path = body_for("wan2.2-animate-mix", watermark=True)
    assert not ended(body, path)[1].shot.watermark
    body["input"] = {**body["input"], "watermark": True}
    assert ended(body, path)[1].shot.watermark


@pytest.mark.parametrize(("rate", "said"), [(None, (5, 1)), (7.0, (7, 1)), (0.5, (30, 60)), (0.0, (None, None))])
def test_request_limit_as_it_is_kept(rate: float | None, said: tuple[int | None, int | None]) -> None:
    """Per second, per minute when it is no whole number, unset when there is none (§10.1)."""
    desk = FrontDesk(accounts=(Account(submit_rate=rate),))
    reply = desk.desk.limits({"model": "wan2.6-t2v"}, desk.headers(), desk.now)
    assert isinstance(reply.body, dict)
    limit = reply.body["output"]["quotas"][0]["model_limit"]

    assert said == (limit["request_limit"], limit["request_limit_period"])
