"""Drives the official SDK's 1.x surface against a wanreel server; prints what it saw as one JSON object."""

import json
import sys
from typing import Any, cast

import dashscope
from dashscope import VideoSynthesis

base_url, first, last = sys.argv[1:4]
dashscope.base_http_api_url = base_url
dashscope.api_key = "sk-official"


def seen(response: Any) -> dict[str, Any]:
    """The parts of an answer the test looks at."""
    output = dict(response.output or {})
    return {"status": response.status_code, "code": response.code, "output": output, "usage": response.usage}


story: dict[str, Any] = {}
made = VideoSynthesis.async_call(model="wan2.6-t2v", prompt="a red fox", size="1280*720", duration=5, seed=3)
story["t2v_made"] = seen(made)
story["t2v"] = seen(VideoSynthesis.wait(made))
story["i2v"] = seen(
    VideoSynthesis.call(model="wan2.5-i2v-preview", prompt="it runs", img_url=f"file://{first}", resolution="480P")
)
story["kf2v"] = seen(
    VideoSynthesis.call(model="wan2.2-kf2v-flash", prompt="bloom", first_frame_url=first, last_frame_url=last)
)
story["listed"] = seen(cast("Any", VideoSynthesis).list(page_size=50))
story["cancel_ended"] = seen(VideoSynthesis.cancel(made))
story["unknown"] = seen(VideoSynthesis.fetch("00000000-0000-4000-8000-000000000000"))
story["bad_size"] = seen(VideoSynthesis.async_call(model="wan2.6-t2v", prompt="a red fox", size="1024*1024"))
story["alias"] = seen(VideoSynthesis.call(model="wan2.5-t2v-plus", prompt="a red fox"))
json.dump(story, sys.stdout, default=dict)
