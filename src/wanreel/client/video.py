"""What the library gives and takes: a `Video`, the `Wish` that asks for one, and the two ways it can go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, TypedDict

from wanreel.domain.errors import WanreelError
from wanreel.domain.job import Failed, Job, Remark, Succeeded, current_task, is_final, state_name


class Wish(TypedDict, total=False):
    """Everything that can be said about a clip beside its prompt. Pictures and sounds are local paths or links; `fit`
    makes pictures that are too large for the model smaller.

    Lengths are seconds, `size` is "1280*720" (or "720P", "16:9"), `resolution` a tier such as "720P".
    """

    model: str
    mode: str
    negative_prompt: str
    first_frame: str | Path
    last_frame: str | Path
    audio_file: str | Path
    size: str
    resolution: str
    ratio: str
    duration_s: float
    seed: int
    prompt_extend: bool
    watermark: bool
    shot_type: str
    audio: bool
    template: str
    extra_input: Mapping[str, object]
    extra_parameters: Mapping[str, object]
    fit: bool
    name: str
    key: str
    project: str
    tags: Sequence[str]
    priority: int
    lint: bool
    max_cost: Decimal | int | str
    group_max_cost: Decimal | int | str


@dataclass(frozen=True, slots=True)
class Video:
    """One clip on its way, or at its end: `where` is set once it has succeeded, and `path` if that is a local file."""

    job: Job
    path: Path | None = None
    attention: str | None = None  # what a person has to do before it can move
    url: str | None = None  # where a server has the clip; `save` fetches it
    where: str | None = None  # the path, or the address in a bucket
    favourite: bool = False  # whether somebody said so; `job.tags` are the tags as they stand
    progress: str | None = None  # why it waits and about how long, or how far it may be; None: there is nothing to say
    rest_s: float | None = None  # seconds until the vendor is likely done with it; None: nobody knows

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    @property
    def state(self) -> str:
        """`queued`, `submitting`, `unconfirmed`, `generating`, `archiving`, `succeeded`, `failed`, `cancelled`."""
        return state_name(self.job.state)

    @property
    def seed(self) -> int | None:
        """The seed it was asked for with."""
        return self.job.request.seed

    @property
    def done(self) -> bool:
        """Whether nothing will change any more."""
        return is_final(self.job)

    @property
    def sha256(self) -> str | None:
        """The archived file's hash."""
        return self.job.state.artifact.sha256 if isinstance(self.job.state, Succeeded) else None

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What the lint said of the prompt when it was ordered."""
        return self.job.remarks

    @property
    def task_id(self) -> str | None:
        """The vendor's task, once it is known."""
        task = current_task(self.job)
        return task.id if task else None

    @property
    def error(self) -> str | None:
        """The failure in the words of whoever failed: `code: message`."""
        state = self.job.state
        return f"{state.code}: {state.message}" if isinstance(state, Failed) else None


class GenerationFailed(WanreelError):
    """The clip was not made; `video.job` holds the whole story."""

    code: ClassVar[str] = "vendor_refused"

    def __init__(self, video: Video) -> None:
        super().__init__(video.error or f"{video.id} was {video.state}")
        self.video = video


class NeedsAttention(WanreelError):
    """The job stands still until a person acts; the message says how. Nothing is lost, nothing is paid twice."""

    code: ClassVar[str] = "conflict"

    def __init__(self, video: Video) -> None:
        super().__init__(video.attention or f"{video.id} needs attention")
        self.video = video


def order_fields(wish: Mapping[str, Any]) -> dict[str, Any]:
    """A wish with its paths as text."""
    return {k: str(v) if isinstance(v, Path) else v for k, v in wish.items()}
