"""Which of an account's keys is used: the first that is not refused. All refused is the account's trouble."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wanreel.domain.job import Account


class Keys:
    """The keys of all accounts, by what `keys_of` says just now. Limits count for an account over all its keys, so a
    second key is no more room; it is there for the day on which the first is taken back.
    """

    def __init__(self, keys_of: Callable[[Account], Sequence[str]]) -> None:
        self._keys_of = keys_of
        self._refused: set[tuple[str, str]] = set()

    def use(self, account: Account) -> str | None:
        """The key for the next call; None where there is none."""
        keys = self._keys_of(account)
        good = [key for key in keys if (account.base_url, key) not in self._refused]
        return next(iter(good or keys), None)

    def refuse(self, account: Account, key: str) -> bool:
        """The vendor does not take this key; whether there is another to try. After the last one all are tried anew:
        the account is parked then, and whoever mends one of them need not start us again.
        """
        self._refused.add((account.base_url, key))
        mine = {(account.base_url, other) for other in self._keys_of(account)}
        if mine <= self._refused:
            self._refused -= mine
            return False
        return True
