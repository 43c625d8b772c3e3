"""A desk with the headers filled in and a clock of its own, so that tests say only what they are about."""

from typing import Any

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
