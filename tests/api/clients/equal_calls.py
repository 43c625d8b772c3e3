"""Makes equal, seedless creates with one of the Python clients, at its default retries; prints the ids as JSON.

Arguments: the client, the address, how (`once`, `side`: three at once, `looked`: three with a look after each).
"""

import json
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, cast

warnings.simplefilter("ignore")
client, server, how = sys.argv[1:4]
timeout_s = float(sys.argv[4]) if len(sys.argv) > 4 else None
MODEL, PROMPT = "wan2.5-t2v-preview", "a red fox"
create: Callable[[], str]
look: Callable[[str], object]

if client == "dashscope-1x":
    import dashscope
    from dashscope import VideoSynthesis

    dashscope.base_http_api_url = f"{server}/api/v1"
    dashscope.api_key = "sk-any"
    more: dict[str, Any] = {} if timeout_s is None else {"request_timeout": timeout_s}

    def create_1x() -> str:
        """One create."""
        return str(VideoSynthesis.async_call(model=MODEL, prompt=PROMPT, **more).output.task_id)

    create, look = create_1x, VideoSynthesis.fetch
elif client == "dashscope-20":
    from dashscope import Client

    given: dict[str, Any] = {} if timeout_s is None else {"timeout": timeout_s}
    vendor = Client(api_key="sk-any", base_url=f"{server}/api/v1", **given)
    create, look = lambda: vendor.videos.jobs.create(model=MODEL, prompt=PROMPT).task_id, vendor.videos.jobs.fetch
else:
    from openai import OpenAI

    patience: dict[str, Any] = {} if timeout_s is None else {"timeout": timeout_s}
    videos = cast("Any", OpenAI(api_key="sk-any", base_url=f"{server}/v1", **patience).videos)
    create, look = lambda: videos.create(model=MODEL, prompt=PROMPT).id, videos.retrieve

ids: list[str] = []
if how == "side":
    barrier = threading.Barrier(3)

    def call() -> None:
        """One of three, at the same moment."""
        barrier.wait()
        ids.append(create())

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
else:
    for _ in range(3 if how == "looked" else 1):
        try:
            ids.append(create())
        except Exception as error:  # noqa: BLE001 - a client that gives up has bought what it has bought
            print(error, file=sys.stderr)
            continue
        if how == "looked":
            look(ids[-1])
json.dump(ids, sys.stdout)
