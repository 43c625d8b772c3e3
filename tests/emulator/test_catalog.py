"""Every official model: its region, path, sizes, lengths, frame rate and sound; and the names that are none."""

import pytest

from tests.emulator.front_desk import FrontDesk, body_for, region_of
from wanreel.emulator.accounts import Account
from wanreel.emulator.catalog import catalog
from wanreel.emulator.tasks import Task

MODELS = sorted(name for name, model in catalog().models.items() if model.protocol != "detect")


def made(model_id: str, region: str = "", **parameters: object) -> tuple[FrontDesk, Task]:
    """A task of a model, in a region that has it."""
    desk = FrontDesk(accounts=(Account(region=region or region_of(model_id)),))
    return desk, desk.desk.ledger.tasks[desk.made(*body_for(model_id, **parameters))]


@pytest.mark.parametrize("model_id", MODELS)
def test_every_model_makes_a_clip(model_id: str) -> None:
    """The smallest good request of each model ends with a URL and seconds to pay for."""
    desk, task = made(model_id)
    body = desk.finish(task.id)
    output = body["output"]

    assert "SUCCEEDED" == output["task_status"]
    assert ("results" in output) != ("video_url" in output)
    assert desk.desk.figures(desk.now)["paid_seconds"] > 0


@pytest.mark.parametrize("model_id", MODELS)
def test_every_model_refuses_the_other_path(model_id: str) -> None:
    """Each model is on one path only."""
    desk = FrontDesk(accounts=(Account(region=region_of(model_id)),))
    body, path = body_for(model_id)
    other = "image2video" if path == "video-generation" else "video-generation"

    reply = desk.create(body, other)

    assert 400 == reply.status
    assert isinstance(reply.body, dict)
    assert "url error, please check url！" == reply.body["message"]


@pytest.mark.parametrize(
    ("model_id", "region"),
    [("wan2.1-kf2v-plus", "cn-beijing"), ("wanx2.1-t2v-turbo", "ap-southeast-1"), ("wan2.6-t2v-us", "cn-beijing")],
)
def test_models_live_in_regions(model_id: str, region: str) -> None:
    """A model of another region is unknown, unless regions are not looked at."""
    strict = FrontDesk(accounts=(Account(region=region),))
    lenient = FrontDesk(accounts=(Account(region=region),), quirks={"regions": "any"})

    assert 400 == strict.create(*body_for(model_id)).status
    assert 200 == lenient.create(*body_for(model_id)).status


@pytest.mark.parametrize("name", ["wan2.5-t2v-plus", "wan2.5-i2v-plus", "wan2.5-kf2v-plus", "wan2.2-t2v-flash"])
def test_unofficial_names(name: str) -> None:
    """Names that never existed are refused, as 400 or 404."""
    body = {"model": name, "input": {"prompt": "x"}}

    assert 400 == FrontDesk().create(body).status
    assert 404 == FrontDesk(quirks={"unknown_model": "404"}).create(body).status


@pytest.mark.parametrize(
    ("model_id", "parameters", "expected"),
    [
        ("wan2.6-t2v", {}, (1920, 1080)),
        ("wan2.6-t2v", {"size": "832*1088"}, (832, 1088)),
        ("wanx2.1-t2v-turbo", {}, (1280, 720)),
        ("wan2.5-t2v-preview", {"size": "624*624"}, (624, 624)),
        ("wan2.7-t2v", {"resolution": "720P", "ratio": "4:3"}, (1104, 832)),
        ("wan2.7-t2v", {}, (1920, 1080)),
        ("wan3.0-video", {"resolution": "480P", "ratio": "9:16"}, (480, 832)),
        ("wan2.6-i2v", {"resolution": "720P"}, (1280, 720)),
        ("wan2.6-i2v", {"resolution": "1080P"}, (1920, 1072)),
        ("wan2.2-kf2v-flash", {"resolution": "480P"}, (832, 464)),
    ],
)
def test_sizes(model_id: str, parameters: dict[str, str], expected: tuple[int, int]) -> None:
    """Closed lists, ratio tables, and sides that follow a 16:9 picture."""
    _, task = made(model_id, "", **parameters)

    assert expected == (task.shot.width, task.shot.height)


