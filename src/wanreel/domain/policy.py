"""How long and how often: back-off, poll cadence, deadlines and limits, as plain functions of numbers."""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.event import Pause

DAY_S = 86_400.0
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Every figure the life of a job depends on. Defaults are for the real service; tests shrink them."""

    send_by_s: float = 30.0  # an intent older than this is not sent
    quiet_s: float = 10.0  # at most one submit of an account and model in the air for so long
    poll_first_s: float = 5.0
    poll_factor: float = 1.45
    poll_max_s: float = 60.0
    net_s: float = 1200.0  # a running task is asked after by itself so rarely: its account's watcher sees its end first
    watch_per_s: float = 2.0  # requests a second an account's watcher may make while work waits; more with hundreds
    task_retries: int = 1  # new tasks after a FAILED one that was the vendor's fault
    backoff_first_s: float = 2.0
    backoff_max_s: float = 60.0
    busy_first_s: float = 2.0  # a 429 parks account and model, doubling per fruitless try
    busy_max_s: float = 60.0
    burst_s: float = 10.0
    quota_s: float = 180.0
    account_s: float = 600.0
    probe_first_s: float = 600.0  # a limit learned from a 429 is tried one higher after so long, at the soonest ...
    probe_max_s: float = 6 * HOUR_S  # ... and after three times as long whenever that was refused, up to this
    vendor_deadline_s: float = 3 * HOUR_S  # the vendor itself fails a task that takes longer (FS 5.5)
    retention_s: float = DAY_S  # the vendor keeps a finished task's data so long (FS 5.1)
    horizon_s: float = DAY_S  # a task the vendor still calls unfinished, or unknown, after this is given up
    unknown_s: float = 30 * 60.0  # UNKNOWN is believed only after so long ...
    unknown_looks: int = 10  # ... and so many looks, another task of the account being visible
    blank_looks: int = 5  # SUCCEEDED without a URL is asked again so often
    doubt_first_s: float = 2.0  # a lost call's task is looked for after this, then ever more rarely ...
    doubt_max_s: float = 30.0  # ... down to once in so long
    absence_s: float = 300.0  # a request the vendor has not taken by then it never will (FS 9, RequestTimeOut) ...
    list_lag_s: float = 60.0  # ... and the list shows it after this at the latest, unless it was met slower
    absence_reads: int = 3  # complete reads without the task, each showing a later one of ours, prove its absence
    spool_after_s: float = 600.0  # a clip goes to the spool when the storage has failed for so long ...
    spool_life: float = 0.5  # ... or this share of its URL's life is over
    spool_retry_s: float = 600.0  # what lies in the spool is offered to the storage so rarely in the end
    clip_bytes_s: float = 2_000_000.0  # what a second of a 720P clip may take at the most, for what must fit the spool
    expiry_grace_s: float = HOUR_S  # bytes that are no clip are tried until so long after the URL's expiry


def poll_delay_s(policy: Policy, polls: int) -> float:
    """Seconds until the next look after `polls` looks: 5 s, times 1.45 each time, at most 60 s by default."""
    grown = policy.poll_first_s * policy.poll_factor ** min(polls, 64)
    return min(grown, policy.poll_max_s)


def backoff_s(policy: Policy, tries: int, draw: float) -> float:
    """Seconds to wait after `tries` fruitless tries: doubling, capped, the upper half drawn."""
    full = min(policy.backoff_first_s * 2.0 ** min(tries, 32), policy.backoff_max_s)
    return full * (0.5 + 0.5 * draw)


def spool_wait_s(policy: Policy, tries: int, draw: float) -> float:
    """Seconds until a storage that failed is tried again with a spooled clip: it is safe, so ever more rarely."""
    full = min(policy.backoff_first_s * 2.0 ** min(tries, 32), policy.spool_retry_s)
    return full * (0.5 + 0.5 * draw)


def park_s(policy: Policy, pause: Pause, tries: int, draw: float) -> float:
    """Seconds an account and model are held back after a refusal that means "not now"."""
    if pause is Pause.BUSY:
        full = min(policy.busy_first_s * 2.0 ** min(tries, 32), policy.busy_max_s)
    elif pause is Pause.BURST:
        full = policy.burst_s
    elif pause is Pause.QUOTA:
        full = policy.quota_s
    else:
        full = policy.account_s
    return full * (0.5 + 0.5 * draw)


def money_wait_s(policy: Policy, tries: int, draw: float) -> float:
    """Seconds until a job held for want of money asks again after `tries` such waits: quickly at first, then rarely."""
    return min(policy.backoff_max_s * 2.0 ** min(tries, 16), policy.account_s) * (0.5 + 0.5 * draw)


def longest_delay_s(policy: Policy) -> float:
    """No instant we plan lies further ahead than this; one that does was written by a clock that has jumped."""
    return 2 * max(
        policy.poll_max_s, policy.backoff_max_s, policy.quota_s, policy.account_s, policy.net_s, policy.spool_retry_s
    )
