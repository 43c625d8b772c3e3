"""The tools an agent gets: submit, get, wait, list, cancel, estimate.

A tool call that times out never buys again: an order's key is made of what it says, so the same order is the same job,
whoever asks again and however often. Who wants another clip of an equal wish says which take it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Protocol

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from wanreel.domain.errors import WanreelError
from wanreel.domain.job import Failed, Job
from wanreel.domain.request import canonical
from wanreel.ports.clock import Clock
from wanreel.service.order import Planned

TICK_S = 2.0
WAIT_S_MAX = 600.0
LIST_MAX = 50
INSTRUCTIONS = """Wan videos from prompts and pictures. `estimate` costs nothing and says what is wrong. `submit` orders
and answers at once with a job id; the same order again is the same job, so repeat it freely when an answer was lost.
Then `wait` for the job, again and again if need be: clips take minutes. `link` is where the clip is."""


class Video(Protocol):
    """A clip on its way, as either client has it."""

    @property
    def id(self) -> str:
        """The job's id."""
        ...

    @property
    def job(self) -> Job:
        """The job as it stands."""
        ...

    @property
    def state(self) -> str:
        """The word for its state."""
        ...

    @property
    def done(self) -> bool:
        """Whether nothing will change any more."""
        ...

    @property
    def attention(self) -> str | None:
        """What a person has to do before it can move."""
        ...

    @property
    def progress(self) -> str | None:
        """Why it waits and about how long, or how far it may be."""
        ...

    @property
    def rest_s(self) -> float | None:
        """Seconds until the vendor is likely done with it."""
        ...

    @property
    def path(self) -> object | None:
        """Where the clip lies on this machine."""
        ...

    @property
    def url(self) -> str | None:
        """Where a server has it."""
        ...


class Wan(Protocol):
    """The client the tools work through, embedded or against a server."""

    async def submit(self, prompt: str | None = None, *, variants: int = 1, **wish: Any) -> Sequence[Video]:
        """Make durable jobs and return at once."""
        ...

    async def plan(self, prompt: str | None = None, *, variants: int = 1, **wish: Any) -> Planned:
        """Check and price a wish."""
        ...

    async def get(self, job_id: str) -> Video:
        """A job as it stands."""
        ...

    async def list(self, *, states: Sequence[str] = (), limit: int = 100) -> Sequence[Video]:
        """Jobs, newest first."""
        ...

    async def cancel(self, job_id: str, *, discard: bool = False) -> Video:
        """Ask that a job be stopped."""
        ...


Prompt = Annotated[str, Field(description="What the clip shows, in English or Chinese.", max_length=5000)]
Model = Annotated[str | None, Field(description="Model id; left out: the best default for the pictures given.")]
Frame = Annotated[str | None, Field(description="A link (or a path on this machine) to a picture.")]
Size = Annotated[str | None, Field(description="Like 1280*720, 720P or 16:9.")]
Seconds = Annotated[float | None, Field(description="Length in seconds.")]
Take = Annotated[int, Field(ge=1, le=100, description="2 and up: another clip of an equal wish, paid for again.")]
JobId = Annotated[str, Field(max_length=100)]


