"""Drives the official OpenAI SDK's `videos` against a wanreel server; prints what it saw as one JSON object."""

import base64
import json
import sys
import warnings
from pathlib import Path
from typing import Any, cast

from openai import BadRequestError, NotFoundError, OpenAI

warnings.simplefilter("ignore")  # the SDK calls its own videos deprecated; ours are not
base_url, first, last = sys.argv[1:4]
client = OpenAI(api_key="sk-any", base_url=base_url)
videos = cast("Any", client.videos)
story: dict[str, Any] = {}

made = videos.create_and_poll(prompt="a red fox", model="wan2.5-t2v-preview", seconds="5", size="1280x720")
story["t2v"] = made.to_dict()
still = videos.create_and_poll(
    prompt="it runs", model="wan2.5-i2v-preview", input_reference=Path(first), size="720x1280"
)
story["i2v"] = still.to_dict()
# The SDK takes a reference as a link in its types and refuses it in its code: an extra field reaches the server.
frames = [f"data:image/png;base64,{base64.b64encode(Path(name).read_bytes()).decode()}" for name in (first, last)]
both = videos.create_and_poll(
    prompt="bloom",
    model="wan2.2-kf2v-flash",
    extra_body={"input_reference": {"image_url": frames[0]}, "last_frame": frames[1], "resolution": "480P"},
)
story["kf2v"] = both.to_dict()
story["listed"] = [video.id for video in videos.list(limit=2)]  # pages by itself
story["oldest"] = videos.list(order="asc", limit=1).data[0].id
clip = videos.download_content(made.id).read()
story["clip"] = {"head": clip[4:8].decode(), "bytes": len(clip)}
story["thumbnail"] = videos.download_content(made.id, variant="thumbnail").read()[:4].hex()
story["sheet"] = videos.download_content(made.id, variant="spritesheet").read()[:4].hex()
story["range"] = len(videos.download_content(made.id, extra_headers={"Range": "bytes=0-99"}).read())
mixed = videos.remix(made.id, prompt="a red fox at night")
story["remix"] = videos.poll(mixed.id).to_dict()
story["deleted"] = videos.delete(still.id).to_dict()
try:
    videos.retrieve(still.id)
except NotFoundError as error:
    story["gone"] = error.body
try:
    videos.create(prompt="x", model="sora-2", size="9x9")
except BadRequestError as error:
    story["refused"] = error.body
json.dump(story, sys.stdout)
