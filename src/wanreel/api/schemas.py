"""What goes in and comes out over our own API, as documented in OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from wanreel.service.order import VARIANTS_MAX

_TEXT_MAX = 20_000
_REFERENCE_MAX = 30_000_000  # a data: URL of the largest picture any model takes


class _In(BaseModel):
    """What is sent to us: a field nobody knows is a mistake worth hearing of."""

    model_config = ConfigDict(extra="forbid")


ORDER: dict[str, JsonValue] = {
    "prompt": "Wide shot, a paper boat sails through a rain gutter at dawn, camera follows, soft light",
    "model": "wan2.5-t2v-preview",
    "size": "1280*720",
    "duration_s": 5,
    "max_cost": "4.00",
}


class OrderIn(_In):
    """One wish. Pictures and sounds are links, `data:` URLs or uploads; a server opens no paths of its own disk."""

    model_config = ConfigDict(json_schema_extra={"examples": [ORDER]})

    prompt: str | None = Field(
        default=None,
        max_length=_TEXT_MAX,
        description="What the clip shows.",
        examples=["Wide shot, a paper boat sails through a rain gutter at dawn, camera follows, soft light"],
    )
    model: str | None = Field(
        default=None, max_length=200, description="An id or alias of `/v1/models`.", examples=["wan2.5-t2v-preview"]
    )
    mode: str | None = Field(default=None, max_length=20, description="t2v, i2v or kf2v; usually plain from the rest.")
    negative_prompt: str | None = Field(default=None, max_length=_TEXT_MAX, description="What should not be seen.")
    first_frame: str | None = Field(default=None, max_length=_REFERENCE_MAX, description="A link or a `data:` URL.")
    last_frame: str | None = Field(default=None, max_length=_REFERENCE_MAX, description="A link or a `data:` URL.")
    audio_file: str | None = Field(default=None, max_length=_REFERENCE_MAX, description="wav or mp3, likewise.")
    size: str | None = Field(default=None, max_length=40, examples=["1280*720"])
    resolution: str | None = Field(default=None, max_length=20, examples=["720P"])
    ratio: str | None = Field(default=None, max_length=20, examples=["16:9"])
    duration_s: float | None = Field(default=None, allow_inf_nan=False, examples=[5])
    seed: int | None = Field(default=None, description="Drawn, and recorded, when not given.")
    prompt_extend: bool | None = Field(default=None, description="Let the vendor rewrite the prompt.")
    watermark: bool | None = None
    shot_type: str | None = Field(default=None, max_length=40)
    audio: bool | None = None
    template: str | None = Field(default=None, max_length=200)
    extra_input: dict[str, Any] | None = Field(default=None, description="Merged into the call's `input`.")
    extra_parameters: dict[str, Any] | None = Field(default=None, description="Merged into the call's `parameters`.")
    variants: int = Field(default=1, ge=1, le=VARIANTS_MAX, description="So many clips, each with a seed of its own.")
    name: str | None = Field(default=None, max_length=200, description="Your own name for it.")
    project: str | None = Field(default=None, max_length=200, description="Only where the token is not bound to one.")
    tags: list[str] | None = Field(default=None, max_length=50, description="Words to find and count it by.")
    priority: int | None = Field(default=None, description="Higher ones of the project go first; default 0.")
    max_cost: str | None = Field(
        default=None,
        max_length=40,
        description="The most that each clip may cost, in the account's currency.",
        examples=["4.00"],
    )
    group_max_cost: str | None = Field(
        default=None, max_length=40, description="The most that all of the order's clips together may cost."
    )
    lint: bool | None = Field(default=None, description="false: order it although the lint would refuse the prompt.")


class BatchIn(_In):
    """Several wishes at once, stored all or none."""

    orders: list[OrderIn] = Field(min_length=1, max_length=1000)


class MarkIn(BaseModel):
    """What is to be said of a job; what is left out stays as it is. The three of tags are done in this order."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"favourite": True, "add_tags": ["spring"]}]}
    )

    favourite: bool | None = None
    tags: list[str] | None = Field(default=None, max_length=50, description="In the place of those it has.")
    add_tags: list[str] | None = Field(default=None, max_length=50, description="Beside those it has.")
    remove_tags: list[str] | None = Field(default=None, max_length=50, description="Not these any more.")


