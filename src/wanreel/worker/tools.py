"""What a step works with: the ports, the policy and a name for the worker's claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wanreel.domain.event import Trouble
from wanreel.domain.job import Job
from wanreel.domain.policy import Policy, longest_delay_s
from wanreel.domain.runtimes import RunTime
from wanreel.money.books import Books
from wanreel.ports.archive import Archive, Label, Results
from wanreel.ports.clock import Clock
from wanreel.ports.jobs import Claim, Jobs, Lane
from wanreel.ports.ledger import Ledger
from wanreel.ports.notices import Outbox
from wanreel.ports.slots import Slots
from wanreel.ports.spools import Spool
from wanreel.ports.vendor import Vendor
from wanreel.ports.watching import Watching


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything `step` may touch. `artifact_key` names the place of a job's clip in the archive, `label` says what is
    stored beside it.
    """

    clock: Clock
    jobs: Jobs
    slots: Slots
    ledger: Ledger
    watching: Watching
    outbox: Outbox
    vendor: Vendor
    results: Results
    archive: Archive
    policy: Policy
    books: Books
    owner: str
    artifact_key: Callable[[Job], str]
    archive_name: str = ""  # what artifacts remember of where they lie
    spool: Spool | None = None
    storage_said: Callable[[Trouble | None], None] = lambda _: None  # how a try at archiving went; None: well
    refuse_over_budget: bool = False  # what there is no money for ends at once, instead of waiting
    label: Callable[[Job], Label | None] = lambda _: None
    met: Callable[[RunTime], None] | None = None  # how long a task took; None: that is written down by the step itself
    eased: Callable[[Job], None] = lambda _: None  # its call is over, or its download; that is to be written down
    witness: Callable[[Job, float], bool] = lambda _job, _since: False  # was another task of its account seen since?


CLAIM_S: dict[Lane, float] = {Lane.SUBMIT: 600.0, Lane.WATCH: 300.0, Lane.ARCHIVE: 7200.0}
"""How long a worker has a job for itself: longer than the longest call of its lane can take."""


def claim_of(tools: Tools, lane: Lane, now: float, hold_s: float, limit: int, ids: tuple[str, ...] = ()) -> Claim:
    """What this worker asks for: up to `limit` jobs of a lane that are due at `now`, for `hold_s` seconds."""
    return Claim(
        lane=lane,
        owner=tools.owner,
        now=now,
        until=now + hold_s,
        limit=limit,
        far_at=now + longest_delay_s(tools.policy),
        quiet_s=tools.policy.quiet_s,
        ids=ids,
        spool=tools.spool.name if tools.spool is not None else "",
    )
