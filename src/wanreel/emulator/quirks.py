"""Switches for everything the fact sheet marks as unknown or disputed; the default is the likelier answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf


@dataclass(frozen=True, slots=True)
class Quirks:
    """One field per open question. The docs list them with their reasons (docs/reference/emulator.md)."""

    over_limit: str = "queue"  # queue | reject: what the task beyond the running limit meets (§10.1)
    queued_max: int = 50  # tasks waiting beyond the running ones, in queue mode (§18.1)
    unknown_model: str = "400"  # 400 "Model not exist." | 404 ModelNotFound (§18.2)
    value_checks: str = "task"  # task | submit: where a wrong size, length or picture surfaces (§18.3)
    task_metrics: str = "kf2v"  # kf2v | always | never: which queries carry task_metrics (§18.4)
    usage_25: str = "old"  # old | new: usage keys of wan2.5-t2v-preview (§18.4)
    kf2v_last_frame: str = "unless_template"  # unless_template | required | optional (§2.3)
    kf2v_page: str = "help"  # help | openapi: whose picture limits and tiers hold for kf2v (§2.3)
    page_size_max: int = 100  # longest page of the list (§18.5)
    page_size_over: str = "cap"  # cap | refuse: what a longer page_size meets
    list_order: str = "newest"  # newest | oldest first
    list_end: str = "inclusive"  # inclusive | exclusive end_time (§18.5)
    list_zone: str = "utc+8"  # utc+8 | utc: how start_time and end_time are read (§18.5)
    list_lag_s: float = 0.0  # seconds until a task, or its new state, shows in the list
    list_unset_times: str = "omit"  # omit | null: start_time and end_time of a row that has none yet
    resign: bool = False  # a query signs the result URL anew (§18.6)
    head: str = "refuse"  # refuse | allow a HEAD on a GET-signed result URL (§8)
    result_life_s: float = 86_398.0  # a result URL lives this long after the task's end (§8: 24 h less about 2 s)
    keep_s: float = 86_400.0  # a task is known this long after its end (§5.1)
    task_deadline_s: float = 10_800.0  # the vendor's own limit on a task (§5.5)
    async_query: str = "refuse"  # refuse | ignore the async header on a query (§3.3)
    regions: str = "strict"  # strict | any: whether a model outside the account's region is unknown
    foreign_media: str = "fail"  # fail | assume: a picture at an address this machine may not fetch
    failed_times: bool = True  # a FAILED task carries the three times (§4.2: usually)
    canceled_times: bool = True  # a CANCELED task carries its times (§4.2)
    picked_up_s: float = 0.0  # a task picked up still says PENDING, with scheduled_time, this long (§4.2)
    actual_prompt_30: bool = False  # 3.0 returns actual_prompt (§4.2)
    s2v_url: str = "video_url"  # video_url | results: where a talking head's URL stands (§0.2)
    no_url_usage: bool = False  # a task that succeeded without a URL has its usage, and costs (§4.2, §16)
    i2v_size: str = "rule"  # rule | table: size after an exactly 16:9 picture, 1920x1072 or 1920x1080 (§18.10)
    empty_code: bool = False  # good answers carry an empty code and message (§4.4)
    range_beyond: str = "whole"  # whole | refuse: what a range past the end of a result meets (§18.6)
    bare_base64: str = "refuse"  # refuse | accept: a picture as Base64 without "data:…;base64," (one client sends it)
    orig_prompt: str = "whole"  # whole | cut: orig_prompt of an overlong prompt
    offline_times: str = ""  # "MODEL=TIME, …": retirements that are announced, each offline_time as it is sent (§1.6)

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        for item in fields(self):
            value, default = getattr(self, item.name), item.default
            if isinstance(default, bool):
                fits = isinstance(value, bool)
            elif isinstance(default, int):
                fits = isinstance(value, int) and not isinstance(value, bool) and value >= _LEAST.get(item.name, 0)
            else:
                fits = not isinstance(default, float) or (isinstance(value, int | float) and 0 <= value < inf)
            if not fits:
                raise ValueError(f"{item.name} can not be {value!r}; its default is {default!r}")

    @property
    def offline_at(self) -> Mapping[str, str]:
        """The text of each announced retirement, by model."""
        pairs = (part.partition("=") for part in self.offline_times.split(",") if part.strip())
        return {model.strip(): at.strip() for model, _, at in pairs}


_LEAST = {"page_size_max": 1}
CHOICES: dict[str, tuple[str, ...]] = {
    "over_limit": ("queue", "reject"),
    "unknown_model": ("400", "404"),
    "value_checks": ("task", "submit"),
    "task_metrics": ("kf2v", "always", "never"),
    "usage_25": ("old", "new"),
    "kf2v_last_frame": ("unless_template", "required", "optional"),
    "kf2v_page": ("help", "openapi"),
    "page_size_over": ("cap", "refuse"),
    "list_order": ("newest", "oldest"),
    "list_end": ("inclusive", "exclusive"),
    "list_zone": ("utc+8", "utc"),
    "list_unset_times": ("omit", "null"),
    "head": ("refuse", "allow"),
    "async_query": ("refuse", "ignore"),
    "i2v_size": ("rule", "table"),
    "s2v_url": ("video_url", "results"),
    "range_beyond": ("whole", "refuse"),
    "bare_base64": ("refuse", "accept"),
    "regions": ("strict", "any"),
    "foreign_media": ("fail", "assume"),
    "orig_prompt": ("whole", "cut"),
}


_BOOLS = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off"), False)}


def parse_quirk(text: str) -> tuple[str, object]:
    """Read ``name=value`` as a command line gives it. Raises ValueError in words."""
    name, equals, value = text.partition("=")
    kinds = {field.name: field.default for field in fields(Quirks)}
    if not equals or name not in kinds:
        raise ValueError(f"{text!r} is not NAME=VALUE with a name among {', '.join(kinds)}")
    default = kinds[name]
    if isinstance(default, bool):
        if value.lower() not in _BOOLS:
            raise ValueError(f"{name} is true or false, not {value!r}")
        return name, _BOOLS[value.lower()]
    if isinstance(default, int):
        return name, int(value)
    if isinstance(default, float):
        return name, float(value)
    return name, value
