"""When the user's storage does not answer: which clips go to the spool, what must fit there, whom to alarm. Pure.

The spool is a bounded place on this machine. A clip goes there when the storage has failed for a while, or half of its
URL's life is over; from then on its URL may die. What is running or not archived yet may need the spool at any moment,
so new work is sent only as long as all of that would fit: then an outage of any length loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from wanreel.domain.job import Archiving, Generating, Job, Submitting, Unconfirmed
from wanreel.domain.policy import Policy
from wanreel.domain.request import Request
from wanreel.domain.runtimes import tier_of

LEFT_S = 120.0
"""A clip that lies in another machine's spool is left to that machine for so long after it is due. Then it may be gone,
and others try the clip's URL while that lives."""

ALARMS = (50, 80)  # per cent of a URL's life
_SIZE_OF_TIER = {"480P": 0.5, "720P": 1.0, "1080P": 2.0}  # against 720P; what is not named counts as the largest
_LONGEST_S = 15  # a clip of a length that was not said


@dataclass(frozen=True, slots=True)
class SpoolRoom:
    """How much lies in the spool, and what its disk has left. `bytes_max` 0: there is no spool."""

    bytes_max: int
    clips: int
    used_bytes: int
    free_bytes: int

    @property
    def left_bytes(self) -> int:
        """What it could take now."""
        return max(0, min(self.bytes_max - self.used_bytes, self.free_bytes))


def expected_bytes(request: Request, policy: Policy) -> int:
    """What a request's clip may take, at the most."""
    share = _SIZE_OF_TIER.get(tier_of(request.size, request.resolution), 2.0)
    return int(policy.clip_bytes_s * share * (request.duration_s or _LONGEST_S))


def stake_bytes(job: Job, policy: Policy) -> int | None:
    """What a job may yet ask of the spool: it is paid for, or about to be, and lies in no place of ours."""
    state = job.state
    under_way = isinstance(state, (Submitting, Unconfirmed, Generating))
    if under_way or (isinstance(state, Archiving) and state.spooled is None):
        return expected_bytes(job.request, policy)
    return None


def must_spool(state: Archiving, now: float, policy: Policy) -> bool:
    """Whether a clip is to go to the spool before the storage is tried again."""
    if state.spooled is not None or state.unspoolable:
        return False
    failed_s = 0.0 if state.failing_since is None else now - state.failing_since
    return failed_s >= policy.spool_after_s or life_used(state, now, policy) >= policy.spool_life


def life_used(state: Archiving, now: float, policy: Policy) -> float:
    """How much of its URL's life is over, from 0 to 1."""
    ends_at = state.outcome.url_expires_at
    began_at = ends_at - policy.retention_s if state.since is None else state.since
    if ends_at <= began_at:
        return 1.0
    return min(max((now - began_at) / (ends_at - began_at), 0.0), 1.0)


def alarm_due(state: Archiving, now: float, policy: Policy) -> int:
    """The highest share of its URL's life, in per cent, that somebody is to be alarmed about now; 0: about none."""
    if state.spooled is not None:
        return 0
    used = life_used(state, now, policy) * 100
    return max((share for share in ALARMS if state.alarmed < share <= used), default=0)
