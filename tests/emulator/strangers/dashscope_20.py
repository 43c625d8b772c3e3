"""Drives the official SDK's 2.0 surface against an emulator in virtual time; prints what it saw as one JSON object."""

import json
import sys
import urllib.request
from typing import Any

from dashscope import Client

host, first, last = sys.argv[1:4]
client = Client(api_key="sk-official", base_url=f"{host}/api/v1")


def advance(seconds: float) -> None:
    """Sleep in the emulator's time."""
    body = json.dumps({"seconds": seconds}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{host}/_emulator/advance", body)).read()


def finished(**what: Any) -> dict[str, Any]:
    """Submit, wait; the end as plain data."""
    job = client.videos.jobs.wait(client.videos.jobs.create(**what), _sleep=advance)
    return {"status": job.status, "url": job.video_url}


story: dict[str, Any] = {
    "t2v": finished(model="wan2.6-t2v", prompt="a red fox", size="1280*720", duration=5),
    "i2v": finished(model="wan2.5-i2v-preview", prompt="it runs", image_url=first, resolution="480P"),
    "i2v_27": finished(model="wan2.7-i2v", prompt="it runs", image_url=first, resolution="720P"),
}
try:
    client.videos.jobs.create(model="wan2.2-kf2v-flash", extra_input={"first_frame_url": first, "last_frame_url": last})
    story["kf2v"] = "accepted"
except Exception as error:  # noqa: BLE001 - the words are what matters
    story["kf2v"] = str(error)
waiting = client.videos.jobs.create(model="wan2.6-t2v", prompt="a red fox", size="1280*720")
client.videos.jobs.cancel(waiting.task_id)
story["after_cancel"] = client.videos.jobs.fetch(waiting.task_id).status
page = client.videos.jobs.list()
story["listed"] = {"tasks": len(page.tasks), "total": page.total}
json.dump(story, sys.stdout)
