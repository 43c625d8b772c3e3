"""Drives the official SDK's 1.x surface against an emulator in virtual time; prints what it saw as one JSON object."""

import json
import sys
import time
import urllib.request
from typing import Any, cast

import dashscope
from dashscope import VideoSynthesis

host, first, last = sys.argv[1:4]
dashscope.base_http_api_url = f"{host}/api/v1"
dashscope.api_key = "sk-official"
slept: list[float] = []


def advance(seconds: float) -> None:
    """Sleep in the emulator's time."""
    slept.append(seconds)
    body = json.dumps({"seconds": seconds}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{host}/_emulator/advance", body)).read()


time.sleep = advance


def seen(response: Any) -> dict[str, Any]:
    """The parts of an answer the test looks at."""
    output = dict(response.output or {})
    return {"status": response.status_code, "code": response.code, "output": output, "usage": response.usage}


story: dict[str, Any] = {}
made = VideoSynthesis.async_call(model="wan2.6-t2v", prompt="a red fox", size="1280*720", duration=5, seed=3)
story["t2v_made"] = seen(made)
slept.clear()
story["t2v"] = seen(VideoSynthesis.wait(made))
story["slept"] = list(slept)
story["i2v"] = seen(
    VideoSynthesis.call(model="wan2.5-i2v-preview", prompt="it runs", img_url=f"file://{first}", resolution="480P")
)
story["kf2v"] = seen(
    VideoSynthesis.call(model="wan2.2-kf2v-flash", prompt="bloom", first_frame_url=first, last_frame_url=last)
)
story["listed"] = seen(cast("Any", VideoSynthesis).list(page_size=50))
waiting = VideoSynthesis.async_call(model="wan2.6-t2v", prompt="a red fox", size="1280*720")
story["cancel"] = seen(VideoSynthesis.cancel(waiting))
story["cancel_again"] = seen(VideoSynthesis.cancel(waiting))
story["after_cancel"] = seen(VideoSynthesis.fetch(waiting))
story["unknown"] = seen(VideoSynthesis.fetch("00000000-0000-4000-8000-000000000000"))
failing = VideoSynthesis.call(model="wan2.6-t2v", prompt="a red fox", size="1024*1024")
story["failed"] = seen(failing)
story["unofficial"] = seen(VideoSynthesis.async_call(model="wan2.5-t2v-plus", prompt="a red fox"))
json.dump(story, sys.stdout, default=dict)