class CancelIn(_In):
    """How to cancel."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"discard": False}]})

    discard: bool = Field(default=False, description="A clip that comes all the same need not be kept.")


class ResolveIn(_In):
    """A person's word on a job in doubt: exactly one of the three."""

    adopt: str | None = Field(default=None, max_length=200, description="It is this task of the vendor's.")
    resubmit: bool = Field(default=False, description="It never arrived: send it again.")
    give_up: bool = Field(default=False, description="Nobody knows: end it.")
    note: str = Field(default="", max_length=1000, description="Why; kept in the history.")


class LintIn(_In):
    """A prompt, and what it is for."""

    prompt: str = Field(max_length=_TEXT_MAX, examples=["A quiet harbour, no people, no text on screen"])
    mode: str | None = Field(default=None, max_length=20, examples=["t2v"])
    model: str | None = Field(default=None, max_length=200)
    size: str | None = Field(default=None, max_length=40, examples=["1280*720"])
    duration_s: int = Field(default=5, ge=1, le=600)


# --- answers --------------------------------------------------------------------------------------------------------


class UploadOut(BaseModel):
    """A file that came."""

    model_config = ConfigDict(title="Upload")

    reference: str = Field(
        description="What an order says for it, as first_frame, last_frame or audio_file.",
        examples=["upload://upl_01k8xgjt2k3m4n5p6q7r8s9t0v0123456789abcdef"],
    )
    name: str = Field(examples=["first.png"])
    size_bytes: int = Field(examples=[34512])
    expires_at: str = Field(examples=["2026-11-27T10:00:00.000Z"])


class Artifact(BaseModel):
    """The archived clip."""

    url: str = Field(description="Where its bytes are, below this server.")
    key: str
    size_bytes: int
    sha256: str
    media_type: str


class JobError(BaseModel):
    """Why a job failed, in the words of whoever failed."""

    code: str
    message: str
    fault: str = Field(description="ours, theirs, policy, …: whose it was.")


class Input(BaseModel):
    """A picture or sound a job starts from."""

    role: str
    file: str | None = None
    sha256: str | None = None
    url: str | None = None


class RemarkOut(BaseModel):
    """What the lint said of the prompt when the job was ordered."""

    model_config = ConfigDict(title="Remark")

    code: str = Field(examples=["PL101"])
    label: str = Field(examples=["negation"])
    severity: str
    message: str
    start: int
    end: int


class CostOut(BaseModel):
    """What a job holds and has cost, with every task sent for it. Amounts are decimal numbers as text."""

    model_config = ConfigDict(title="Cost")

    currency: str = Field(examples=["CNY"])
    estimated: str = Field(description="What had been reserved for what has been settled since.", examples=["5"])
    reserved: str = Field(description="Held now for what is under way.", examples=["0"])
    settled: str = Field(description="Spent.", examples=["5"])
    unproven: str = Field(description="May have been billed; nobody knows.", examples=["0"])
    unknown: int = Field(description="Tasks of which no price or length is known.", examples=[0])


