"""What stands in Temporal's histories: names and a few plain values. Histories outlive releases, so these only grow.

Ids, states and seconds alone: no prompt, no address of a clip and no key ever leaves the database for a history.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FLOW = "wanreel.job"  # the workflow's type
TURN = "wanreel.turn"  # the activity's
WAKE = "wake"  # the signal's

PROJECT = "WanreelProject"
ACCOUNT = "WanreelAccount"
MODEL = "WanreelModel"
STATE = "WanreelState"
ATTRIBUTES = (PROJECT, ACCOUNT, MODEL, STATE)
"""Search attributes, all of type Keyword. The job's id is the workflow's own."""


@dataclass(frozen=True)
class Call:
    """That a job is to take its turn: at the worker who polls `queue` and has claimed the job for it, or at any."""

    claimed_by: str = ""
    queue: str = ""


@dataclass(frozen=True)
class Order:
    """What a workflow begins with, or goes on with where an earlier run's history had become long."""

    job: str
    state: str = ""
    trouble: int = 0
    call: Call = field(default_factory=Call)


@dataclass(frozen=True)
class Asked:
    """What an activity is asked for."""

    job: str
    claimed_by: str = ""


@dataclass(frozen=True)
class Told:
    """What an activity says of a job; see `ports.Turn`."""

    state: str
    wait_s: float | None = None
    over: bool = False
    heavy: bool = False
    trouble: bool = False


def heavy(queue: str) -> str:
    """The task queue of turns that move a clip: each worker takes but a few of those at once."""
    return f"{queue}-clips"


def own(queue: str, owner: str) -> str:
    """The task queue of one worker alone."""
    return f"{queue}-{owner}"
