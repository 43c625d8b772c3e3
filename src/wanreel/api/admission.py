"""Letting callers in by their tokens: how often each may come, and how often somebody may guess."""

from __future__ import annotations

import math

from wanreel.api.caller import NOBODY, Caller
from wanreel.api.problems import Refusal
from wanreel.domain.access import READ, Token
from wanreel.ports.clock import Clock
from wanreel.service.passes import Pass, is_genuine, pass_of, read_pass
from wanreel.service.tokens import Tokens

GUESSES_PER_MINUTE = 30  # wrong tokens from one address
ADDRESSES_MAX = 10_000
BURST_S = 10.0  # how much of its rate a token may use at once


class Bucket:
    """So many a minute, evenly, with a burst (GCRA): one number is all it keeps."""

    def __init__(self, per_minute: int, burst_s: float) -> None:
        self._gap_s = 60.0 / per_minute
        self._burst_s = max(burst_s, self._gap_s)
        self._full_at = float("-inf")

    def take(self, now: float) -> float:
        """0 when one more is fine; otherwise the seconds to wait."""
        full_at = max(self._full_at, now)
        if full_at - now > self._burst_s - self._gap_s:
            return full_at - now - (self._burst_s - self._gap_s)
        self._full_at = full_at + self._gap_s
        return 0.0


class Admission:
    """Recognises callers. Without any tokens everybody on this machine is let in, whatever bearer is sent."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock
        self._rates: dict[str, tuple[int, Bucket]] = {}
        self._guesses: dict[str, Bucket] = {}

    async def admit(self, secret: str | None, address: str) -> Caller:
        """Who a secret stands for. Raises Refusal: no token, a wrong one, too many requests or guesses."""
        token = await self._known(secret, address)
        if token is None:
            return NOBODY
        self._count(token)
        return Caller(token.project, token.scopes, token.id, token.resend_s)

    async def greet(self, secret: str | None, address: str) -> None:
        """Let somebody on who is going to be admitted, before much is read of what they send; of one who is known it
        counts nothing. Raises Refusal: no token, a wrong one, too many guesses.
        """
        await self._known(secret, address)

    async def still(self, caller: Caller) -> None:
        """Whether somebody who was let in would be now: for whoever is told more as time goes by. Raises Refusal."""
        if caller.token:
            if await self._tokens.in_force(caller.token) is None:
                raise _unknown()
        elif await self._tokens.configured():
            raise _needed()

    async def _known(self, secret: str | None, address: str) -> Token | None:
        """The token of a secret; None where none are needed. Raises Refusal."""
        if not await self._tokens.configured():
            return None
        token = await self._tokens.recognise(secret) if secret else None
        if token is None:
            if secret:
                self._count_guess(address)
            raise _unknown() if secret else _needed()
        return token

    async def give_pass(self, caller: Caller, job_id: str, shows: str) -> Pass | None:
        """A pass for one view of a job that this caller may see. None where no tokens are needed, or this one has just
        been revoked.
        """
        token = await self._tokens.in_force(caller.token) if caller.token else None
        return None if token is None else pass_of(token, job_id, shows, self._clock.now())

    async def admit_pass(self, text: str, job_id: str, shows: str, address: str) -> Caller:
        """Who made out a pass for this view of this job, for looking alone. Raises Refusal: it is none, is over or was
        made out for something else; too many requests or guesses.
        """
        if not await self._tokens.configured():
            return NOBODY
        given = read_pass(text)
        token = await self._tokens.in_force(given.token) if given else None
        if given is None or token is None or not is_genuine(given, token, job_id, shows):
            self._count_guess(address)
            raise _over()
        if given.until <= self._clock.now() or not Caller(token.project, token.scopes).may(READ):
            raise _over()
        self._count(token)
        return Caller(token.project, (READ,), token.id)

    def _count(self, token: Token) -> None:
        if not token.per_minute:
            return
        known = self._rates.get(token.id)
        if known is None or known[0] != token.per_minute:
            known = self._rates[token.id] = (token.per_minute, Bucket(token.per_minute, BURST_S))
        wait_s = known[1].take(self._clock.now())
        if wait_s:
            raise _too_many(f"This token may ask {token.per_minute} times a minute.", wait_s)

    def _count_guess(self, address: str) -> None:
        if address not in self._guesses and len(self._guesses) >= ADDRESSES_MAX:
            self._guesses.clear()
        bucket = self._guesses.setdefault(address, Bucket(GUESSES_PER_MINUTE, 60.0))
        wait_s = bucket.take(self._clock.now())
        if wait_s:
            raise _too_many("Too many wrong tokens from this address.", wait_s)


def _unknown() -> Refusal:
    words = "This token is not known here, or no longer in force."
    return Refusal("unauthorized", words, headers={"WWW-Authenticate": "Bearer"})


def _needed() -> Refusal:
    return Refusal("unauthorized", "A token is needed.", headers={"WWW-Authenticate": "Bearer"})


def _over() -> Refusal:
    words = "This link is not known here, or no longer in force: ask for a new one."
    return Refusal("unauthorized", words, headers={"WWW-Authenticate": "Bearer"})


def _too_many(words: str, wait_s: float) -> Refusal:
    return Refusal("rate_limited", words, headers={"Retry-After": str(max(1, math.ceil(wait_s)))})
