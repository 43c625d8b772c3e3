"""Accounts, their keys and limits, and the token buckets that hold them to a rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from wanreel.emulator.chance import digest

_LIMITS = ("submit_rate", "running", "queued", "query_rate", "list_rate", "cancel_rate", "policy_rate")


@dataclass(frozen=True, slots=True)
class Account:
    """One main account in one region. ``keys`` empty: any key that begins with ``sk-`` belongs to it.

    Limits of None mean the model's own (catalog). ``rate_*`` are calls per second; 0 switches that limit off.
    """

    name: str = "default"
    keys: tuple[str, ...] = ()
    region: str = "cn-beijing"
    workspaces: tuple[str, ...] = ()
    submit_rate: float | None = None
    running: int | None = None
    queued: int | None = None
    query_rate: float = 20.0
    list_rate: float = 20.0
    cancel_rate: float = 20.0
    policy_rate: float = 100.0

    def __post_init__(self) -> None:
        for name in _LIMITS:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and 0 <= value < inf):
                raise ValueError(f"{name} of account {self.name!r} is a number from 0, not {value!r}")

    @property
    def uid(self) -> str:
        """The numeric id that list rows and events show."""
        return str(10**15 + int.from_bytes(digest("account", self.name)[:6], "big"))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call: the account and the key it came with."""

    account: Account
    key: str

    @property
    def key_id(self) -> str:
        """The key's public number (``api_key_id``), never the key itself."""
        return key_id(self.key)


def key_id(key: str) -> str:
    """A stable number for a key, as list rows and events show it."""
    return str(10**5 + int.from_bytes(digest("key", key)[:4], "big"))


class Doorkeeper:
    """Finds the account behind an Authorization header."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = {account.name: account for account in accounts}
        if not self.accounts:
            raise ValueError("an emulator needs at least one account")
        self._by_key = {key: account for account in self.accounts.values() for key in account.keys}
        self._open = next((account for account in self.accounts.values() if not account.keys), None)

    def identify(self, headers: Mapping[str, str]) -> Caller | str:
        """The caller, or the vendor's words for why there is none (both 401 InvalidApiKey)."""
        value = headers.get("authorization", "").strip()
        scheme, _, key = value.partition(" ")
        key = key.strip()
        if not value or scheme.lower() != "bearer" or not key:
            return "No API-key provided."
        account = self._by_key.get(key)
        if account is None and self._open is not None and key.startswith("sk-"):
            account = self._open
        return Caller(account, key) if account is not None else "Invalid API-key provided."


@dataclass(slots=True)
class Bucket:
    """A token bucket that holds one second's worth and starts full."""

    rate: float
    level: float = field(init=False)
    at: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self.level = self.rate

    def take(self, now: float) -> bool:
        """Take one token if there is one. A rate of 0 never refuses."""
        if self.rate <= 0:
            return True
        if now > self.at:
            self.level = min(max(self.rate, 1.0), self.level + (now - self.at) * self.rate)
            self.at = now
        if self.level < 1.0:
            return False
        self.level -= 1.0
        return True