def make_server(wan: Wan, clock: Clock, version: str) -> MCPServer[Any]:
    """The server with its tools; the client must be open."""
    server: MCPServer[Any] = MCPServer("wanreel", instructions=INSTRUCTIONS, version=version, log_level="ERROR")

    @server.tool()
    async def submit(
        prompt: Prompt,
        model: Model = None,
        first_frame: Frame = None,
        last_frame: Frame = None,
        size: Size = None,
        duration_s: Seconds = None,
        negative_prompt: str | None = None,
        take: Take = 1,
    ) -> dict[str, Any]:
        """Order a clip and answer at once with its job. The same order again is the same job and costs nothing more."""
        wish = _wish(model, first_frame, last_frame, size, duration_s, negative_prompt)
        with in_words():
            videos = await wan.submit(prompt, key=key_of(prompt, wish, take), **wish)
        return shown(videos[0])

    @server.tool()
    async def estimate(
        prompt: Prompt,
        model: Model = None,
        first_frame: Frame = None,
        last_frame: Frame = None,
        size: Size = None,
        duration_s: Seconds = None,
        negative_prompt: str | None = None,
    ) -> dict[str, Any]:
        """Check an order and say what it would cost; nothing is ordered or paid."""
        wish = _wish(model, first_frame, last_frame, size, duration_s, negative_prompt)
        with in_words():
            planned = await wan.plan(prompt, **wish)
        money = planned.estimate
        amount = None if money.amount is None else f"{money.amount} {money.currency}"
        return {"price": amount, "why_unknown": money.why or None, "warnings": list(planned.warnings)}

    @server.tool()
    async def get(job_id: JobId) -> dict[str, Any]:
        """A job as it stands."""
        with in_words():
            return shown(await wan.get(job_id))

    @server.tool()
    async def wait(
        job_id: JobId, context: Context[Any, Any], seconds: Annotated[float, Field(ge=0, le=WAIT_S_MAX)] = 50.0
    ) -> dict[str, Any]:
        """Wait until a job has ended, or so many seconds; then call again. Ticks tell that it goes on."""
        began = clock.now()
        while True:
            with in_words():
                video = await wan.get(job_id)
            gone_s = clock.now() - began
            if video.done or video.attention or gone_s >= seconds:
                return shown(video)
            await context.report_progress(gone_s, seconds, video.progress or video.state)
            await clock.sleep(min(TICK_S, max(0.05, seconds - gone_s)))

    @server.tool(name="list")
    async def list_jobs(
        state: Annotated[str | None, Field(description="Only this state: queued, generating, succeeded, …")] = None,
        limit: Annotated[int, Field(ge=1, le=LIST_MAX)] = 20,
    ) -> list[dict[str, Any]]:
        """Jobs, newest first."""
        with in_words():
            return [shown(video) for video in await wan.list(states=[state] if state else (), limit=limit)]

    @server.tool()
    async def cancel(job_id: JobId) -> dict[str, Any]:
        """Ask that a job be stopped. What the vendor has begun is paid for, and kept."""
        with in_words():
            return shown(await wan.cancel(job_id))

    return server


@contextmanager
def in_words() -> Generator[None]:
    """Our errors in words for the agent; anything else stays the protocol's to hide."""
    try:
        yield
    except WanreelError as why:
        raise ToolError(str(why)) from None


def key_of(prompt: str, wish: dict[str, Any], take: int) -> str:
    """The same for the same order, in this session and in the next."""
    return f"mcp:{hashlib.sha256(canonical([prompt, wish, take]).encode('utf-8', 'surrogatepass')).hexdigest()}"


def shown(video: Video) -> dict[str, Any]:
    """A job as an agent needs it: short, with the link to the clip."""
    state = video.job.state
    return {
        "job_id": video.id,
        "state": video.state,
        "done": video.done,
        "prompt": video.job.request.prompt,
        "model": video.job.request.model,
        "seed": video.job.request.seed,
        "link": video.url or (str(video.path) if video.path else None),
        "error": f"{state.code}: {state.message}" if isinstance(state, Failed) else None,
        "progress": video.progress,
        "about_s_left": None if video.rest_s is None else round(video.rest_s),
        "needs_person": video.attention,
    }


def _wish(
    model: str | None,
    first_frame: str | None,
    last_frame: str | None,
    size: str | None,
    duration_s: float | None,
    negative_prompt: str | None,
) -> dict[str, Any]:
    given = {
        "model": model,
        "first_frame": first_frame,
        "last_frame": last_frame,
        "size": size,
        "duration_s": duration_s,
        "negative_prompt": negative_prompt,
    }
    return {name: value for name, value in given.items() if value is not None}
