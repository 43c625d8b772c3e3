"""The accounts a home knows: where each is, which keys it has, how many tasks it may run, and who shares a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wanreel.domain.catalog import Catalog
from wanreel.domain.errors import NotFound
from wanreel.domain.event import ALL, SlotKey
from wanreel.domain.job import Account

SLOTS_UNKNOWN = 2  # where the vendor documents no limit; a 429 teaches better


@dataclass(frozen=True, slots=True)
class Known:
    """One account as it is set up. `slots` are the user's own figures by model; `ours_alone`: nobody else uses its
    keys. Never printed: it holds keys.
    """

    account: Account
    keys: tuple[str, ...] = field(default=(), repr=False)
    workspace: str | None = None
    slots: Mapping[str, int] = field(default_factory=dict[str, int])
    ours_alone: bool = False


class Accounts:
    """All of them; `main` is the one that orders are meant for where nothing else decides."""

    def __init__(self, known: Sequence[Known], catalog: Catalog, *, main: str, alone: bool = False) -> None:
        """`alone`: new jobs go to the main account and nowhere else."""
        self._known = {k.account.id: k for k in known}
        self._catalog = catalog
        self.main = self._known[main]
        self._alone = alone
        self._told: dict[SlotKey, int] = {}
        self._pools: dict[str, tuple[Account, ...]] = {}

    def all(self) -> tuple[Known, ...]:
        """Every account, as they were set up."""
        return tuple(self._known.values())

    def get(self, name: str) -> Known:
        """An account by its name. Raises NotFound."""
        if name not in self._known:
            raise NotFound(f"there is no account {name} here; known are {', '.join(self._known)}")
        return self._known[name]

    def known(self, wanted: Account) -> Known | None:
        """The account that a job belongs to, where this process has what it takes: its name and its address."""
        found = self._known.get(wanted.id)
        if found is not None and found.account.base_url == wanted.base_url:
            return found
        alone = [k for k in self._known.values() if k.account.base_url == wanted.base_url]
        # one account, perhaps named otherwise since: with several at an address only the name tells whose a job is
        return alone[0] if len(self._known) == 1 and alone else None

    def keys_of(self, wanted: Account) -> tuple[str, ...]:
        """Its keys, the first to be used first. A key goes only to the address it was set up for."""
        found = self.known(wanted)
        return () if found is None else found.keys

    def reaches(self, wanted: Account) -> bool:
        """Whether jobs of an account can be moved from here."""
        return bool(self.keys_of(wanted))

    def pool(self, region: str) -> tuple[Account, ...]:
        """The accounts of a region that have keys and share their work; the main one first."""
        if self._alone:
            return (self.main.account,)
        if region not in self._pools:
            mine = [k.account for k in self._known.values() if k.account.region == region and k.keys]
            self._pools[region] = tuple(sorted(mine, key=lambda account: account.id != self.main.account.id))
        return self._pools[region]

    def pools(self) -> tuple[tuple[Account, ...], ...]:
        """The accounts of each region that share their work, where there are several."""
        regions = dict.fromkeys(k.account.region for k in self._known.values())
        return tuple(pool for region in regions if len(pool := self.pool(region)) > 1)

    def tell(self, account: Account, limits: Mapping[str, int]) -> None:
        """What the vendor says of an account's limits: it counts where the user has set none."""
        self._told = {key: slots for key, slots in self._told.items() if key.account != account.id}
        self._told |= {SlotKey(account.id, model): slots for model, slots in limits.items() if slots > 0}

    def limit_of(self, key: SlotKey) -> int:
        """How many tasks of a key may run at once: the user's figure, else what the vendor told, else documents."""
        known = self._known.get(key.account, self.main)
        own = known.slots.get(key.model, known.slots.get(ALL))
        if own is not None:
            return own
        if key in self._told:
            return self._told[key]
        model = self._catalog.model(key.model)
        documented = model.limit(known.account.region) if model else None
        return documented.running_max if documented else SLOTS_UNKNOWN
