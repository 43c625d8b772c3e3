"""One of the vendor's video models, and what it is made of: sizes, lengths, picture rules, limits, prices, a region.

Frozen values; they come out of the catalog's data file (`domain.catalog_data`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

MODES = ("t2v", "i2v", "kf2v")  # the modes whose every rule is checked here
TIERS = ("480P", "720P", "1080P")


@dataclass(frozen=True, slots=True)
class Region:
    """Where a main account lives; model, host and key must belong together."""

    id: str
    name: str
    code: str
    shared_host: str | None
    workspace_host: str  # with {workspace} in it
    currency: str
    source: str
    tag: str

    def base_url(self, workspace: str | None = None) -> str | None:
        """The API's base, ending in /api/v1; None where the region has no shared host and no workspace was named."""
        host = self.workspace_host.format(workspace=workspace) if workspace else self.shared_host
        return f"https://{host}/api/v1" if host else None


@dataclass(frozen=True, slots=True)
class Size:
    """One allowed output size: its price tier, its shape, its pixels."""

    tier: str
    ratio: str
    width: int
    height: int

    @property
    def wire(self) -> str:
        """As the vendor writes it."""
        return f"{self.width}*{self.height}"


@dataclass(frozen=True, slots=True)
class Durations:
    """Which clip lengths (whole seconds) a model takes; `open` is a value by which the model decides itself."""

    allowed: tuple[int, ...]
    default: int
    open: int | None = None

    def takes(self, seconds: int) -> bool:
        """Whether the model takes this length."""
        return seconds in self.allowed or (self.open is not None and seconds == self.open)

    @property
    def words(self) -> str:
        """`5 only`, `5 or 10`, `2 to 15`: for messages."""
        low, high = self.allowed[0], self.allowed[-1]
        if len(self.allowed) == 1:
            words = f"{low} only"
        elif self.allowed == tuple(range(low, high + 1)) and len(self.allowed) > 3:
            words = f"{low} to {high}"
        else:
            words = ", ".join(map(str, self.allowed[:-1])) + f" or {high}"
        return words if self.open is None else f"{words}, or {self.open} (the model decides)"


@dataclass(frozen=True, slots=True)
class ImageRule:
    """What a model takes as a picture. `usual_*` is narrower: outside it the vendor's pages disagree."""

    formats: tuple[str, ...]
    png_alpha: bool
    side_min: int
    side_max: int
    bytes_max: int
    ratio_max: float | None
    usual_side_min: int | None
    usual_side_max: int | None
    source: str
    tag: str


@dataclass(frozen=True, slots=True)
class Limit:
    """The vendor's documented limits of a model in a region, per main account."""

    submits_per_s: int
    running_max: int


@dataclass(frozen=True, slots=True)
class Price:
    """Money per second of successful output, by tier (`any`: the same for all). `since` and `until` are its first and
    last day at the vendor; without them it has always held, and still does.
    """

    region: str
    currency: str
    audio: bool | None  # None: the same with sound and without
    per_second: tuple[tuple[str, Decimal], ...]
    as_of: str
    source: str
    tag: str
    since: str | None = None
    until: str | None = None

    def holds(self, day: str) -> bool:
        """Whether it is the price on a day, such as 2026-11-22."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def of(self, tier: str | None) -> Decimal | None:
        """The price of a second at a tier."""
        table = dict(self.per_second)
        return table.get("any", table.get(tier or ""))


@dataclass(frozen=True, slots=True)
class Model:
    """One of the vendor's video models, by its official id.

    `shape` says how the output size is asked for: `size` (W*H), `resolution` (a tier) or `none`. `fields` maps our
    media roles to names in the wire's `input`, `media_types` to types in `input.media[]`. `checked` is false where
    requests pass through with only a warning.
    """

    id: str
    modes: tuple[str, ...]
    protocol: str  # "legacy" (≤ 2.6) or "media" (2.7 and later)
    path: str  # "video-generation" or "image2video"
    regions: tuple[str, ...]
    status: str  # current, preview, legacy, deprecated, undocumented, unknown
    shape: str
    checked: bool = True
    tiers: tuple[str, ...] = ()
    default_tier: str | None = None
    sizes: tuple[Size, ...] = ()
    ratios: tuple[str, ...] = ()  # for `resolution` models that take a ratio of their own
    default_ratio: str | None = None
    durations: Durations | None = None
    prompt_required: tuple[str, ...] = ()  # modes
    prompt_chars_max: int | None = None
    negative_chars_max: int | None = None  # None: the model has no negative prompt
    features: frozenset[str] = frozenset()  # audio_url, audio, shot_type, template, prompt_extend
    fields: tuple[tuple[str, str], ...] = ()
    media_types: tuple[tuple[str, str], ...] = ()
    audio_seconds: tuple[int, int] | None = None
    images: ImageRule | None = None
    fps: int | None = None
    sound: str | None = None  # "silent" or "generated"
    limits: tuple[tuple[str, Limit], ...] = ()
    prices: tuple[Price, ...] = ()
    bills_input: bool = False
    seconds_max: int | None = None  # the most it makes where a request does not say how long
    input_seconds_max: int | None = None  # the most of an input clip that is billed
    total_seconds_max: int | None = None  # of input clips and what is made of them together
    note: str = ""
    source: str = ""
    tag: str = ""
    twin: tuple[tuple[str, str], ...] = ()  # region -> the spelling of the same model there
    snapshot_of: str | None = None

    def size(self, tier: str, ratio: str) -> Size | None:
        """The size the model makes of a tier and a shape, where it has one."""
        return next((s for s in self.sizes if s.tier == tier and s.ratio == ratio), None)

    def limit(self, region: str) -> Limit | None:
        """Documented limits in a region; None where none are published."""
        return dict(self.limits).get(region)

    def price(self, region: str, tier: str | None, *, audio: bool | None = None) -> tuple[Decimal, Price] | None:
        """The price of one second, and the row it stands in; None where it is not on record.

        `audio` matters only where a silent clip costs less; unset means with sound.
        """
        for row in self.prices:
            if row.region == region and row.audio in (None, audio if audio is not None else True):
                amount = row.of(tier)
                if amount is not None:
                    return amount, row
        return None
