"""Drives the official SDK's 2.0 surface against a wanreel server; prints what it saw as one JSON object."""

import json
import sys
from typing import Any

from dashscope import Client

base_url, first, last = sys.argv[1:4]
client = Client(api_key="sk-official", base_url=base_url)


def finished(**what: Any) -> dict[str, Any]:
    """Submit, wait; the end as plain data."""
    job = client.videos.jobs.wait(client.videos.jobs.create(**what), poll_interval=0.1)
    return {"status": job.status, "url": job.video_url}


story: dict[str, Any] = {
    "t2v": finished(model="wan2.6-t2v", prompt="a red fox", size="1280*720", duration=5),
    "i2v": finished(model="wan2.5-i2v-preview", prompt="it runs", image_url=first, resolution="480P"),
    "i2v_27": finished(model="wan2.7-i2v", prompt="it runs", image_url=first, resolution="720P"),
    "kf2v": finished(
        model="wan2.2-kf2v-flash", prompt="bloom", extra_input={"first_frame_url": first, "last_frame_url": last}
    ),
}
page = client.videos.jobs.list()
story["listed"] = {"tasks": [task.status for task in page.tasks], "total": page.total}
json.dump(story, sys.stdout)
