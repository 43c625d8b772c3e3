"""A vendor on this machine that answers at once, and the environment of somebody who uses it."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from tests.archive.clips import bare_clip
from wanreel.emulator.server import Emulator

KEY = "sk-small-world-0123456789abcdef"
QUICK = {
    "POLL_FIRST_S": "0.02",
    "POLL_FACTOR": "1.2",
    "POLL_MAX_S": "0.2",
    "QUIET_S": "0",
    "BACKOFF_FIRST_S": "0.05",
    "BACKOFF_MAX_S": "0.2",
    "BUSY_FIRST_S": "0.05",
    "BUSY_MAX_S": "0.2",
    "BURST_S": "0.1",
    "QUOTA_S": "0.2",
    "DOUBT_FIRST_S": "0.05",
    "DOUBT_MAX_S": "0.1",
    "ABSENCE_S": "0.5",
    "LIST_LAG_S": "0.2",
}
"""The life of a job, a hundred times as quick."""


LOST = {"create": [{"fault": "drop_after"}], "list": [{"fault": "status", "status": 500, "times": "always"}]}
"""A script: the task is taken, its answer is lost, and the list that could tell is out of order."""


def clip_of(spec: Any) -> bytes:
    """A whole MP4 that costs nothing to make and differs by what was asked for."""
    return bare_clip(spec.key().encode() * 40)


@contextmanager
def small_vendor(**options: Any) -> Generator[Emulator, None, None]:
    """An emulator in a thread, with clips that cost nothing; every fault scripted must have been met at the end."""
    fields: dict[str, Any] = {"speed": 2000.0, "seed": 0, "submit_rate": 0, "render": clip_of, **options}
    with Emulator(**fields) as emulator:
        yield emulator
        unmet = emulator.unmet()
    assert not unmet, f"scripted faults that nobody met: {unmet}"


def environment(home: Path, emulator: Emulator | None, key: str | None = KEY) -> dict[str, str]:
    """What a user of that vendor has set."""
    found = {"WANREEL_HOME": str(home), **{f"WANREEL_POLICY__{name}": value for name, value in QUICK.items()}}
    if emulator is not None:
        found["WANREEL_VENDOR_URL"] = emulator.base_url
    if key is not None:
        found["DASHSCOPE_API_KEY"] = key
    return found


def picture(colour: str = "#336699", size: tuple[int, int] = (640, 400)) -> bytes:
    """A PNG of one colour."""
    whole = io.BytesIO()
    Image.new("RGB", size, colour).save(whole, "PNG")
    return whole.getvalue()


def bought(emulator: Emulator) -> int:
    """How many tasks the vendor took, and would bill."""
    return emulator.counters()["tasks_accepted"]
