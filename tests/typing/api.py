"""Never run: fails the type checker when what users see of the library gets worse."""

from pathlib import Path
from typing import assert_type

from wanreel import AsyncClient, Client, GenerationFailed, Invalid, NeedsAttention, Video, WanreelError


def blocking() -> None:
    """Every call of the blocking client, with the types it gives."""
    with Client(home=Path("clips"), api_key="sk-…", base_url="http://127.0.0.1/api/v1", region="cn-beijing") as wan:
        assert_type(wan, Client)
        video = wan.generate("A fox", model="wan2.5-t2v-preview", size="1280*720", duration_s=5, seed=0, timeout_s=60)
        assert_type(video, Video)
        assert_type(video.path, Path | None)
        assert_type(video.seed, int | None)
        assert_type(video.state, str)
        assert_type(video.error, str | None)
        takes = wan.submit("A fox", first_frame=Path("a.png"), last_frame="b.png", variants=3, key="k", name="n")
        assert_type(takes, list[Video])
        assert_type(wan.wait_all([take.id for take in takes], timeout_s=1.0), list[Video])
        assert_type(wan.wait(video.id), Video)
        assert_type(wan.batch("shots.csv", name="spring", again=True), list[Video])
        assert_type(wan.list(states=["queued"], limit=5), list[Video])
        assert_type(wan.plan("A fox", watermark=False).clips, int)
        assert_type(wan.cancel(video.id, discard=True), Video)
        assert_type(wan.retry(video.id), Video)
        assert_type(wan.resolve(video.id, adopt="task", note="seen"), Video)


async def asynchronous() -> None:
    """The same for the other colour."""
    async with AsyncClient() as wan:
        assert_type(wan, AsyncClient)
        assert_type(await wan.generate("A fox", audio=True), Video)
        assert_type(await wan.submit("A fox", extra_parameters={"x": 1}), list[Video])
        assert_type(await wan.get("job"), Video)


def errors(wan: Client) -> None:
    """What can be caught."""
    try:
        wan.generate("A fox")
    except Invalid as wrong:
        assert_type(wrong.problems[0].field, str)
    except (GenerationFailed, NeedsAttention) as ended:
        assert_type(ended.video, Video)
    except WanreelError as error:
        assert_type(error.code, str)
    wan.generate("A fox", duration="5")  # pyright: ignore[reportCallIssue] - it is called duration_s
    wan.generate("A fox", seed="x")  # pyright: ignore[reportArgumentType] - a seed is a number
