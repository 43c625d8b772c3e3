"""Completion events: their CloudEvents body, and when each is delivered, twice, late or never (fact sheet §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wanreel.emulator.accounts import Account
from wanreel.emulator.chance import uniform, uuid
from wanreel.emulator.hours import iso, local_seconds
from wanreel.emulator.listing import unique_key
from wanreel.emulator.tasks import FAILED, SUCCEEDED, Task

EVENT_TYPE = "dashscope:System:AsyncTaskFinish"


@dataclass(frozen=True, slots=True)
class EventOptions:
    """Where completion events go, and how badly.

    ``url`` must be on this machine. Delays are drawn evenly between the two bounds, in seconds after a task's end,
    and are divided by the emulator's speed. Rates are shares of the tasks: whose event comes twice, never, or
    ``late_s`` later. ``certificate_url`` is what the events name; empty: the emulator's own address.
    """

    url: str
    delay_min_s: float = 1.0
    delay_max_s: float = 90.0
    duplicate_rate: float = 0.0
    lost_rate: float = 0.0
    late_rate: float = 0.0
    late_s: float = 600.0
    tries: int = 3
    token: str = "emulator-token"  # noqa: S105 - a label in a header, no secret
    certificate_url: str = ""


def deliveries(task: Task, options: EventOptions, seed: int | str, speed: float) -> list[float]:
    """The instants at which a task's event is delivered: none, one, or two."""
    if uniform(seed, "event lost", task.number) < options.lost_rate:
        return []
    span = options.delay_max_s - options.delay_min_s
    delay = (options.delay_min_s + span * uniform(seed, "event delay", task.number)) / speed
    if uniform(seed, "event late", task.number) < options.late_rate:
        delay += options.late_s
    first = (task.end_at or 0.0) + delay
    if uniform(seed, "event twice", task.number) < options.duplicate_rate:
        return [first, first + 1.0 / speed]
    return [first]


def event_body(task: Task, account: Account) -> dict[str, Any]:
    """The CloudEvents 1.0 object of a task that ended. A second delivery carries the same id."""
    end_at = task.end_at or 0.0
    return {
        "specversion": "1.0",
        "id": uuid("event", task.id),
        "source": "acs.dashscope",
        "type": EVENT_TYPE,
        "datacontenttype": "application/json",
        "time": iso(end_at),
        "aliyunregionid": task.region,
        "aliyuneventbusname": "default",
        "aliyunaccountid": account.uid,
        "aliyunoriginalaccountid": account.uid,
        "aliyunpublishtime": iso(end_at),
        "data": {
            "task_id": task.id,
            "task_status": FAILED if task.code else SUCCEEDED,
            "request_id": task.request_id,
            "region": task.region,
            "api_key_id": task.key_id,
            "user_api_unique_key": unique_key(task),
            "start_time": local_seconds(task.scheduled_at or task.submit_at),
            "end_time": local_seconds(end_at),
            "contain_result": False,
        },
    }
