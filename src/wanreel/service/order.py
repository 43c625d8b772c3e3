"""What a face hands to the service: a draft, its files, how many variants; and what the service makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from wanreel.domain.group import Seeds
from wanreel.domain.job import Remark
from wanreel.domain.request import Request
from wanreel.money.estimate import Estimate

VARIANTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Order:
    """One wish. References are local paths or links; numbers may be texts, as in a CSV cell.

    `seed` is one, or one for each variant (a list, or a text with commas).

    `name` is the caller's own word for the job. `key` is unique: a second order with it makes no second job. `project`
    and `tags` are what jobs are sorted by; tags may be a text with commas. The higher `priority` goes first. `ask` is a
    face's hash of the call: a key that comes with another one is refused. `lint` no: a prompt the lint would refuse is
    made all the same.
    `max_cost` is the most that each clip may cost, `group_max_cost` the most that all of its group may, in the
    account's currency. `called` has names for words about references whose paths are nobody's business, by reference.
    """

    prompt: str | None = None
    model: str | None = None
    mode: str | None = None
    negative_prompt: str | None = None
    first_frame: str | None = None
    last_frame: str | None = None
    audio_file: str | None = None
    more_media: Sequence[tuple[str, str]] = ()  # links in further parts the vendor's models take: (part, link)
    size: str | None = None
    resolution: str | None = None
    ratio: str | None = None
    duration_s: float | str | None = None
    seed: int | str | Sequence[int | str] | None = None
    prompt_extend: bool | str | None = None
    watermark: bool | str | None = None
    shot_type: str | None = None
    audio: bool | str | None = None
    template: str | None = None
    extra_input: Mapping[str, object] | str | None = None
    extra_parameters: Mapping[str, object] | str | None = None
    fit: bool | str | None = None  # make pictures that are too large for the model smaller
    variants: int | str = 1
    name: str | None = None
    key: str | None = None
    project: str | None = None
    tags: Sequence[str] | str | None = None
    ask: str | None = None
    lint: bool | str | None = None
    priority: int | str | None = None
    max_cost: Decimal | int | str | None = None
    group_max_cost: Decimal | int | str | None = None
    called: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Planned:
    """An order checked and priced; nothing has been stored, sent or paid."""

    requests: tuple[Request, ...]
    warnings: tuple[str, ...]
    estimate: Estimate  # of one clip
    project: str
    tags: tuple[str, ...]
    priority: int = 0
    remarks: tuple[Remark, ...] = ()
    max_cost: Decimal | None = None
    group_max_cost: Decimal | None = None
    seeds: Seeds = Seeds.DRAWN

    @property
    def clips(self) -> int:
        """How many clips it would buy."""
        return len(self.requests)
