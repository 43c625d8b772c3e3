"""Short signed links: what a browser shows by an address alone, since `<video>` and `<img>` send no header.

A pass is for one view of one job, made out by a token for a while. It is signed with what is kept of the token, so that
nothing is stored for it, every process of a home knows it, and revoking the token ends it.
"""

from __future__ import annotations

import hmac
import math
import re
from dataclasses import dataclass

from wanreel.domain.access import Token

LIFE_S = 3600.0  # at least so long it holds
STEP_S = 1800.0  # passes asked for within this are the same, so that a browser can keep what it has loaded
_SHAPE = re.compile(r"([\w-]{1,64})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to look at one view of one job until an instant (seconds since the epoch). `proof` is its signature."""

    token: str
    until: int
    proof: str

    def __str__(self) -> str:
        return f"{self.token}.{self.until}.{self.proof}"


def pass_of(token: Token, job_id: str, shows: str, now: float) -> Pass:
    """A pass for what a token may see. Whether it may, the caller has looked at."""
    until = math.ceil((now + LIFE_S) / STEP_S) * int(STEP_S)
    return Pass(token.id, until, _proof(token, job_id, shows, until))


def read_pass(text: str) -> Pass | None:
    """A pass as it stands in an address; None for what is none."""
    found = _SHAPE.fullmatch(text)
    return None if found is None else Pass(found[1], int(found[2]), found[3])


def is_genuine(given: Pass, token: Token, job_id: str, shows: str) -> bool:
    """Whether this token made it out for this view of this job; it may be over all the same."""
    return hmac.compare_digest(given.proof, _proof(token, job_id, shows, given.until))


def _proof(token: Token, job_id: str, shows: str, until: int) -> str:
    text = f"wanreel look 1\n{token.id}\n{job_id}\n{shows}\n{until}"
    return hmac.digest(token.sha256.encode(), text.encode("utf-8", "surrogatepass"), "sha256").hex()
