"""Asks the vendor what an account may do, where it says so: nobody's work waits long for that, nothing fails by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wanreel.domain.job import Account
from wanreel.ports.vendor import ListFailed, Quotas
from wanreel.telemetry import LIMITS_UNTOLD, log

EVERY_S = 3600.0
PATIENCE_S = 5.0  # the first jobs of a runner wait for the answer so long


@dataclass(frozen=True, slots=True)
class Teller:
    """One for each runner; `tell` hears what was said of an account."""

    quotas: Quotas
    accounts: Sequence[Account]
    tell: Callable[[Account, Mapping[str, int]], None]

    async def __call__(self) -> None:
        """Ask for every account, once."""
        for account in self.accounts:
            try:
                self.tell(account, await self.quotas.limits(account))
            except ListFailed as why:
                log.debug(LIMITS_UNTOLD, account=account.id, why=str(why))
