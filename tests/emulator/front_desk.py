"""A desk with the headers filled in and a clock of its own, so that tests say only what they are about."""

from typing import Any

from wanreel.emulator.catalog import catalog
from wanreel.emulator.desk import Desk, DeskSettings
from wanreel.emulator.quirks import Quirks
from wanreel.emulator.replies import Reply

KEY = "sk-test"
T2V: dict[str, Any] = {
    "model": "wan2.6-t2v",
    "input": {"prompt": "a red fox in fresh snow"},
    "parameters": {"size": "1280*720", "duration": 5},
}


def fake_clip(spec: Any) -> bytes:
    """Bytes that differ by clip and cost nothing to make."""
    return b"\x00\x00\x00\x20ftypisom" + spec.key().encode() * 200


def t2v(**changes: Any) -> dict[str, Any]:
    """A t2v body with parameters changed; None takes one out."""
    parameters = {**T2V["parameters"], **changes}
    return {**T2V, "parameters": {name: value for name, value in parameters.items() if value is not None}}


class FrontDesk:
    """Wraps a desk: ``now`` is advanced by `wait`, replies come back whole."""

    def __init__(self, seed: int = 0, quirks: dict[str, Any] | None = None, **settings: Any) -> None:
        fields: dict[str, Any] = {"foreign_media": "assume", **(quirks or {})}
        self.desk = Desk(DeskSettings(quirks=Quirks(**fields), **settings), seed=seed)
        self.now = 1_780_000_000.0

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def headers(self, key: str = KEY, **more: str) -> dict[str, str]:
        """What every call carries."""
        return {"Authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in more.items()}}

    def create(self, body: Any = None, path: str = "video-generation", key: str = KEY, **more: str) -> Reply:
        """Submit, with the async header."""
        headers = self.headers(key, **{"X_DashScope_Async": "enable", **more})
        return self.desk.create(path, headers, T2V if body is None else body, self.now)

    def made(self, body: Any = None, path: str = "video-generation", **more: str) -> str:
        """Submit and hand back the task id."""
        reply = self.create(body, path, **more)
        assert isinstance(reply.body, dict), reply
        return reply.body["output"]["task_id"]

    def query(self, task_id: str, key: str = KEY, **more: str) -> dict[str, Any]:
        """The body of a query."""
        reply = self.desk.query(task_id, self.headers(key, **more), self.now)
        assert isinstance(reply.body, dict), reply
        return reply.body

    def output(self, task_id: str) -> dict[str, Any]:
        """The output of a query."""
        return self.query(task_id)["output"]

    def finish(self, task_id: str) -> dict[str, Any]:
        """Wait until the task ended; the whole body."""
        for _ in range(200):
            self.wait(60)
            body = self.query(task_id)
            if body["output"]["task_status"] not in ("PENDING", "RUNNING"):
                return body
        raise AssertionError("never ended")

    def rows(self, key: str = KEY, **params: str) -> list[dict[str, Any]]:
        """The rows of a list."""
        reply = self.desk.list(params, self.headers(key), self.now)
        assert isinstance(reply.body, dict), reply
        assert "data" in reply.body, reply
        return reply.body["data"]


PICTURE = "https://media.example.com/still.png"
_INPUTS: dict[str, dict[str, Any]] = {
    "size": {"prompt": "a red fox"},
    "ratio": {"prompt": "a red fox"},
    "all_in_one": {"prompt": "a red fox"},
    "img_url": {"prompt": "it turns its head", "img_url": PICTURE},
    "frames": {"prompt": "from bud to bloom", "first_frame_url": PICTURE, "last_frame_url": PICTURE},
    "media": {"prompt": "it runs", "media": [{"type": "first_frame", "url": PICTURE}]},
    "references": {"prompt": "Image 1 waves", "media": [{"type": "reference_image", "url": PICTURE}]},
    "reference_urls": {"prompt": "character1 waves", "reference_urls": [PICTURE]},
    "videoedit": {"prompt": "make it night", "media": [{"type": "video", "url": PICTURE}]},
    "vace": {"prompt": "together", "function": "image_reference", "ref_images_url": [PICTURE]},
    "speech": {"image_url": PICTURE, "audio_url": PICTURE},
    "animate": {"image_url": PICTURE, "video_url": PICTURE},
}
KF2V = _INPUTS["frames"]


def body_for(model_id: str, **parameters: Any) -> tuple[dict[str, Any], str]:
    """The smallest good body for a model, and the path family it goes to."""
    model = catalog().models[model_id]
    return {"model": model_id, "input": _INPUTS[model.protocol], "parameters": parameters}, model.path


def region_of(model_id: str) -> str:
    """A region the model is in."""
    return catalog().models[model_id].regions[0]