class JobOut(BaseModel):
    """A job as it stands."""

    model_config = ConfigDict(title="Job")

    id: str = Field(examples=["job_01k8xgjt2k3m4n5p6q7r8s9t0v"])
    state: str = Field(
        description="queued, submitting, unconfirmed, generating, archiving, succeeded, failed or cancelled",
        examples=["generating"],
    )
    done: bool = Field(description="Whether nothing will change any more.")
    attention: str | None = Field(description="What a person has to do before it can move.")
    attention_code: str | None = Field(
        default=None,
        description="Why: doubt, paused, refused, money, doubted_slots or elsewhere.",
        examples=["paused"],
    )
    attention_why: str | None = Field(default=None, description="What whoever stopped it said of it.")
    rest_s: float | None = Field(
        default=None,
        description="Seconds until the vendor is likely done with it, by what such clips took; null: nobody knows.",
        examples=[95.0],
    )
    progress: str | None = Field(
        default=None,
        description="Why it waits and how long, how far it may be, what comes next of a doubt. No part of its ETag.",
        examples=["usually 2–4 min; 60% of such clips are ready by now, about 70 s to go"],
    )
    version: int = Field(description="Grows with every change.")
    mode: str
    model: str
    asked_model: str
    prompt: str
    negative_prompt: str | None = None
    size: str | None = None
    resolution: str | None = None
    ratio: str | None = None
    duration_s: int | None = None
    seed: int | None = None
    created_at: str | None = Field(examples=["2026-11-25T18:00:00.000Z"])
    finished_at: str | None = None
    account: str
    region: str
    attempt: int
    group: str | None = None
    index: int
    name: str | None = None
    project: str
    tags: list[str] = Field(description="As they stand; they can be changed after the order.")
    favourite: bool = Field(description="Whether somebody said that it is one.")
    priority: int = Field(description="The higher goes first.")
    lint: list[RemarkOut] = Field(description="What the lint said of the prompt when it was ordered.")
    max_cost: str | None = Field(default=None, description="The most that all its tasks together may cost.")
    group_max_cost: str | None = Field(default=None, description="The most that its whole group may cost.")
    spare_of: str | None = None
    retry_of: str | None = None
    cancel_asked: bool
    task_id: str | None = Field(default=None, description="The vendor's task, once it is known.")
    seed_certain: bool | None = Field(
        default=None, description="False where the task was found again among calls that differed in their seed."
    )
    past_task_ids: list[str]
    inputs: list[Input]
    due_at: str | None = None
    since: str | None = None
    sent_at: str | None = None
    fingerprint: str | None = None
    asks: str | None = Field(default=None, description="In doubt: what only a person can decide.")
    asks_code: str | None = Field(
        default=None, description="The same as a code, where it is one of ours; null: the sentence says it alone."
    )
    asks_given: dict[str, str] | None = Field(
        default=None, description="What it names: task, tasks, calls, count, why.", examples=[{"task": "0385dc79-5ff8"}]
    )
    why: str | None = Field(default=None, description="Why it waits.")
    vendor_status: str | None = None
    looks: int | None = None
    trouble: str | None = None
    spooled_at: str | None = Field(
        default=None, description="Archiving: since when the clip lies safe on the server, as the storage fails."
    )
    orig_prompt: str | None = None
    actual_prompt: str | None = Field(default=None, description="What the vendor made of the prompt.")
    usage: dict[str, Any] | None = Field(default=None, description="The vendor's own account of what it bills.")
    billed_s: float | None = None
    url_expires_at: str | None = None
    artifact: Artifact | None = None
    error: JobError | None = None
    cost: list[CostOut] | None = Field(
        default=None, description="By currency; null in lists, empty before anything was sent."
    )


class Estimate(BaseModel):
    """What it would cost. Amounts are decimal numbers as text."""

    amount: str | None
    per_clip: str | None
    currency: str
    clips: int
    at_most: bool
    source: str
    as_of: str
    why: str | None = Field(description="Why no price is known.")


class Foreseen(BaseModel):
    """What the budgets would say to an order, were it sent now. Nothing is reserved by asking."""

    model_config = ConfigDict(title="Foreseen")

    verdict: Literal["fits", "held", "refused"] | None = Field(
        description="What becomes of the clips there is no money for; null: nothing limits what may be spent."
    )
    clips: int
    fit: int = Field(description="So many of them may be sent.")
    why: list[str] = Field(description="Why the others may not.")
    warnings: list[str] = Field(description="What would be warned of.")


class Planned(BaseModel):
    """An order checked and priced; nothing was stored, sent or paid."""

    estimate: Estimate
    warnings: list[str]
    budget: Foreseen
    calls: list[dict[str, Any]] = Field(description="The calls as they would go out.")
    requests: list[dict[str, Any]] = Field(description="The requests, one a clip, checked and complete.")
    project: str
    tags: list[str]
    priority: int


class Ordered(BaseModel):
    """What became of an order."""

    group: str | None = Field(description="Its group, where it makes more than one clip.")
    jobs: list[JobOut]
    warnings: list[str]
    estimate: Estimate


class BatchOut(BaseModel):
    """What became of a batch."""

    group: str
    jobs: list[JobOut]


class JobPage(BaseModel):
    """Some jobs, newest first."""

    data: list[JobOut]
    next: str | None = Field(description="Give it as `after` to go on; null at the end.")


class GroupRecord(BaseModel):
    """What is on record of a group, written with its first jobs."""

    id: str = Field(examples=["grp_01k8xgjt2k3m4n5p6q7r8s9t0v"])
    kind: str = Field(
        description="variants: one wish with several seeds; batch: several wishes.", examples=["variants"]
    )
    project: str
    name: str | None
    created_at: str = Field(examples=["2026-11-25T18:00:00.000Z"])
    wanted: int = Field(description="So many clips.")
    seeds: str = Field(description="given, derived, drawn or mixed: where its seeds came from.", examples=["drawn"])


class GroupPage(BaseModel):
    """Some groups, newest first."""

    data: list[GroupRecord]
    next: str | None = Field(description="Give it as `after` to go on; null at the end.")


