"""A home and an emulator for end-to-end tests: real HTTP, a real database, real files, and no waiting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.clip import small_clip
from wanreel.client import EmbeddedClient, Video
from wanreel.emulator.server import Emulator
from wanreel.wiring import open_home

KEY = "sk-e2e-0123456789"
QUICK = {
    "poll_first_s": 0.02,
    "poll_max_s": 0.1,
    "quiet_s": 0.5,
    "busy_first_s": 0.05,
    "busy_max_s": 0.2,
    "burst_s": 0.05,
    "quota_s": 0.05,
    "backoff_first_s": 0.02,
    "backoff_max_s": 0.1,
    "doubt_first_s": 0.02,
    "doubt_max_s": 0.1,
    "absence_s": 0.5,
    "list_lag_s": 0.2,
}
"""The life of a job at the pace of a test."""


def emulator(**fields: Any) -> Emulator:
    """A fast emulator that serves one small real clip for everything."""
    usual: dict[str, Any] = {"speed": 2000.0, "seed": 1, "submit_rate": 0, "render": _render}
    return Emulator(**usual | fields)


def _render(_: object) -> bytes:
    return small_clip()


def client(home: Path, base_url: str, policy: Mapping[str, float] | None = None, **given: Any) -> EmbeddedClient:
    """A client of a home that talks to the emulator."""
    figures = QUICK | dict(policy or {})
    asked = {"home": home, "api_key": KEY, "vendor_url": base_url, "policy": figures}
    return EmbeddedClient(open_home, asked | given)


def tasks_by_prompt(emu: Emulator) -> dict[str, list[str]]:
    """Ids of the tasks the emulator accepted, by their prompt: its own books, not ours."""
    found: dict[str, list[str]] = {}
    for task in emu.tasks():
        found.setdefault(task["request"]["input"]["prompt"], []).append(task["task_id"])
    return found


def is_kept(video: Video) -> bool:
    """Whether the clip lies in the archive, byte for byte as it was served."""
    return video.path is not None and video.path.read_bytes() == small_clip()