def test_documented_example_of_the_size_rule() -> None:
    """A 750x1000 picture at 720P gives 816x1104 (§2.2), and no float ever slips below a multiple of 16."""
    rule = catalog()

    assert (816, 1104) == rule.follow("720P", 750, 1000)
    assert (1280, 720) == rule.follow("720P", 1280, 720) == rule.follow("720P", 3840, 2160)
    assert (960, 960) == rule.follow("720P", 512, 512)


@pytest.mark.parametrize(
    ("model_id", "parameters"),
    [
        ("wan2.6-t2v", {"duration": 16}),
        ("wan2.5-t2v-preview", {"duration": 7}),
        ("wan2.2-t2v-plus", {"size": "1280*720"}),
        ("wan2.7-t2v", {"ratio": "21:9"}),
        ("wan2.7-t2v", {"resolution": "480P"}),
        ("wan2.6-i2v", {"resolution": "720p"}),
        ("wan2.2-kf2v-flash", {"duration": 10}),
        ("wan2.6-t2v", {"seed": 2147483648}),
        ("wan2.6-t2v", {"seed": -1}),
    ],
)
def test_values_outside_the_lists(model_id: str, parameters: dict[str, object]) -> None:
    """Each is accepted and fails as InvalidParameter."""
    desk, task = made(model_id, region="", **parameters)
    output = desk.finish(task.id)["output"]

    assert ("FAILED", "InvalidParameter") == (output["task_status"], output["code"])


@pytest.mark.parametrize(
    ("model_id", "parameters", "fps", "audio"),
    [
        ("wan2.2-t2v-plus", {}, 30, False),
        ("wan2.5-t2v-preview", {}, 24, True),
        ("wan2.6-i2v-flash", {"audio": False}, 30, False),
        ("wan2.6-i2v", {"audio": False}, 30, True),
        ("wan3.0-video", {"audio": False}, 30, False),
        ("wan2.2-kf2v-flash", {}, 30, False),
    ],
)
def test_frame_rate_and_sound(model_id: str, parameters: dict[str, bool], fps: int, audio: bool) -> None:
    """2.5 has 24 frames a second, the rest 30; sound can be switched off only where the page says so."""
    _, task = made(model_id, "", **parameters)

    assert (fps, audio) == (task.shot.fps, task.shot.audio)


def test_overlong_prompt_is_cut() -> None:
    """A prompt past the limit is accepted; the picture is made from its beginning."""
    desk = FrontDesk()
    body, path = body_for("wan2.2-t2v-plus")
    task_id = desk.made({**body, "input": {"prompt": "狐" * 900}}, path)

    assert 800 == len(desk.desk.ledger.tasks[task_id].shot.prompt)
    assert 900 == len(desk.finish(task_id)["output"]["orig_prompt"])


def test_latency_is_about_right() -> None:
    """Medians of §11: 5 s in the queue, 150 s for a 720P clip of 5 s, 1.7 times that at 1080P; p99 about fourfold."""
    desk = FrontDesk(accounts=(Account(submit_rate=0, running=10_000),))
    small = [desk.desk.ledger.tasks[desk.made(*body_for("wanx2.1-t2v-turbo"))] for _ in range(1000)]
    large = [desk.desk.ledger.tasks[desk.made(*body_for("wan2.6-t2v"))] for _ in range(1000)]

    def median(values: list[float], share: float = 0.5) -> float:
        return sorted(values)[int(len(values) * share)]

    assert 4 < median([task.queue_s for task in small]) < 6
    assert 135 < median([task.run_s for task in small]) < 165
    assert 230 < median([task.run_s for task in large]) < 280
    assert 3 < median([task.run_s for task in small], 0.99) / 150 < 5.5