class PickOut(BaseModel):
    """A person's word: it is this clip."""

    model_config = ConfigDict(title="Pick")

    subject: str = Field(description="The group, or the job itself where it has none, or is a row of a batch.")
    job: str
    project: str
    at: str
    by: str = Field(description="The token it came with, and who else was named.")
    note: str


class GroupOut(BaseModel):
    """The jobs made of one wish or one batch, in their order."""

    model_config = ConfigDict(title="Group")

    id: str
    record: GroupRecord
    pick: PickOut | None = Field(description="Of variants: the clip a person took.")
    done: bool
    states: dict[str, int] = Field(description="How many of its jobs are in each state.")
    jobs: list[JobOut]


class HistoryEntry(BaseModel):
    """One line of a job's history."""

    model_config = ConfigDict(populate_by_name=True)

    version: int
    at: str | None
    event: str
    from_: str = Field(alias="from")
    to: str
    reason: str
    details: dict[str, Any]


class History(BaseModel):
    """Everything that happened to a job, oldest first."""

    data: list[HistoryEntry]


class EventOut(BaseModel):
    """Something that happened to a job; its number is the `id` of the server-sent event."""

    model_config = ConfigDict(title="Event")

    seq: int
    at: str | None
    project: str
    group: str | None
    job: str
    version: int
    state: str
    event: str = Field(description="What happened, in the domain's word; empty for a job that was just made.")
    reason: str


class Price(BaseModel):
    """A price on record."""

    region: str
    currency: str
    per_second: dict[str, str] = Field(description="By tier; decimal numbers as text.")
    audio: bool | None = Field(description="With sound, silent, or null: the same for both.")
    as_of: str
    source: str


class PictureRule(BaseModel):
    """What a model takes as a picture. Sides are in pixels."""

    formats: list[str] = Field(examples=[["JPEG", "PNG"]])
    side_min: int = Field(examples=[240])
    side_max: int = Field(examples=[8000])
    bytes_max: int = Field(examples=[10485760])
    ratio_max: float | None = Field(description="The longer side by the shorter; null: any.", examples=[8])
    png_alpha: bool = Field(description="Whether a PNG may have transparent parts.")


class ModelOut(BaseModel):
    """A model of the vendor's."""

    model_config = ConfigDict(title="Model")

    id: str
    modes: list[str]
    tiers: list[str]
    sizes: list[str]
    durations: str | None
    seconds: list[int] = Field(description="Every length it takes.", examples=[[5, 10]])
    ratios: list[str] = Field(description="The shapes it makes; empty: that of its picture.", examples=[["16:9"]])
    prompt_chars_max: int | None = Field(description="What it reads of a prompt.", examples=[1500])
    negative_chars_max: int | None = Field(description="Of a negative prompt; null: it has none.", examples=[500])
    pictures: PictureRule | None
    snapshot_of: str | None = Field(description="The model of which it is one day's state.")
    regions: list[str]
    features: list[str]
    status: str
    prices: list[Price]
    here: bool = Field(description="Whether this server's region offers it.")


class ModelList(BaseModel):
    """What the catalog knows."""

    version: str
    region: str
    defaults: dict[str, str] = Field(
        description="By mode: the model of an order that names none.", examples=[{"t2v": "wan2.7-t2v"}]
    )
    data: list[ModelOut]


class FindingOut(BaseModel):
    """One thing a rule found in a prompt."""

    code: str
    label: str | None
    severity: str
    title: str
    message: str
    start: int = Field(description="Counts code points of the prompt.")
    end: int
    fix: str | None = Field(description="What belongs into the negative prompt instead, where that is safe.")


class LintOut(BaseModel):
    """What the lint found."""

    findings: list[FindingOut]
    mended: str | None = Field(description="The prompt with everything mended that is safe to mend; null: as it is.")
    negative_prompt: str | None = Field(description="What belongs into the negative prompt, beside it.")


class ClipFactsOut(BaseModel):
    """What a clip's own index says of it."""

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    codec: str
    audio: str | None = Field(description="The codec of its sound; null: it is silent.")


class EmbedOut(BaseModel):
    """What shows a clip on somebody's page, with links that last until they are revoked."""

    html: str
    clip: str
    poster: str
    still: str = Field(description="The picture it was made from, or its poster.")
    facts: ClipFactsOut


class Unshared(BaseModel):
    """How many lasting links were live and are no more."""

    revoked: int


class Alive(BaseModel):
    """The process answers."""

    ok: bool
    version: str


class Ready(BaseModel):
    """Whether the server can do its work; `amiss` says what is wrong, by part."""

    ok: bool
    amiss: dict[str, str]
